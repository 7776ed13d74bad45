"""Sequences: series in time and texts of tokens, as arrays, or as lists where lengths differ."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from isthmus.adapters import facts as told
from isthmus.adapters.base import (
    Adapter,
    cast,
    check_enough,
    check_finite,
    has_holes,
    in_parts,
    known,
    plain,
    single,
)
from isthmus.adapters.scaling import check_support, counted, found, standard, standardised
from isthmus.errors import DataError
from isthmus.space import Batch, Series, Support

Rows = np.ndarray | list[np.ndarray]
"""Series of one length, ``(n, t, c)`` or ``(n, t)``, or of several, ``(t_i, c)`` or ``(t_i,)``."""
EXPECTED = (
    "expected series of numbers: an array (n, steps, channels) or (n, steps), or a list of arrays "
    "(steps, channels) or (steps,), one for each series"
)


class Sequences(Adapter):
    """Series: ``(n, steps, channels)`` or ``(n, steps)`` arrays, or lists of arrays.

    In a list, each series may have a length of its own, ``(steps, channels)`` or ``(steps,)``.
    Real channels are standardised over all rows and steps, ``x = (X - mean) / std``; series of
    nothing but 0 and 1 stay as they are. NaN is a value that is not known. What comes back is
    an array or a list, as what was given; what is generated has as many steps as the longest
    series seen in training.

    Parameters
    ----------
    support
        ``"real"``, ``"unit"``, ``"binary"``, ``"categories"`` (whole numbers from 0, such as the
        tokens of a text), or None: ``"binary"`` if there is nothing but 0 and 1, else ``"real"``.
    holes
        Values may be unknown although none is in training.

    Examples
    --------
    >>> import numpy as np
    >>> series = [np.array([1.0, 3.0]), np.array([3.0, 1.0, 1.0, 3.0])]
    >>> adapter = Sequences().fit(series)
    >>> adapter.space_
    Series(1, 4, ragged=True)
    >>> batch = adapter.transform(series)
    >>> batch.observed[0]
    tensor([[ True,  True, False, False]])
    >>> adapter.inverse_transform(batch.x, like=series)[0]
    array([1., 3.])
    """

    def __init__(self, support: Support | None = None, *, holes: bool = False) -> None:
        super().__init__(support)
        self.holes = holes

    def fit(self, X: Any) -> Self:
        """Learn the channels, the most steps, the support, and each channel's mean and spread."""
        self._learned(X)
        return self

    def fit_transform(self, X: Any) -> Batch:
        """Do both, looking at each value once."""
        return self.batch(self._learned(X))

    def _learned(self, X: Any) -> Rows:
        rows = _series(X)
        check_enough(len(rows))
        values, lengths = _stacked(rows), _lengths(rows)
        self.dtype_, self.listed_, self.flat_ = values.dtype.name, *_kind(rows)
        support: Support = self.support or found(values)
        check_support(values, support)
        channels = values.shape[1]
        self.space_ = Series(
            channels,
            int(lengths.max()),
            support=support,
            levels=counted(values) if support == "categories" else 0,
            holes=self.holes or has_holes(values),
            ragged=bool((lengths < lengths.max()).any()),
        )
        self.mean_, self.scale_ = np.zeros(channels), np.ones(channels)
        if support == "real":
            self.mean_, self.scale_ = standard(values, _channel)
        return rows

    def rows(self, X: Any) -> Rows:
        """Return the series, checked: of the channels that were fitted, and no longer."""
        rows, space = _series(X), self._space
        values, most = _stacked(rows), int(_lengths(rows).max())
        if values.shape[1] != space.channels:
            raise DataError(
                f"Series of {values.shape[1]} channels were given; the model was fitted to "
                f"{space.channels}. Select them, or fit a model to the channels of now."
            )
        if most > space.steps:
            raise DataError(
                f"A series of {most} steps was given; the model was fitted to {space.steps} at "
                "most. Cut it into several, or fit a model to series that are as long."
            )
        check_support(values, space.support, space.levels)
        return rows

    def batch(self, rows: Rows) -> Batch:
        """Return ``(n, channels, steps)``, scaled; what is beyond an end is not known."""
        values, space = _stacked(rows), self._space
        if space.support == "real":
            values = standardised(values, self.mean_, self.scale_, _channel)
        inside = np.arange(space.steps) < _lengths(rows)[:, None]  # (n, steps)
        x = np.full((len(rows), space.steps, space.channels), np.nan, np.float32)
        x[inside] = values
        return Batch(*known(np.ascontiguousarray(x.swapaxes(1, 2)), space.holes or space.ragged))

    def inverse_transform(self, x: Tensor, like: Any = None) -> Rows:
        """Return series in the user's units: of the lengths and the dtype of ``like``, if any."""
        rows = None if like is None else _series(like)
        listed, flat = _kind(rows) if rows is not None else (self.listed_, self.flat_)
        dtype = np.dtype(self.dtype_) if rows is None else _stacked(rows).dtype
        values = in_parts(
            x.movedim(1, 2), lambda part: cast(part * self.scale_ + self.mean_, dtype)
        )
        values = values[:, :, 0] if flat else values  # (n, steps) or (n, steps, c)
        lengths = _lengths(rows) if rows is not None else np.full(len(x), self._space.steps)
        if listed:
            return [each[:length] for each, length in zip(values, lengths, strict=True)]
        return values[:, : lengths[0]]

    def one(self, row: Any) -> Any:
        """Return a series, or series of which there is one, as data of length one."""
        axes = 1 if self.flat_ else 2
        if isinstance(row, list | tuple) and len(row) and np.ndim(plain(row[0])) == axes:
            return single(list(row))
        values = np.asarray(plain(row))
        return single(values[None] if values.ndim == axes else values)

    def log_volume(self, x: Tensor) -> Tensor:
        """Return ``-log std`` of each channel: ``(channels, 1)``."""
        return -torch.from_numpy(np.log(self.scale_))[:, None]

    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""
        return {
            "mean": self.mean_.tolist(),
            "scale": self.scale_.tolist(),
            "dtype": self.dtype_,
            "listed": self.listed_,
            "flat": self.flat_,
        }

    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""
        space = self._space
        self.mean_ = told.numbers(facts["mean"], "mean", space.channels)
        self.scale_ = told.numbers(facts["scale"], "scale", space.channels)
        told.expect(bool((self.scale_ > 0).all()), "scale holds a number that is not above zero.")
        self.dtype_ = told.dtype_name(facts["dtype"])
        self.listed_ = told.flag(facts["listed"], "listed")
        self.flat_ = told.flag(facts["flat"], "flat")
        told.expect(not (self.flat_ and space.channels > 1), "flat series have one channel.")
        return self

    @property
    def _space(self) -> Series:
        space = self.space_
        told.expect(isinstance(space, Series), f"it is {space!r}; expected a Series.")
        assert isinstance(space, Series)
        return space


