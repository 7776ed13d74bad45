"""Picture labels: what the pictures of a folder are, by the folders in it or by a table."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from isthmus.adapters import Files
from isthmus.cli import files
from isthmus.errors import DataError

FOLDER = "folder"
NAMED = 3
"""How many pictures an error names."""


def labels_of(pictures: Files, label: str, root: Path) -> np.ndarray:
    """Return a label for each picture that is somewhere in the folder ``root``.

    Parameters
    ----------
    label
        ``folder``: the name of the folder that the picture lies in. ``TABLE.csv:COLUMN``: a
        column of a table whose first column names the files, with the folders under ``root`` or
        without them.

    Raises
    ------
    DataError
        If it is neither, or the table lacks the column or a picture, or it isn't clear which.
    """
    if label == FOLDER:
        return np.array([path.parent.name for path in pictures.paths])
    place, _, column = label.rpartition(":")
    if not place:
        raise DataError(
            f"--label {label!r} was given; for pictures, expected {FOLDER!r}, for the name of the "
            "folder that each lies in, or TABLE.csv:COLUMN, for a column of a table whose first "
            "column names the files."
        )
    names = [path.relative_to(root).as_posix() for path in pictures.paths]
    return _looked_up(names, _column(Path(place), column), place)


def _column(place: Path, column: str) -> dict[str, object]:
    """Return what a column of a table says of each file that its first column names."""
    table = files.read(place)
    if not isinstance(table, pd.DataFrame) or column not in table.columns[1:]:
        there = ", ".join(table.columns[1:]) if isinstance(table, pd.DataFrame) else "no columns"
        raise DataError(
            f"--label {place}:{column} was given; {place} has no column {column!r} after the one "
            f"that names files; it has {there or 'none'}."
        )
    names = table.iloc[:, 0].astype(str)
    if (twice := names[names.duplicated()]).size:
        raise DataError(
            f"{place} has several rows for {twice.iloc[0]}; expected one for each file."
        )
    return dict(zip(names, table[column], strict=True))


def _looked_up(names: Sequence[str], known: dict[str, object], place: str) -> np.ndarray:
    found = [name if name in known else name.rpartition("/")[2] for name in names]
    if missing := [name for name, key in zip(names, found, strict=True) if key not in known]:
        more = "" if len(missing) <= NAMED else f" and {len(missing) - NAMED} more"
        raise DataError(
            f"{place} has no row for {len(missing)} of {len(names)} pictures: "
            f"{', '.join(missing[:NAMED])}{more}. Its first column is to name each file."
        )
    if len(set(found)) < len(found):
        key, many = Counter(found).most_common(1)[0]
        raise DataError(
            f"{place} has one row for {key}, and {many} pictures are called so; expected them to "
            "be named with their folders."
        )
    return np.array([known[key] for key in found])
