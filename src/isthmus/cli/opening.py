"""Opening: models and tasks read from their folders, each where it is expected."""

from pathlib import Path
from typing import TypeVar

from isthmus.catalogue import load as load_model
from isthmus.cli import jobs
from isthmus.errors import DataError, ModelFileError
from isthmus.estimator import BaseAutoencoder
from isthmus.tasks.base import Task, is_task
from isthmus.tasks.loading import load

AnyTask = TypeVar("AnyTask", bound=Task)

COMMANDS = {"AnomalyDetector": "detect", "Imputer": "impute", "Generator": "synthesize"}
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


def check_free(folder: Path | None) -> None:
    """Raise an error if no task could be written to ``folder``, before any work is done."""
    if folder is None:
        return
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if taken and not is_task(folder):
        raise DataError(
            f"{folder} exists and holds something else than a detector, an imputer or a generator; "
            "nothing was done. Name another folder with --save, or move that away."
        )
    jobs.check_room(folder)


def _a(name: str) -> str:
    return f"a{'n' if name[0] in 'AEIOU' else ''} {name}"
