"""Long series, as users have them: arrays, frames, or lists of such; and their scores in kind."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from isthmus.adapters.base import check_finite, plain
from isthmus.adapters.frames import frame_of
from isthmus.errors import DataError

EXPECTED = (
    "expected a series, (steps,) or (steps, channels), a frame with a row for each step, or a list "
    "of such"
)


@dataclass(frozen=True)
class LongSeries:
    """One series or several, as arrays ``(t_i, c)`` of floats.

    Attributes
    ----------
    values
        Their numbers; NaN where one is unknown.
    given
        What the user gave for each.
    listed
        Whether they came as a list.
    names
        What the channels are called, if they are.
    """

    values: list[np.ndarray]
    given: list[Any]
    listed: bool
    names: list[Any] | None

    def back(self, each: list[Any]) -> Any:
        """Return ``(t_i,)`` of each series: alone, or in a list, as they came."""
        return each if self.listed else each[0]

    def framed(self, each: list[np.ndarray]) -> Any:
        """Return ``(t_i, c)`` of each series as the frame or the array that it came as."""
        pairs = zip(each, self.given, strict=True)
        return self.back([_like(values, given) for values, given in pairs])


def long_series(X: Any, channels: int | None = None, names: list[Any] | None = None) -> LongSeries:
    """Read series, and check that they are such, of as many ``channels`` as expected, and so named.

    Raises
    ------
    DataError
        If they are no series of numbers, or differ in their channels.
    """
    given, listed = _given(X)
    values = [_values(each, f"Series {i}" if listed else "X") for i, each in enumerate(given)]
    expected = channels or values[0].shape[1]
    for place, each in enumerate(values):
        if each.shape[1] != expected:
            of = "the detector was fitted to" if channels else "the first has"
            raise DataError(
                f"Series {place} has {each.shape[1]} channels; {of} {expected}. Select the same "
                "ones in each."
            )
    return LongSeries(values, given, listed, _named(given, names))


def _named(given: list[Any], names: list[Any] | None) -> list[Any] | None:
    """Return what the channels are called, checked: frames are read by the order of columns."""
    for each in given:
        own = list(each.columns) if hasattr(each, "columns") else None
        if names is not None and own is not None and own != names:
            raise DataError(
                f"A frame of the channels {own} was given; the others are {names}. Select and "
                "order them so."
            )
        names = names or own
    return names


def _given(X: Any) -> tuple[list[Any], bool]:
    """Return each series, and whether there is a list of them."""
    if isinstance(X, list | tuple):
        rows: list[Any] = list(X)  # pyright: ignore[reportUnknownArgumentType]
        several = bool(rows) and all(hasattr(each, "shape") or _nested(each) for each in rows)
        return (rows, True) if several and any(np.ndim(each) for each in rows) else ([rows], False)
    array = plain(X)
    if isinstance(array, np.ndarray) and array.ndim == 3:
        return list(array), True
    return [X], False


def _nested(each: Any) -> bool:
    return isinstance(each, list | tuple)


def _values(X: Any, name: str) -> np.ndarray:
    """Return one series as ``(t, c)`` floats."""
    framed = frame_of(X) is not None
    given: Any = X.to_numpy() if framed or hasattr(X, "to_numpy") else plain(X)
    found = np.asarray(given)
    if found.dtype.kind == "O" and framed:  # numbers with NA
        found = np.asarray(X.astype("float64").to_numpy())
    if found.ndim not in (1, 2) or found.dtype.kind not in "buif":
        raise DataError(f"{name} has the shape {found.shape} and dtype {found.dtype}; {EXPECTED}.")
    if not found.size:
        raise DataError(f"{name} is empty, of shape {found.shape}; {EXPECTED}.")
    check_finite(found, name)
    return found.astype(np.float64).reshape(len(found), -1)


def _like(values: np.ndarray, given: Any) -> Any:
    if isinstance(given, pd.DataFrame):
        return pd.DataFrame(values, index=given.index, columns=given.columns)
    if hasattr(given, "columns"):
        return type(given)({name: values[:, i] for i, name in enumerate(given.columns)})
    return values
