"""Frames: tables with names and dtypes, of whichever library they are.

Only this file knows that libraries of frames exist; narwhals speaks with all of them, and
pandas, which is always there, makes a table of a single row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from isthmus.adapters.base import cast
from isthmus.errors import DataError


@dataclass(frozen=True)
class Frame:
    """What kind of frame the data came in: enough to make the like again.

    Attributes
    ----------
    library
        ``"pandas"``, ``"polars"``, …
    columns
        Their names; pandas numbers the columns that it was given no names for.
    dtypes
        Their dtypes, as the library writes them.
    """

    library: str
    columns: list[Any]
    dtypes: list[str]

    def filled(self, values: Iterable[np.ndarray], like: Any = None) -> Any:
        """Return ``values``, column by column, as a frame; rows keep the labels of ``like``."""
        import narwhals as nw

        columns = {
            str(name): cast(column, _numpy_dtype(dtype))
            for column, name, dtype in zip(values, self.columns, self.dtypes, strict=True)
        }
        library: Any = self.library
        frame: Any = nw.from_dict(columns, backend=library).to_native()
        if self.library == "pandas":
            frame = frame.astype(dict(zip(columns, self.dtypes, strict=True)))
            if like is None:
                return frame.set_axis(self.columns, axis=1)
            return frame.set_axis(like.columns, axis=1).set_axis(like.index)
        schema = nw.from_native(frame, eager_only=True)
        dtypes = zip(self.columns, self.dtypes, strict=True)
        return schema.with_columns(
            nw.col(str(name)).cast(getattr(nw, dtype)) for name, dtype in dtypes
        ).to_native()


def frame_of(X: Any) -> Frame | None:
    """Return what kind of frame ``X`` is, or None where it is none.

    Raises
    ------
    DataError
        If a column doesn't hold numbers.
    """
    check_collected(X)
    if not hasattr(X, "columns"):
        return None
    check_columns(list(X.columns))
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return None
    library = str(frame.implementation)
    dtypes = X.dtypes if library == "pandas" else frame.schema.dtypes()
    written = [str(each) for each in dtypes]
    _check_dtypes(
        dict(zip(X.columns, zip(written, frame.schema.dtypes(), strict=True), strict=True))
    )
    return Frame(library, list(X.columns), written)


def of_many_kinds(X: Any) -> bool:
    """Return whether ``X`` is a frame with columns that are no plain numbers.

    Such are texts, dates and categories; truth values beside numbers; whole numbers or truth
    values with NA. A frame of nothing but numbers, or but truth values, is one of `Vectors`.

    Examples
    --------
    >>> of_many_kinds(pd.DataFrame({"a": [1.5, 2.0], "b": ["x", "y"]}))
    True
    """
    check_collected(X)
    if not hasattr(X, "columns"):
        return False
    check_names(X)
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return False
    dtypes = frame.schema.dtypes()
    if any(not (each.is_numeric() or each == nw.Boolean) for each in dtypes):
        return True
    truths = [each == nw.Boolean for each in dtypes]
    holed = (
        each.is_integer() and frame[:, place].null_count() > 0 for place, each in enumerate(dtypes)
    )
    return (any(truths) and not all(truths)) or any(holed)


def check_labels(frame: Frame) -> Frame:
    """Return the frame with `plain_labels`."""
    return replace(frame, columns=plain_labels(frame.columns))


def plain_labels(labels: Iterable[Any]) -> list[Any]:
    """Return labels of columns as a model file can hold them: text, or whole numbers.

    Raises
    ------
    DataError
        If a label is neither, such as a date, a float, or a tuple of many levels.
    """
    made: list[Any] = []
    for each in labels:
        if isinstance(each, bool) or not isinstance(each, str | Integral):
            raise DataError(
                f"A column is called {each!r}, a {type(each).__name__}; expected text or whole "
                "numbers. Rename the columns: df.columns = [...]."
            )
        made.append(str(each) if isinstance(each, str) else int(each))
    return made


def row_frame(values: Iterable[Any], names: Sequence[Any]) -> pd.DataFrame:
    """Return one row as a table, each column with a dtype of its own."""
    plain: list[Any] = [np.nan if pd.isna(each) else each for each in values]
    return pd.DataFrame([plain], columns=pd.Index(names))


def check_collected(X: Any) -> None:
    """Raise `DataError` for a frame that is only planned, and not yet read."""
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):
        raise DataError(f"A {type(X).__name__} was given, not yet read: give its .collect().")


def check_names(X: Any) -> None:
    """Raise `DataError` where ``X`` is of pandas and its columns can't be told apart."""
    if isinstance(X, pd.DataFrame):
        check_columns(list(X.columns))


def check_columns(names: list[Any]) -> None:
    """Raise `DataError` unless there are columns, each called differently and by one kind."""
    if not names:
        raise DataError("A table without columns was given; expected at least one.")
    twice = {str(name) for name in names if names.count(name) > 1}
    if twice:
        raise DataError(
            f"More than one column is called {', '.join(sorted(twice))}; expected each name once: "
            "rename them."
        )
    if 0 < sum(isinstance(name, str) for name in names) < len(names):
        odd = next(name for name in names if not isinstance(name, str))
        raise DataError(
            f"Some columns are called by text, and others not, such as {odd!r}; expected names of "
            "one kind. Rename the columns: df.columns = df.columns.astype(str), for example."
        )


def _check_dtypes(columns: dict[Any, tuple[str, Any]]) -> None:
    """Raise `DataError` unless each column, as its library and narwhals call it, has numbers."""
    import narwhals as nw

    for name, (written, dtype) in columns.items():
        if written.startswith("Sparse["):
            raise DataError(
                f"Column {name} is sparse ({written}); expected a dense one: give "
                ".sparse.to_dense() of the table, or of the column."
            )
        if dtype == nw.Decimal:
            raise DataError(
                f"Column {name} holds decimals ({written}); expected floats or whole numbers: "
                "cast it to 64-bit floats."
            )
    others = [
        f"{name} ({dtype})"
        for name, (_, dtype) in columns.items()
        if not (dtype.is_numeric() or dtype == nw.Boolean)
    ]
    if others:
        raise DataError(
            f"{len(others)} of {len(columns)} columns don't hold numbers: "
            f"{', '.join(others)}. Expected numbers in every column: drop these, or turn them "
            "into numbers."
        )


def _numpy_dtype(name: str) -> np.dtype[Any]:
    """Return the numpy dtype nearest to a library's name of one: Int64, float, bool, …"""
    plain = name.lower().replace("boolean", "bool").split("[")[0]
    try:
        return np.dtype(plain)
    except TypeError:
        return np.dtype(np.float64)
