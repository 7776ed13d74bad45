"""Labels: which columns of a table are meant, by what they are called."""

from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.errors import DataError

NAMED = 20
"""How many columns an error names."""


def kept(frame: Any, drop: Sequence[Any], kinds: Mapping[Any, str]) -> dict[Any, str]:
    """Return the columns to learn from, each label with what it is called.

    Raises
    ------
    DataError
        If ``drop`` or ``kinds`` names no column, or none is left.
    """
    every = {str(each): each for each in _labels(frame)}
    for what, names in (("drop", drop), ("kinds", kinds)):
        if missing := [str(each) for each in names if str(each) not in every]:
            raise DataError(
                f"{what} names {missing[0]!r}, which is no column; there are "
                f"{_listed(list(every))}."
            )
    dropped = {str(each) for each in drop}
    left = {label: name for name, label in every.items() if name not in dropped}
    if not left:
        raise DataError("No column is left to learn from: drop fewer of them.")
    return left


def found(frame: Any, columns: list[str], drop: Sequence[Any]) -> dict[str, Any]:
    """Return the label of each fitted column in a frame that was given later.

    Raises
    ------
    DataError
        If columns are missing, or new.
    """
    every = {str(each): each for each in _labels(frame)}
    missing = [name for name in columns if name not in every]
    new = [name for name in every if name not in {*columns, *map(str, drop)}]
    if missing or new:
        lacks = [f"lacks {_listed(missing)}"] if missing else []
        has = [f"has {_listed(new)} beside"] if new else []
        raise DataError(
            f"The table {' and '.join([*lacks, *has])}. {expected(columns)} Select or rename "
            "them, or fit a model to the columns of now."
        )
    return every


def column(frame: Any, label: Any) -> Any:
    """Return a column, as a series of narwhals; pandas may number its columns."""
    return frame[:, _labels(frame).index(label)]


def expected(columns: list[str]) -> str:
    """Return the fitted columns in words."""
    return f"Expected the {len(columns)} columns that were fitted: {_listed(columns)}."


def _labels(frame: Any) -> list[Any]:
    return list(frame.to_native().columns) if frame.implementation.is_pandas() else frame.columns


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
