"""Streams: commands on folders that may be larger than memory, read a part at a time."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from isthmus.cli import columns, jobs, opening
from isthmus.cli.columns import Data
from isthmus.cli.screen import Answer
from isthmus.estimator import BaseAutoencoder
from isthmus.shard_files import holds_tables
from isthmus.shards import Shards
from isthmus.writing import check_empty


def at(path: Path) -> bool:
    """Return whether there is a folder of Parquet or NPY files, to be read in shards."""
    return path.is_dir() and holds_tables(path)


def are_many(path: Path) -> bool:
    """Return whether there is a folder to be learnt from in shards.

    It holds tables, or more pictures or sounds than tell what they are.
    """
    if not path.is_dir() or at(path):
        return path.is_dir()
    shards = Shards(path)
    return len(shards) > shards.most


def to_learn_from(
    path: Path,
    label: str | None,
    drop: Sequence[str],
    condition: Sequence[str],
    text: str | None = None,
) -> tuple[Shards, Data]:
    """Return the shards to train on, of the columns to train on, and some rows of them to show.

    Raises
    ------
    typer.BadParameter
        If texts are asked for: the tokens that they are written in are learned from all at once.
    """
    if text:
        raise typer.BadParameter(
            f"{path} is read a part at a time, and texts are learnt from one file: a .txt file of "
            "one text a line, or a CSV or Parquet file.",
            param_hint="--text",
        )
    shards = Shards(path)
    some = columns.to_learn_from(shards.some(), str(path), label, drop, condition)
    if isinstance(some.X, pd.DataFrame):
        shards = Shards(path, columns=[*some.X.columns, *condition])
    return shards, some


def opened(model: Path, path: Path, out: Path | None, *, figures: bool = False) -> BaseAutoencoder:
    """Load a model, and check that what it makes of the data at ``path`` can go to ``out``."""
    if not at(path):
        return jobs.opened(model, out, figures=figures)
    check_folder(path, out)
    return opening.model(model)


def check_folder(path: Path, out: Path | None) -> None:
    """Raise an error where what is made of the folder ``path`` can't go to ``out``, in parts."""
    if out is None or out.suffix:
        raise typer.BadParameter(
            f"{path} is read a part at a time, and so is what is made of it written: name a "
            "folder.",
            param_hint="--out",
        )
    check_empty(out)
    if out.resolve().is_relative_to(path.resolve()):
        raise typer.BadParameter(
            f"{out} lies in {path}, whose files would then be of two kinds: name a folder "
            "elsewhere.",
            param_hint="--out",
        )
    opening.check_room(out)


def each(
    model: BaseAutoencoder, path: Path, out: Path | None, function: Callable[[Data], Any]
) -> Answer:
    """Write what ``function`` makes of a folder's rows, shard by shard."""
    shards = Shards(path)
    jobs.known_to(model, shards.read(0), path)  # what is left out is told once
    made = shards.map(lambda rows: function(columns.known_to(model, rows, str(path))), out)
    return jobs.told("Wrote", {"out": out, "rows": len(made), "files": len(made.shards)})
