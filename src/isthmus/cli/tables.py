"""Tables: what the commands say and ask of tables whose columns are of many kinds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from sklearn.base import clone

from isthmus.adapters import Tables
from isthmus.adapters.kinds import FITS
from isthmus.cli import files, screen
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder


def say_kinds(model: BaseAutoencoder, X: files.Readable, texts: Sequence[str]) -> None:
    """Tell a model, before it is fitted, what ``COLUMN=KIND`` texts say of its columns.

    Raises
    ------
    typer.BadParameter
        If a text is no such pair, or there are no columns.
    """
    if not texts:
        return
    said: dict[str, Any] = {}
    for text in texts:
        name, _, kind = text.rpartition("=")
        if not name or kind not in FITS or not isinstance(X, pd.DataFrame):
            raise typer.BadParameter(
                f"{text!r} was given; expected COLUMN=KIND for a column of a table, with one of "
                f"{', '.join(FITS)}.",
                param_hint="--kind",
            )
        said[name] = kind
    adapter: Any = clone(model.adapter) if isinstance(model.adapter, Tables) else Tables()
    if model.adapter is not None and not isinstance(model.adapter, Tables):
        raise typer.BadParameter("it goes with --adapter Tables(), or none.", param_hint="--kind")
    adapter.kinds = {**(adapter.kinds or {}), **said}
    model.adapter = adapter


def told(adapter: Tables, X: pd.DataFrame) -> None:
    """Fit an adapter to a table, and tell what its columns were taken for.

    Raises
    ------
    DataError
        If it can't be learnt from.
    """
    try:
        found = adapter.fit(X).describe()
    except DataError as error:
        raise DataError(
            f"{error} Here --drop COLUMN leaves a column out, --kind COLUMN=KIND says what it is, "
            "and --text COLUMN learns from a column of texts alone."
        ) from error
    rows = [[*each[:3], f"{each[3]:.1%}", each[4]] for each in found.to_numpy().tolist()]
    screen.told(screen.preview("What the columns were taken for", list(found.columns), rows))


def check_writable(model: BaseAutoencoder, out: Path | None) -> None:
    """Raise `typer.BadParameter` if the rows that a model makes don't go into such a file."""
    if isinstance(model.adapter_, Tables) and out and out.suffix.lower() in files.ARRAYS:
        raise typer.BadParameter(
            f"{out} would hold numbers alone, and the model makes rows of columns of many kinds: "
            "name a .csv or .parquet file.",
            param_hint="--out",
        )
