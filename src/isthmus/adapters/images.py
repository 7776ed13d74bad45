"""Images: pictures, as arrays or as files in a folder."""

from collections.abc import Mapping
from pathlib import Path
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
    dtype_of,
    has_holes,
    in_parts,
    known,
    plain,
    single,
)
from isthmus.adapters.picture_files import Files, check_sizes, files_in
from isthmus.errors import DataError, SupportError
from isthmus.space import Batch, Image, Support

FIXED = ((0.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
"""Ranges that are a unit of their own: nothing beyond them can be meant."""


class Images(Adapter):
    """Pictures: ``(n, h, w)`` or ``(n, h, w, c)`` arrays, or a folder of PNG or JPEG files.

    Pixels are brought to [0, 1]: bytes by 255, other numbers by the least and the greatest
    seen in training (floats within [0, 1] stay). What comes back is clipped to that range.

    Files are grey where all of them are: of 1, 8 or 16 bits, with or without transparency, which
    is dropped. Those of 16 bits are divided by 65,535, and come back as uint16; pictures of 8
    bits among them are brought to their scale.

    Parameters
    ----------
    support
        ``"unit"``, ``"binary"``, or None: ``"binary"`` if there is nothing but black and
        white.
    size
        ``(height, width)`` to bring the files of a folder to; None: they must be alike.
    beyond
        Take pixels beyond the fitted range as they are, as noise makes them, where they would
        be refused.
    holes
        Pixels may be unknown although none is in training.

    Examples
    --------
    >>> import numpy as np
    >>> pictures = np.array([[[0, 255]], [[51, 0]]], dtype=np.uint8)
    >>> adapter = Images().fit(pictures)
    >>> adapter.space_.shape
    (1, 1, 2)
    >>> adapter.transform(pictures).x[1, 0, 0]
    tensor([0.2000, 0.0000])
    """

    def __init__(
        self,
        support: Support | None = None,
        size: tuple[int, int] | None = None,
        *,
        beyond: bool = False,
        holes: bool = False,
    ) -> None:
        super().__init__(support)
        self.size = size
        self.beyond = beyond
        self.holes = holes

    def fit(self, X: Any) -> Self:
        """Learn the size, the channels and the range of the pixels."""
        if self.support == "categories":
            raise SupportError(
                "Pixels were asked for as categories; expected 'unit' or 'binary'. Use "
                "likelihood=Normal() or Bernoulli()."
            )
        rows = _pictures(X)
        check_enough(len(rows))
        values = self._read(rows) if isinstance(rows, Files) else rows
        self.grey_ = values.ndim == 3 or values.shape[3] == 1
        height, width = values.shape[1:3]
        channels = values.shape[3] if values.ndim == 4 else 1
        check_finite(values, "X")
        self.channels_last_ = values.ndim == 4
        self.dtype_ = values.dtype.name
        self.low_, self.high_ = _limits(values, isinstance(rows, Files))
        support, holes = self._support(values), self.holes or has_holes(values)
        self.space_ = Image(channels, height, width, support=support, holes=holes)
        return self

    def rows(self, X: Any) -> np.ndarray | Files:
        """Return the pictures, checked: of the size that was fitted."""
        rows = _pictures(X)
        expected = (self.space_.shape[1], self.space_.shape[2])
        if isinstance(rows, Files):
            if self.space_.shape[0] not in (1, 3):
                raise DataError(
                    f"Files were given; the model was fitted to pictures of {self.space_.shape[0]} "
                    "channels, and files are read in grey or in colour. Give an array."
                )
            if self.size is None:
                check_sizes(rows.headers(), expected)
            return rows
        shape = (*expected, *([self.space_.shape[0]] if self.channels_last_ else []))
        if rows.shape[1:] != shape:
            raise DataError(
                f"Pictures of shape {rows.shape[1:]} were given; the model was fitted to {shape}. "
                "Resize or crop them, or fit a model to this size."
            )
        check_finite(rows, "X")
        return rows

    def batch(self, rows: np.ndarray | Files) -> Batch:
        """Return ``(n, c, h, w)``, from 0 to 1."""
        _, height, width = self.space_.shape
        if isinstance(rows, Files):
            values = rows.read((height, width), self.grey_, self.dtype_ == "uint16")
        else:
            values = rows
        self._check_range(values)
        scaled = (values.astype(np.float32) - np.float32(self.low_)) / np.float32(self._range)
        pictures = np.moveaxis(scaled, 3, 1) if scaled.ndim == 4 else scaled[:, None]
        return Batch(*known(np.ascontiguousarray(pictures), self.space_.holes))

    def inverse_transform(self, x: Tensor, like: Any = None) -> np.ndarray:
        """Return an array of pictures in the fitted range, of the dtype of ``like`` if any."""
        dtype = dtype_of(like, self.dtype_)
        pixels = x.movedim(1, 3) if self.channels_last_ else x[:, 0]
        return in_parts(
            pixels, lambda values: cast(values.clip(0, 1) * self._range + self.low_, dtype)
        )

    def one(self, row: Any) -> Any:
        """Return a picture, or pictures of which there is one, as an array of one."""
        if isinstance(row, (str, Path, Files)):
            return single(_pictures(row))
        values = np.asarray(plain(row))
        return single(values[None] if values.ndim == 2 + self.channels_last_ else values)

    def log_volume(self, x: Tensor) -> Tensor:
        """Return ``-log(high - low)`` of each pixel."""
        return -torch.log(torch.tensor(self._range, dtype=torch.float64))

    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""
        return {
            "low": self.low_,
            "high": self.high_,
            "dtype": self.dtype_,
            "grey": self.grey_,
            "channels_last": self.channels_last_,
        }

    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""
        space = self.space_
        told.expect(isinstance(space, Image), f"it is {space!r}; expected an Image.")
        self.low_, self.high_ = (told.number(facts[name], name) for name in ("low", "high"))
        told.expect(self.low_ <= self.high_, f"low is {self.low_}, above high, {self.high_}.")
        self.dtype_ = told.dtype_name(facts["dtype"])
        self.grey_ = told.flag(facts["grey"], "grey")
        self.channels_last_ = told.flag(facts["channels_last"], "channels_last")
        several = space.shape[0] > 1
        told.expect(not (several and self.grey_), "grey pictures have one channel.")
        told.expect(self.channels_last_ or not several, "colour pictures have their channels last.")
        return self

    @property
    def _range(self) -> float:
        return self.high_ - self.low_ or 1.0

    def _support(self, values: np.ndarray) -> Support:
        two = _of_two(values, self.low_, self.high_)
        if self.support == "binary" and not two:
            raise SupportError(
                "Pixels were asked for as 'binary', and these take more than two values, from "
                f"{self.low_:g} to {self.high_:g}. Use 'unit', or make them black and white."
            )
        found: Support = "binary" if two else "unit"
        return found if self.support in (None, "real") else self.support

    def _check_range(self, values: np.ndarray) -> None:
        """Raise `SupportError` for pixels that the fitted ones tell to be of another kind."""
        if self.beyond:
            return
        two = self.space_.support == "binary"
        fixed = (self.low_, self.high_) in FIXED or self.support in ("unit", "binary")
        low, high = _ends(values)
        outside = fixed and (low < self.low_ or high > self.high_)
        if outside or (two and not _of_two(values, self.low_, self.high_)):
            raise SupportError(
                f"Pixels from {low:g} to {high:g} were given; the model was fitted to "
                f"{'nothing but' if two else 'pixels from'} {self.low_:g} {'and' if two else 'to'} "
                f"{self.high_:g}. Bring them to these, or fit a model to such pictures."
            )

    def _read(self, files: Files) -> np.ndarray:
        """Decode the files to learn from: in grey, and in 16 bits, where that loses nothing."""
        found = list(files.headers())
        size = self.size or found[0].size
        if self.size is None:
            check_sizes(found, size)
        grey = all(each.grey for each in found)
        return files.read(size, grey, grey and any(each.deep for each in found))


def _pictures(X: Any) -> "np.ndarray | Files":
    """Return an array of pictures, or the files of a folder."""
    if isinstance(X, (str, Path)):
        return files_in(Path(X))
    if isinstance(X, Files):
        return X
    values = np.asarray(plain(X))
    if values.ndim not in (3, 4) or values.dtype.kind not in "buif":
        raise DataError(
            f"An array of shape {values.shape} and dtype {values.dtype} was given; expected "
            "numbers of shape (n, height, width) or (n, height, width, channels)."
        )
    if values.ndim == 4 and values.shape[1] in (1, 3, 4) and min(values.shape[2:]) > 4:
        raise DataError(
            f"Pictures of shape {values.shape} were given, which look as if they were "
            "channels-first; expected (n, height, width, channels): np.moveaxis(X, 1, 3) brings "
            f"them there. If they are {values.shape[1]} high, pad them to a height of 5 or more."
        )
    if not len(values):
        raise DataError("0 pictures were given; expected at least one.")
    if not values.size:
        raise DataError(
            f"Pictures of shape {values.shape[1:]} were given, without a pixel; expected sides of "
            "at least 1."
        )
    return values


def _of_two(values: np.ndarray, low: float, high: float) -> bool:
    return bool(((values == low) | (values == high) | (values != values)).all())  # NaN


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest of the known values."""
    return float(np.fmin.reduce(values, axis=None)), float(np.fmax.reduce(values, axis=None))


def _limits(values: np.ndarray, files: bool) -> tuple[float, float]:
    if files or values.dtype == np.uint8:
        return 0.0, float(np.iinfo(values.dtype).max)
    low, high = _ends(values)
    if low != low:  # NaN
        raise DataError("No pixel is known: there is nothing but NaN. Expected some numbers.")
    return (0.0, 1.0) if 0 <= low and high <= 1 else (low, high)
