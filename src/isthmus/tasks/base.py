"""Task: what a model is for, as an estimator round it, that can be put to disk and read back."""

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sklearn.base import BaseEstimator, clone
from torch import Tensor

from isthmus.adapters import Adapter
from isthmus.catalogue import PARTS, UNFIT
from isthmus.catalogue import load as load_model
from isthmus.errors import CompositionError, FormulaError, ModelFileError
from isthmus.estimator import BaseAutoencoder
from isthmus.formula import read
from isthmus.part import Part
from isthmus.randomness import seeded
from isthmus.writing import whole_folder

FORMAT = 1
ABOUT, TENSORS, MEMBERS = "task.json", "task.safetensors", "members"


class Document(BaseModel):
    """What ``task.json`` holds."""

    model_config = ConfigDict(extra="forbid")
    format: Literal[1]
    isthmus: str
    task: str
    parameters: dict[str, Any]
    facts: dict[str, Any]
    members: int


@dataclass(frozen=True)
class Kept:
    """What a fitted task has learned.

    Attributes
    ----------
    models
        Fitted models; each goes to a folder of its own.
    facts
        Plain data, as JSON has them.
    tensors
        Everything that is numbers by the thousand.
    """

    models: list[Any]
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    tensors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])


class Task(BaseEstimator):
    """A use of models, with scikit-learn's face.

    Its constructor takes a model as a template, or None for the one that suits; what it learns
    is told by `kept` and taken over by `take`, so that `save` and `isthmus.load` need no pickle.

    Attributes
    ----------
    parts
        Classes beside Isthmus's own parts that its parameters may print.
    """

    parts: ClassVar[tuple[type, ...]] = ()

    @abstractmethod
    def kept(self) -> Kept:
        """Return what was learned.

        Raises
        ------
        NotFittedError
            If nothing was.
        """

    @abstractmethod
    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned; a `ValueError` where it doesn't belong together."""

    def save(self, folder: str | Path) -> None:
        """Write the task to a folder: readable JSON and safetensors, whole or not at all.

        `isthmus.load` reads it. The task that may be in the folder is replaced.

        Raises
        ------
        ModelFileError
            If something else than a task is there.
        UnwritableError
            If it can't be written; what was there is then as it was.
        """
        kept, place = self.kept(), Path(folder).resolve()
        _check_free(place)
        about = {
            "format": FORMAT,
            "isthmus": version("isthmus"),
            "task": type(self).__name__,
            "parameters": {name: _plain(each) for name, each in self.get_params(False).items()},
            "facts": kept.facts,
            "members": len(kept.models),
        }
        text = json.dumps(about, indent=2, ensure_ascii=False)
        with whole_folder(place) as made:
            (made / ABOUT).write_text(text + "\n", encoding="utf-8")
            whole = {name: each.detach().cpu().contiguous() for name, each in kept.tensors.items()}
            save_file(whole, made / TENSORS)
            (made / TENSORS).chmod((made / ABOUT).stat().st_mode)
            for number, model in enumerate(kept.models):
                model.save(made / MEMBERS / f"{number:02}")


def trained(model: Any, X: Any, y: Any, seed: int, example: str) -> BaseAutoencoder:
    """Return the model as it is if it is fitted, else a copy of it that has learned.

    Raises
    ------
    CompositionError
        If it is no model; ``example`` is one that would do.
    """
    if not isinstance(model, BaseAutoencoder):
        raise CompositionError(
            f"model={model!r} was given; expected a model of Isthmus, such as {example}, or None."
        )
    if hasattr(model, "codec_"):
        return model
    made: Any = clone(model)
    if made.random_state is None:
        made.random_state = seed
    return made.fit(X, y)


def restored(
    folder: Path, tasks: Mapping[str, type[Task]], parts: tuple[type, ...], device: str
) -> Task:
    """Read a task's folder; ``tasks`` are those that there are, ``parts`` the user's own.

    Raises
    ------
    ModelFileError
        If it is damaged, foreign, or of a format that this version can't read.
    """
    try:
        about = Document.model_validate_json((folder / ABOUT).read_text(encoding="utf-8"))
        tensors = load_file(folder / TENSORS)
        if about.task not in tasks:
            raise FormulaError(f"{about.task!r} is no task; there are {', '.join(tasks)}")
        cls = tasks[about.task]
        known = {**PARTS, **{each.__name__: each for each in (*cls.parts, *parts)}}
        given = {name: _valued(each, known) for name, each in about.parameters.items()}
        places = [folder / MEMBERS / f"{number:02}" for number in range(about.members)]
        models = [load_model(each, parts=parts, device=device) for each in places]
        with seeded(0):  # networks are made with weights drawn at random, and then given theirs
            return cls(**given).take(Kept(models, about.facts, tensors))
    except ModelFileError:
        raise
    except (*UNFIT, OSError, SafetensorError) as error:
        raise ModelFileError(
            f"{folder} can't be read as a task: {error}. It may be damaged, or of another version "
            "of Isthmus: copy it again, or fit it again."
        ) from error


def is_task(folder: Path) -> bool:
    """Whether ``folder`` holds a task, of whatever format."""
    return (folder / ABOUT).is_file()


def _check_free(folder: Path) -> None:
    others = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if others and not is_task(folder):
        raise ModelFileError(
            f"{folder} exists and holds something else than a task; nothing was written. Name "
            "another folder, or move that away."
        )


def _plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it.

    A template isn't kept: what it was is told by the fitted models. Nor is a random state, but
    by the seed that it gave.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Part | Adapter):
        return {"part": repr(value)}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, BaseAutoencoder | np.random.RandomState):
        return None
    raise TypeError(f"{value!r} can't be written down: give plain data, or a part.")


def _valued(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return read(str(value["part"]), known)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list):
        return tuple(_valued(each, known) for each in value)  # pyright: ignore[reportUnknownVariableType]
    return value
