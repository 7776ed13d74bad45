"""Frames: tables that users gave, as the pages of tasks look at them."""

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from isthmus.adapters import Adapter, Tables
from isthmus.errors import DataError
from isthmus.report.figures import number
from isthmus.report.tabular import words

NUMBERS = ("number", "count", "date")
"""Kinds of columns whose values have an order."""


def as_frame(X: Any) -> Any:
    """Return a frame, an array or rows as pandas, columns named by texts.

    Raises
    ------
    DataError
        If it is no table.
    """
    frame = X if isinstance(X, pd.DataFrame) else _framed(X)
    return frame.set_axis([str(name) for name in frame.columns], axis=1)


def _framed(X: Any) -> pd.DataFrame:
    if hasattr(X, "columns"):
        return nw.from_native(X, eager_only=True).to_pandas()
    values = np.asarray(X)
    if values.ndim != 2:
        raise DataError(
            f"Data of shape {values.shape} were given; expected a table, which is what this page "
            "shows."
        )
    return pd.DataFrame(values).infer_objects()


def kinds_of(frame: pd.DataFrame, adapter: Adapter) -> dict[str, str]:
    """Return what each column is: as the adapter has it, else a number."""
    known: Mapping[str, str] = adapter.kinds_ if isinstance(adapter, Tables) else {}
    usual = "category" if known else "number"
    return {name: known.get(name, usual) for name in map(str, frame.columns)}


def amounts(column: pd.Series, kind: str) -> np.ndarray:
    """Return the known values of a column of numbers or dates, a date as its day since 1970."""
    known: Any = column.dropna()
    if kind == "date":
        dates = pd.to_datetime(known, utc=True).dt.tz_localize(None)
        return ((dates - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    return known.to_numpy(dtype=np.float64)


def said(value: Any, digits: int = 3) -> str:
    """Return a cell as people read it, a fraction with so many digits that count.

    Examples
    --------
    >>> said(np.int64(1200)), said(np.nan), said("yes"), said(912.4561), said(912.4561, 6)
    ('1,200', 'unknown', 'yes', '912', '912.456')
    """
    plain = value.item() if isinstance(value, np.generic) else value
    return number(plain, digits) if isinstance(plain, float) else words(plain)


def called(index: pd.Index, row: int) -> str:
    """Return what the user calls a row: its label, or its number from 0."""
    name = index[row]
    return name if isinstance(name, str) else f"row {said(name).replace(',', '')}"
