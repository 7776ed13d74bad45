"""Rows: tables that tasks work on, whole as they came and as a model takes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import typer

from isthmus.adapters import Adapter, Tables, adapter_for
from isthmus.adapters.kinds import FITS
from isthmus.cli import columns, files, screen, tables
from isthmus.errors import DataError, FormulaError
from isthmus.estimator import BaseAutoencoder


def read(path: Path, missing: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table: a CSV or Parquet file, or an array ``(n, columns)``.

    Raises
    ------
    DataError
        If it is none, or can't be read.
    """
    return table(files.read(path, missing), path)


def table(found: files.Readable, path: Path) -> pd.DataFrame:
    """Return what was found at ``path`` as a table.

    Raises
    ------
    DataError
        If it is none.
    """
    if isinstance(found, np.ndarray) and found.ndim == 2:
        return pd.DataFrame(found, columns=[str(at) for at in range(found.shape[1])])
    if not isinstance(found, pd.DataFrame):
        what = "an array of more than rows and columns"
        raise DataError(
            f"{path} holds {what if isinstance(found, np.ndarray) else 'pictures'}; expected a "
            "table, which is what this command works on: a CSV or Parquet file, or a NPY file of "
            "shape (n, columns)."
        )
    return found


@dataclass(frozen=True)
class Chosen:
    """A table, and what was said of its columns.

    Attributes
    ----------
    table, source
        All of it, and where it is from.
    label
        A column not to learn from, to colour by.
    drop
        Columns not to learn from.
    kinds
        ``COLUMN=KIND`` texts.
    missing
        What stands for holes.
    """

    table: pd.DataFrame
    source: str
    label: str | None = None
    drop: Sequence[str] = ()
    kinds: Sequence[str] = ()
    missing: Sequence[str] = ()

    @property
    def labels(self) -> np.ndarray | None:
        """The labels of the rows, if there are any."""
        return columns.labels_of(self.table, self.label, self.source)

    def at(self, numbers: Sequence[int]) -> Self:
        """Return some of the rows, by number: their names, where these are numbers too."""
        names = self.table.index
        if names.dtype.kind != "i" or not names.is_unique:
            names = pd.RangeIndex(len(self.table))
        places = names.get_indexer(pd.Index(numbers))
        if (places < 0).any():
            raise DataError(
                f"Row {numbers[int(places.argmin())]} of {self.source} was asked for; it has rows "
                f"{names[0]} to {names[-1]}."
            )
        return replace(self, table=self.table.iloc[places])

    def to_learn_from(self) -> pd.DataFrame:
        """Return the columns to learn from, each of the kind that was said, and tell what they are.

        Raises
        ------
        DataError
            If a column is not there, or can't be learnt from.
        typer.BadParameter
            If a kind is none.
        """
        kept: Any = columns.to_learn_from(self.table, self.source, self.label, self.drop).X
        X = _as_said(kept, self.kinds)
        adapter = adapter_for(X)
        if isinstance(adapter, Tables) and len(X) > 1:
            tables.told(adapter, X)
        return X

    def known_to(self, adapter: Adapter, *, told: bool = True) -> pd.DataFrame:
        """Return the columns that a task was fitted to; others are told of, and left out.

        Raises
        ------
        DataError
            If some are missing.
        """
        own: Any = adapter
        names = [str(name) for name in own.columns_]
        beside = [] if self.label is None else [self.label]
        found = columns.by_name(self.table, names, beside, self.source)
        if found.left_out and told:
            screen.note(
                "Left out, since they were not there when it was fitted: "
                f"{', '.join(found.left_out)}"
            )
        assert isinstance(found.X, pd.DataFrame)
        return found.X


def whole(X: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns of whole numbers are such although they have holes."""
    table: Any = X.copy()
    for name in table.select_dtypes("float").columns:
        known = table[name].dropna()
        if len(known) and (known == known.round()).all() and (known.abs() < 2**53).all():
            table[name] = table[name].astype("Int64")
    return table


def network(text: str | None) -> BaseAutoencoder | None:
    """Read a model as it is written in Python, such as ``VAE(latent_dim=4)``.

    Raises
    ------
    typer.BadParameter
        If it is none.
    """
    if text is None:
        return None
    from isthmus.catalogue import FAMILIES, PARTS
    from isthmus.formula import read

    try:
        found = read(text, {**FAMILIES, **PARTS})
    except FormulaError as error:
        raise typer.BadParameter(str(error), param_hint="--network") from error
    if not isinstance(found, BaseAutoencoder):
        raise typer.BadParameter(
            f"{text!r} was given; expected a family with its fields, such as 'VAE(latent_dim=4)'.",
            param_hint="--network",
        )
    return found


def _as_said(X: pd.DataFrame, texts: Sequence[str]) -> pd.DataFrame:
    """Return a table whose columns have the dtypes of the kinds that ``COLUMN=KIND`` texts say."""
    table: Any = X.copy()
    for text in texts:
        name, _, kind = text.rpartition("=")
        if not name or kind not in FITS:
            raise typer.BadParameter(
                f"{text!r} was given; expected COLUMN=KIND, with one of {', '.join(FITS)}.",
                param_hint="--kind",
            )
        if name not in table.columns:
            raise DataError(
                f"--kind names {name!r}, which is no column; there are {', '.join(X.columns[:20])}."
            )
        try:
            table[name] = _cast(table[name], kind)
        except (ValueError, TypeError) as error:
            raise DataError(f"The column {name!r} can't be a {kind}: {error}.") from error
    return table


def _cast(column: Any, kind: str) -> Any:
    if kind == "date":
        return pd.to_datetime(column)
    if kind in ("number", "count"):
        numbers: Any = pd.to_numeric(column)
        return numbers.astype("Int64" if kind == "count" else "float64")
    return column.astype("category" if kind == "category" else "boolean")
