"""Texts: a CSV file cell by cell as it is written, to change some of its cells and no others."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from isthmus.cli import files
from isthmus.writing import whole_file

FINE = 9
"""How many decimals numbers have that were written with a power of ten."""
DECIMALS = re.compile(r"[-+]?\d*\.?(\d*)")


@dataclass(frozen=True)
class Texts:
    """A CSV file as it is written.

    Attributes
    ----------
    cells
        Each cell's text.
    separator, names
        What parts cells, and the first line, if it has names.
    """

    cells: pd.DataFrame
    separator: str
    names: list[str] | None

    def filled(self, table: pd.DataFrame, holes: pd.DataFrame) -> "Texts":
        """Return the same with what a table holds in the place of ``holes``.

        The table is the file as `files.read` has it, whose row names may be its first column.
        """
        cells = self.cells.copy()
        first = cells.shape[1] - table.shape[1]
        for at in range(table.shape[1]):
            hole = holes.iloc[:, at].to_numpy() & table.iloc[:, at].notna().to_numpy()
            if hole.any():
                known = ~holes.iloc[:, at].to_numpy()
                texts = cells.iloc[:, first + at].to_numpy(dtype=object, copy=True)
                texts[hole] = _written(table.iloc[:, at], texts, hole, known)
                cells.isetitem(first + at, texts)
        return Texts(cells, self.separator, self.names)

    def beside(self, columns: pd.DataFrame) -> "Texts":
        """Return the same with more columns behind."""
        more = columns.set_axis(range(len(columns))).astype(str)
        names = None if self.names is None else [*self.names, *map(str, columns.columns)]
        return Texts(pd.concat([self.cells, more], axis=1), self.separator, names)

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        header: Any = self.names if self.names is not None else False
        with whole_file(path) as file:
            self.cells.to_csv(file, sep=self.separator, header=header, index=False, mode="wb")


def of_both(source: Path, out: Path) -> Texts | None:
    """Return what ``source`` holds as it is written, where both are CSV files, else None."""
    both = all(each.suffix.lower() == ".csv" for each in (source, out))
    return read(source) if both else None


def read(path: Path) -> Texts:
    """Read a CSV file that `files.read` could read."""
    separator, names = files.layout(path)
    cells = pd.read_csv(
        path,
        sep=separator,
        header=None if names is None else 0,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        index_col=False,
        encoding="utf-8-sig",
    )
    return Texts(cells, separator, names)


def _written(column: pd.Series, texts: Any, hole: Any, known: Any) -> list[str]:
    """Return values as the file writes its own: as it is, or with as many decimals."""
    values: Any = column
    if pd.api.types.is_bool_dtype(values) or not (
        pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)
    ):
        own = dict(zip(values[known].tolist(), texts[known], strict=True))
        return [own.get(value, str(value)) for value in values[hole].tolist()]
    if pd.api.types.is_datetime64_any_dtype(values):
        form = "%Y-%m-%d" if all(len(text) == 10 for text in texts[known]) else "%Y-%m-%d %H:%M:%S"
        return list(values[hole].dt.strftime(form))
    decimals = max((len(_fraction(text)) for text in texts[known]), default=6)
    return [f"{value:.{decimals}f}" for value in values[hole].astype(float).tolist()]


def _fraction(text: str) -> str:
    """Return the digits after the point.

    Examples
    --------
    >>> _fraction("12.50"), _fraction("7")
    ('50', '')
    """
    if "e" in text.lower():
        return "0" * FINE
    found = DECIMALS.match(text.strip())
    return found[1] if found and "." in text else ""
