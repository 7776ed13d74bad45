"""Opening: models and tasks read from their folders, each where it is expected."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import typer

from isthmus import writing
from isthmus.catalogue import load as load_model
from isthmus.cli import files
from isthmus.errors import DataError, ModelFileError
from isthmus.estimator import BaseAutoencoder
from isthmus.tasks.base import Task, is_task
from isthmus.tasks.loading import load

AnyTask = TypeVar("AnyTask", bound=Task)

PAGES = (".html", ".htm")
COMMANDS = {
    "Atlas": "map",
    "AnomalyDetector": "detect",
    "SeriesDetector": "detect-series",
    "Imputer": "impute",
    "Generator": "synthesize",
    "Denoiser": "denoise",
    "Inpainter": "inpaint",
}
"""What command makes each task, and works with it."""


def model(folder: Path) -> BaseAutoencoder:
    """Return the model in a folder.

    Raises
    ------
    ModelFileError
        If it is a task's, or can't be read.
    """
    if not is_task(folder):
        return load_model(folder)
    name = type(load(folder)).__name__
    command = COMMANDS.get(name)
    use = f" `isthmus {command} ... -m {folder}` works with it." if command else ""
    raise ModelFileError(
        f"{folder} holds {_a(name)}; expected a model, which isthmus fit writes.{use}"
    )


def task(folder: Path, cls: type[AnyTask]) -> AnyTask:
    """Return the task in a folder.

    Raises
    ------
    ModelFileError
        If it is a model's or another task's, or can't be read.
    """
    found = load(folder)
    if isinstance(found, cls):
        return found
    command = COMMANDS[cls.__name__]
    raise ModelFileError(
        f"{folder} holds {_a(type(found).__name__)}; expected {_a(cls.__name__)}, which "
        f"`isthmus {command} DATA --save {cls.__name__.lower()}` writes."
    )


@dataclass(frozen=True)
class Places:
    """Where results go: a table, what was learnt, and a page; None: nowhere."""

    out: Path | None = None
    save: Path | None = None
    report: Path | None = None

    def checked(self, kind: files.Kind) -> Self:
        """Return them, or raise an error if one won't do, before any work is done."""
        try:
            if self.out is not None:
                files.check_writable(self.out, kind)
                check_room(self.out)
        except DataError as error:
            raise typer.BadParameter(str(error), param_hint="--out") from error
        check_free(self.save)
        if self.report is not None:
            check_page(self.report, "--report")
        return self

    @property
    def written(self) -> dict[str, Path]:
        """Those that there are, by name."""
        named = {"out": self.out, "saved": self.save, "report": self.report}
        return {name: path for name, path in named.items() if path is not None}


def lines(places: Places) -> list[str]:
    """Return a line for each, to copy."""
    return [f"{name}: {path}" for name, path in places.written.items()]


def check_page(page: Path, hint: str) -> None:
    """Raise an error if no page could be written there."""
    if page.is_dir() or page.suffix.lower() not in PAGES:
        what = "is a folder" if page.is_dir() else "is no page"
        raise typer.BadParameter(
            f"{page} {what}; expected a file ending in .html.", param_hint=hint
        )
    check_room(page)


def check_alone(model: Path | None, given: dict[str, Any]) -> None:
    """Raise `typer.BadParameter` where what is saved is used, and told how to be learnt."""
    told = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if model is not None and told:
        raise typer.BadParameter(
            f"{', '.join(told)} {'says' if len(told) == 1 else 'say'} how to learn, and {model} "
            "has learnt. Leave one of them out.",
            param_hint="--model",
        )


def check_free(folder: Path | None) -> None:
    """Raise an error if no task could be written to ``folder``, before any work is done."""
    if folder is None:
        return
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if taken and not is_task(folder):
        raise DataError(
            f"{folder} exists and holds something else than what --save keeps of a task; "
            "nothing was done. Name another folder with --save, or move that away."
        )
    check_room(folder)


def check_room(path: Path) -> None:
    """Raise `UnwritableError` if nothing can be written at ``path``; make no folder there yet."""
    missing = [each for each in path.parents if not each.exists()]
    try:
        writing.check_writable(path)
    finally:
        for each in missing:
            with suppress(OSError):
                each.rmdir()


def _a(name: str) -> str:
    return f"a{'n' if name[0] in 'AEIOU' else ''} {name}"
