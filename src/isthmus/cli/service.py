"""Service: what ``serve`` and ``export`` do."""

from pathlib import Path
from typing import Any

import typer

from isthmus.cli import jobs, opening, screen
from isthmus.cli.screen import Answer
from isthmus.errors import CompositionError
from isthmus.export import export_onnx
from isthmus.serving import Limits
from isthmus.tasks.loading import load


def serve(folder: Path, host: str, port: int, given: dict[str, Any]) -> Answer:
    """Serve what is in a folder, until it is stopped."""
    from isthmus import serving

    try:
        limits = Limits(**given)
    except CompositionError as error:
        raise typer.BadParameter(str(error)) from error
    listen = serving.serve  # what is not installed is said before a model is read
    served = load(folder)

    def announce(address: str) -> None:
        screen.note(f"Serving {folder} at {address}; {address}/docs tells how to ask.", style="")

    listen(served, host=host, port=port, limits=limits, announce=announce)
    return Answer({"served": folder}, [f"Stopped serving {folder}."])


def export(folder: Path, out: Path) -> Answer:
    """Write the model in a folder as ONNX files."""
    model = opening.model(folder)
    return jobs.told("Exported", {"onnx": out, **export_onnx(model, out)})
