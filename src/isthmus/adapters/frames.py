"""Frames: tables with names and dtypes, of whichever library they are.

Only this file knows that libraries of frames exist; narwhals speaks with all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

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
    columns: list[str | int]
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
            frame = frame.set_axis(self.columns, axis=1)
            frame = frame.astype(dict(zip(self.columns, self.dtypes, strict=True)))
            return frame if like is None else frame.set_axis(like.index)
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
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):
        raise DataError(f"A {type(X).__name__} was given, not yet read: give its .collect().")
    if not hasattr(X, "columns"):
        return None
    _check_columns(list(X.columns))
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return None
    others = [
        f"{name} ({dtype})"
        for name, dtype in frame.schema.items()
        if not (dtype.is_numeric() or dtype == nw.Boolean)
    ]
    if others:
        raise DataError(
            f"{len(others)} of {len(frame.columns)} columns don't hold numbers: "
            f"{', '.join(others)}. Expected numbers in every column: drop these, or turn them "
            "into numbers."
        )
    library = str(frame.implementation)
    dtypes = X.dtypes if library == "pandas" else frame.schema.dtypes()
    names = [name if isinstance(name, int) else str(name) for name in X.columns]
    return Frame(library, names, [str(each) for each in dtypes])


def _check_columns(names: list[Any]) -> None:
    if not names:
        raise DataError("A table without columns was given; expected at least one.")
    twice = {str(name) for name in names if names.count(name) > 1}
    if twice:
        raise DataError(
            f"More than one column is called {', '.join(sorted(twice))}; expected each name once: "
            "rename them."
        )


def _numpy_dtype(name: str) -> np.dtype[Any]:
    """Return the numpy dtype nearest to a library's name of one: Int64, float, bool, …"""
    plain = name.lower().replace("boolean", "bool").split("[")[0]
    try:
        return np.dtype(plain)
    except TypeError:
        return np.dtype(np.float64)
