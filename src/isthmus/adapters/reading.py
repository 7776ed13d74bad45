"""Reading: a column of any library as a compact array, and what it holds."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from isthmus.adapters.base import check_finite
from isthmus.errors import DataError

Holds = Literal["number", "truth", "text", "date", "moment", "time", "duration", "nothing"]
"""What the values of a column are."""

WORDS: dict[Holds, str] = {
    "number": "numbers",
    "truth": "truth values",
    "text": "texts",
    "date": "dates",
    "moment": "dates with times",
    "time": "times of day",
    "duration": "durations",
    "nothing": "nothing",
}

INFERRED: dict[str, Holds] = {
    "string": "text",
    "boolean": "truth",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "date": "date",
    "datetime": "moment",
    "datetime64": "moment",
    "time": "time",
    "timedelta": "duration",
    "timedelta64": "duration",
    "empty": "nothing",
}
"""What pandas finds in a column of objects, in our words."""


EXACT = 2**53
"""Up to here floats hold every whole number."""


@dataclass(frozen=True)
class Given:
    """A column as it came.

    Attributes
    ----------
    name
        What it is called.
    holds
        What its values are.
    values
        ``(n,)``: numbers, truth values as 0 and 1, moments in UTC, times since midnight, with
        NaN or NaT for holes; where there are ``levels``, places among those, -1 for a hole.
    levels
        The different values, where the column came as such: texts, categories, and whole numbers
        with holes among them that are too large for floats.
    declared
        Whether its dtype is one of categories, in an order that counts.
    zone
        The time zone of moments.
    """

    name: str
    holds: Holds
    values: np.ndarray
    levels: np.ndarray | None = None
    declared: bool = False
    zone: str | None = None

    @property
    def known(self) -> np.ndarray:
        """Which cells are known: ``(n,)``."""
        return self.values >= 0 if self.levels is not None else ~pd.isna(self.values)

    def plain(self) -> "Given":
        """Return the column with its values themselves in place of places among levels."""
        if self.levels is None or self.holds == "text":
            return self
        values = np.append(self.levels.astype(np.float64), np.nan)
        return Given(self.name, self.holds, values[self.values], zone=self.zone)

    def among(self) -> "Given":
        """Return the column with places among its different values, in order of appearance."""
        if self.levels is not None:
            return self
        places, levels = pd.factorize(self.values)
        return Given(self.name, self.holds, places, np.asarray(levels), zone=self.zone)


def read(column: Any, name: str) -> Given:
    """Read a column, a narwhals series, checked.

    Raises
    ------
    DataError
        If it holds infinity, values of several kinds, or such as no model can take.
    """
    reader = _reader(column, name)
    found = reader(column, name)
    if len(found.values) and not found.known.any():
        return Given(name, "nothing", np.full(len(found.values), np.nan, np.float32))
    return found


def _reader(column: Any, name: str) -> Callable[[Any, str], Given]:
    dtype = column.dtype
    if isinstance(getattr(column.to_native(), "dtype", None), pd.SparseDtype):
        raise DataError(
            f"Column {name} is sparse; expected a dense one: give .sparse.to_dense() of it."
        )
    if dtype in (nw.Decimal, nw.Int128, nw.UInt128):
        what = "decimals" if dtype == nw.Decimal else "whole numbers of 128 bits"
        raise DataError(
            f"Column {name} holds {what}; expected floats or whole numbers of up to 64 bits: cast "
            "it to 64-bit floats."
        )
    readers: list[tuple[Any, Callable[[Any, str], Given]]] = [
        (nw.Categorical, _categories),
        (nw.Enum, _categories),
        (nw.Boolean, _truths),
        (nw.String, _texts),
        (nw.Datetime, _moments),
        (nw.Date, _dates),
        (nw.Time, _times),
        (nw.Duration, _durations),
        (nw.Object, _objects),
        (nw.Unknown, _objects),
    ]
    if dtype.is_numeric():
        return _numbers
    for kind, reader in readers:
        if dtype == kind:
            return reader
    raise DataError(
        f"Column {name} holds values of dtype {dtype}; expected numbers, texts, truth values, "
        "dates or times. Leave it out, or make columns of such of it."
    )


def _numbers(column: Any, name: str) -> Given:
    native: Any = column.to_native()
    values: Any
    if not isinstance(native, pd.Series):
        values = column.to_numpy()
    elif native.dtype == np.dtype(object):
        values = np.asarray(pd.to_numeric(native))
    elif isinstance(native.dtype, np.dtype):
        values = native.to_numpy()
    else:
        values = native.to_numpy(np.float64, na_value=np.nan)
    if values.dtype.kind == "f":
        check_finite(values, f"Column {name}")
    if values.dtype.kind not in "iuf":
        raise DataError(
            f"Column {name} holds numbers that make an array of dtype {values.dtype}; expected "
            f"real ones of up to 64 bits: give df[{name!r}].astype(float), or leave it out."
        )
    if values.dtype.kind == "f" and column.dtype.is_integer() and (np.abs(values) >= EXACT).any():
        places, levels = pd.factorize(np.array(column.to_list(), dtype=object))
        return Given(name, "number", places, np.array(levels.tolist()))
    return Given(name, "number", values)


def _truths(column: Any, name: str) -> Given:
    values = pd.array(column.to_numpy(), dtype="boolean")
    return Given(name, "truth", values.to_numpy(np.float32, na_value=np.nan))


def _texts(column: Any, name: str) -> Given:
    native = column.to_native()
    whole = native if isinstance(native, pd.Series) else column.to_numpy()
    places, levels = pd.factorize(whole)
    return Given(name, "text", places, np.asarray(levels, dtype=object))


def _categories(column: Any, name: str) -> Given:
    native = column.to_native()
    if isinstance(native, pd.Series):
        if not isinstance(native.dtype, pd.CategoricalDtype):
            native = native.astype("category")  # a dictionary of Arrow's
        holds, levels = _levels(native.cat.categories, name)
        return Given(name, holds, native.cat.codes.to_numpy(), levels, declared=True)
    if column.dtype == nw.Enum:
        levels = np.array(list(column.dtype.categories), dtype=object)
        places = pd.Index(levels).get_indexer(column.to_numpy())
        return Given(name, "text", places, levels, declared=True)
    found = _texts(column, name)
    return Given(name, "text", found.values, found.levels, declared=True)


def _levels(categories: pd.Index, name: str) -> tuple[Holds, np.ndarray]:
    """Return what the categories of a pandas column are."""
    kind = pd.api.types.infer_dtype(categories)
    holds = INFERRED.get(kind, "nothing")
    if holds in ("number", "truth", "text") or not len(categories):
        dtype = {"number": None, "truth": np.bool_}.get(holds, object)
        return holds, np.asarray(categories, dtype=dtype)
    raise DataError(
        f"The categories of column {name} are {kind}s; expected texts, numbers or truth values: "
        f"give df[{name!r}].astype(str), or what they were made of."
    )


def _moments(column: Any, name: str) -> Given:
    native = column.to_native()
    if not isinstance(native, pd.Series):
        zone = column.dtype.time_zone
        return Given(name, "moment", column.to_numpy(), zone=zone)
    try:
        index = pd.DatetimeIndex(native)
    except ValueError as error:
        raise DataError(
            f"Column {name} holds times of several time zones, or with one and without: expected "
            f"one in a column. Give pd.to_datetime(df[{name!r}], utc=True)."
        ) from error
    zone = None if index.tz is None else str(index.tz)
    values = index.tz_convert(None) if zone else index
    return Given(name, "moment", values.to_numpy(), zone=zone)


def _dates(column: Any, name: str) -> Given:
    native = column.to_native()
    values = pd.DatetimeIndex(native) if isinstance(native, pd.Series) else column
    return Given(name, "date", values.to_numpy().astype("datetime64[s]"))


def _times(column: Any, name: str) -> Given:
    places, levels = pd.factorize(column.to_numpy())
    ticks = [_since_midnight(each) for each in levels] + [np.timedelta64("NaT", "us")]
    return Given(name, "time", np.array(ticks, "timedelta64[us]")[places])


def _since_midnight(time: datetime.time) -> np.timedelta64:
    seconds = (time.hour * 60 + time.minute) * 60 + time.second
    return np.timedelta64(seconds * 1_000_000 + time.microsecond, "us")


def _durations(column: Any, name: str) -> Given:
    native = column.to_native()
    values = pd.TimedeltaIndex(native) if isinstance(native, pd.Series) else column
    return Given(name, "duration", values.to_numpy())


def _objects(column: Any, name: str) -> Given:
    values = column.to_numpy()
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "decimal":
        raise DataError(
            f"Column {name} holds decimals; expected floats or whole numbers: give "
            f"df[{name!r}].astype(float)."
        )
    if kind not in INFERRED:
        raise DataError(_mixed(values, name))
    readers: dict[Holds, Callable[[Any, str], Given]] = {
        "number": _numbers,
        "truth": _truths,
        "text": _texts,
        "date": _dates,
        "moment": _moments,
        "time": _times,
        "duration": _durations,
        "nothing": lambda column, name: Given(name, "nothing", np.full(len(column), np.nan)),
    }
    return readers[INFERRED[kind]](column, name)


def _mixed(values: np.ndarray, name: str) -> str:
    there = values[~pd.isna(values)] if values.ndim == 1 else values
    examples = {type(each).__name__: each for each in there[:10_000]}
    shown = ", ".join(f"{kind} ({value!r:.40})" for kind, value in list(examples.items())[:3])
    if len(examples) > 1:
        return (
            f"Column {name} holds values of several kinds: {shown}. Expected one kind in a "
            f"column: make them so, for example with df[{name!r}].astype(str)."
        )
    return (
        f"Column {name} holds objects: {shown}. Expected numbers, texts, truth values, dates or "
        "times. Leave it out, or make columns of such of it."
    )
