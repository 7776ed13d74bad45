"""Service: what ``serve`` and ``export`` do."""

from pathlib import Path
from typing import Any

import typer

from isthmus.cli import opening, screen
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
    told = export_onnx(model, out)
    shown = {f"{name}.onnx": _signature(about) for name, about in told.items()}
    return Answer({"onnx": out, **told}, [screen.facts("Exported", shown), f"onnx: {out}"])


def _signature(network: dict[str, Any]) -> str:
    """Return what goes in and what comes out of a network, in a line."""
    inputs, outputs = (", ".join(map(_tensor, network[way])) for way in ("inputs", "outputs"))
    return f"{inputs} → {outputs}"


def _tensor(about: dict[str, Any]) -> str:
    sides = ", ".join(map(str, about["shape"]))
    return f"{about['name']} ({sides}) {about['dtype']}"
