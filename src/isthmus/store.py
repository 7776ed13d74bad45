"""Store: a model as a folder of readable JSON and safetensors, whole or not at all.

``model.json`` says what the model is, ``weights.safetensors`` holds its tensors. Neither
can run anything when it is read.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from isthmus.adapters import Adapter
from isthmus.errors import ModelFileError
from isthmus.part import Part
from isthmus.writing import whole_folder

FORMAT = 1
ABOUT, WEIGHTS, REPORT = "model.json", "weights.safetensors", "report.html"


class AdapterDocument(BaseModel):
    """What stands between the user's data and the networks."""

    model_config = ConfigDict(extra="forbid")
    name: str
    parameters: dict[str, Any]
    facts: dict[str, Any]


class PaceDocument(BaseModel):
    """How many rows a step took, and how far it went."""

    model_config = ConfigDict(extra="forbid")
    batch_size: int
    learning_rate: float


class HistoryDocument(BaseModel):
    """The epochs."""

    model_config = ConfigDict(extra="forbid")
    rows: list[dict[str, float]]
    best: int
    before: list["HistoryDocument"] = []


class Document(BaseModel):
    """What ``model.json`` holds."""

    model_config = ConfigDict(extra="forbid")
    format: Literal[1]
    isthmus: str
    family: str
    equation: str
    parameters: dict[str, Any]
    space: str
    adapter: AdapterDocument
    condition: list[dict[str, Any]] | None = None
    seed: int
    pace: PaceDocument | None = None
    history: HistoryDocument


def save(folder: Path, document: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Write a model to ``folder``, in place of the model that may be there.

    Raises
    ------
    ModelFileError
        If something else is there.
    UnwritableError
        If it can't be written; then nothing has changed.
    """
    folder = folder.resolve()
    check_free(folder)
    parameters = json.loads(json.dumps(document["parameters"], default=_written))
    about = {"format": FORMAT, "isthmus": version("isthmus"), **document, "parameters": parameters}
    text = json.dumps(about, indent=2, ensure_ascii=False)
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with whole_folder(folder) as made:
        (made / ABOUT).write_text(text + "\n", encoding="utf-8")
        save_file(whole, made / WEIGHTS)
        (made / WEIGHTS).chmod((made / ABOUT).stat().st_mode)  # safetensors lets the owner alone in


def _written(value: Any) -> Any:
    """Return as JSON can hold it a parameter that is no plain data: a part as it prints."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Part | Adapter):
        return {"part": repr(value)}
    return None  # a random state can't be written down; the seed that it gave is


def load(folder: Path) -> tuple[Document, dict[str, Tensor]]:
    """Read a model folder: what it is, and its tensors on the CPU.

    Raises
    ------
    ModelFileError
        If it is missing, damaged, foreign, or of a format that this version can't read.
    """
    if not (folder / ABOUT).is_file():
        raise ModelFileError(
            f"{folder} is no model folder: it has no {ABOUT}. Name one that "
            "save() or `isthmus fit` wrote."
        )
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("format", FORMAT) != FORMAT:  # pyright: ignore[reportUnknownMemberType]
            raise ModelFileError(
                f"{folder} has format {found['format']!r}; this version of Isthmus reads format "
                f"{FORMAT}. Install the version that wrote it: {found.get('isthmus')!r}."  # pyright: ignore[reportUnknownMemberType]
            )
        return Document.model_validate(found), load_file(folder / WEIGHTS)
    except (OSError, ValueError, RecursionError, SafetensorError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(
            f"{folder} can't be read as a model: {error}. It may be damaged: copy it again, or "
            "fit it again."
        ) from error


def check_free(folder: Path) -> None:
    """Raise `ModelFileError` if a model can't go to ``folder``: something else is there."""
    if not folder.exists():
        return
    others = [each.name for each in folder.iterdir()] if folder.is_dir() else [folder.name]
    if _is_model(folder):
        others = sorted(set(others) - {ABOUT, WEIGHTS, REPORT})
    if others:
        raise ModelFileError(
            f"{folder} exists and holds something else than a model ({', '.join(others[:3])}); "
            "nothing was written. Name another folder, or move that away."
        )


def _is_model(folder: Path) -> bool:
    """Whether ``folder`` holds a model of ours, of whatever format."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(about, dict) and {"format", "isthmus"} <= set(about)  # pyright: ignore[reportUnknownArgumentType]