def uneven(X: Any) -> bool:
    """Return whether ``X`` is a list of arrays of several lengths, which only series can have."""
    if not isinstance(X, list | tuple):
        return False
    lengths = [len(each) for each in X if isinstance(each, np.ndarray | Tensor) and each.ndim]
    return len(lengths) == len(X) and len(set(lengths)) > 1


def _series(X: Any) -> Rows:
    """Return an array of series, or a list of them, checked: numbers, finite, one or more."""
    if isinstance(X, list | tuple):
        return _listed(X)
    values = plain(X)
    if not isinstance(values, np.ndarray):
        raise DataError(f"A {type(X).__name__} was given; {EXPECTED}. Make such of it.")
    if values.dtype.kind == "O":
        raise DataError(f"An array of objects was given; {EXPECTED}. Make it a list: list(X).")
    if values.ndim not in (2, 3) or values.dtype.kind not in "buif":
        raise DataError(
            f"An array of shape {values.shape} and dtype {values.dtype} was given; {EXPECTED}. "
            "Bring it to that shape."
        )
    if not values.size:
        raise DataError(
            f"An array of shape {values.shape} was given, in which there is nothing; expected at "
            "least one series of one step and one channel. Is the file empty?"
        )
    check_finite(values, "X")
    return values


def _listed(X: Any) -> list[np.ndarray]:
    rows = [np.asarray(plain(each)) for each in X]
    if not rows:
        raise DataError("0 series were given; expected at least one. Is the list empty?")
    for place, each in enumerate(rows):
        if each.ndim not in (1, 2) or (each.size and each.dtype.kind not in "buif"):
            raise DataError(
                f"Series {place} has the shape {each.shape} and dtype {each.dtype}; {EXPECTED}. "
                "Bring each to that shape."
            )
        if not each.size:
            raise DataError(
                f"Series {place} is empty, of shape {each.shape}; expected at least one step of "
                "one channel: leave it out."
            )
        check_finite(each, f"Series {place}")
    odd = next((i for i, each in enumerate(rows) if each.shape[1:] != rows[0].shape[1:]), None)
    if odd is not None:
        raise DataError(
            f"Series {odd} has the shape {rows[odd].shape}, and the first {rows[0].shape}; "
            "expected the same channels in each: (steps, channels), or (steps,) for all. Select "
            "them, or turn round those whose channels come first: each.T."
        )
    return rows


def _kind(rows: Rows) -> tuple[bool, bool]:
    """Return whether series come as a list, and whether they come without channels."""
    return isinstance(rows, list), rows[0].ndim == 1


def _lengths(rows: Rows) -> np.ndarray:
    """Return how many steps each series has: ``(n,)``."""
    return np.array([len(each) for each in rows])


def _stacked(rows: Rows) -> np.ndarray:
    """Return all steps of all series, one under the other: ``(steps, channels)``."""
    values = np.concatenate(rows) if isinstance(rows, list) else rows
    channels = 1 if rows[0].ndim == 1 else rows[0].shape[1]
    return values.reshape(-1, channels)


def _channel(place: int) -> str:
    return f"Channel {place}"
