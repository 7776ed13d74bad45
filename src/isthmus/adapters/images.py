"""Images: pictures, as arrays or as files in a folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from isthmus.adapters.base import Adapter, cast, check_enough, check_finite, in_parts, known, single
from isthmus.errors import DataError, SupportError, require
from isthmus.space import Batch, Image, Support

ENDINGS = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Files:
    """Pictures that are still on disk: sliced freely, read when asked."""

    paths: Sequence[Path]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: slice) -> "Files":
        return Files(self.paths[rows])

    def sizes(self) -> Iterator[tuple[Path, tuple[int, int], bool]]:
        """Yield each picture's path, (height, width) and whether it is grey, without decoding."""
        for path in self.paths:
            with _opened(path) as picture:
                yield path, (picture.height, picture.width), picture.mode in ("1", "L")

    def read(self, size: tuple[int, int], grey: bool) -> np.ndarray:
        """Decode the pictures: ``(n, h, w)`` or ``(n, h, w, 3)``, of uint8."""
        return np.stack([_decoded(path, size, grey) for path in self.paths])


class Images(Adapter):
    """Pictures: ``(n, h, w)`` or ``(n, h, w, c)`` arrays, or a folder of PNG or JPEG files.

    Pixels are brought to [0, 1]: bytes by 255, other numbers by the least and the greatest
    seen in training (floats within [0, 1] stay). What comes back is clipped to that range.

    Parameters
    ----------
    support
        ``"unit"``, ``"binary"``, or None: ``"binary"`` if there is nothing but black and
        white.
    size
        ``(height, width)`` to bring the files of a folder to; None: they must be alike.

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

    def __init__(self, support: Support | None = None, size: tuple[int, int] | None = None) -> None:
        super().__init__(support)
        self.size = size

    def fit(self, X: Any) -> Self:
        """Learn the size, the channels and the range of the pixels."""
        if self.support == "categories":
            raise SupportError(
                "Pixels were asked for as categories; expected 'unit' or 'binary'. Use "
                "likelihood=Normal() or Bernoulli()."
            )
        rows = _pictures(X)
        check_enough(len(rows))
        self.grey_, shape = self._shape(rows)
        values = rows.read((shape[0], shape[1]), self.grey_) if isinstance(rows, Files) else rows
        check_finite(values, "X")
        self.channels_last_ = values.ndim == 4
        self.dtype_ = values.dtype.name
        self.low_, self.high_ = _limits(values)
        channels = shape[2] if len(shape) > 2 else 1
        support = self._support(values)
        holes = bool(np.isnan(values.sum(dtype=np.float64)))
        self.space_ = Image(channels, *shape[:2], support=support, holes=holes)
        return self

    def rows(self, X: Any) -> np.ndarray | Files:
        """Return the pictures, checked: of the size that was fitted."""
        rows = _pictures(X)
        expected = (self.space_.shape[1], self.space_.shape[2])
        if isinstance(rows, Files):
            if self.size is None:
                _check_sizes(rows, expected)
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
        values = rows.read((height, width), self.grey_) if isinstance(rows, Files) else rows
        self._check_range(values)
        scaled = (values.astype(np.float32) - np.float32(self.low_)) / np.float32(self._range)
        pictures = np.moveaxis(scaled, 3, 1) if scaled.ndim == 4 else scaled[:, None]
        return Batch(*known(np.ascontiguousarray(pictures), self.space_.holes))

    def inverse_transform(self, x: Tensor, like: Any = None) -> np.ndarray:
        """Return an array of pictures in the fitted range and dtype."""
        dtype = np.dtype(self.dtype_)
        pixels = x.movedim(1, 3) if self.channels_last_ else x[:, 0]
        return in_parts(
            pixels, lambda values: cast(values.clip(0, 1) * self._range + self.low_, dtype)
        )

    def one(self, row: Any) -> Any:
        """Return a picture, or pictures of which there is one, as an array of one."""
        if isinstance(row, (str, Path, Files)):
            return single(_pictures(row))
        values = np.asarray(row)
        return single(values[None] if values.ndim == 2 + self.channels_last_ else values)

    def log_volume(self) -> Tensor:
        """Return ``-log(high - low)`` of each pixel; zero where they are black or white."""
        if self.space_.support == "binary":
            return torch.zeros((), dtype=torch.float64)
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
        self.low_, self.high_ = float(facts["low"]), float(facts["high"])
        self.dtype_ = np.dtype(facts["dtype"]).name
        self.grey_, self.channels_last_ = bool(facts["grey"]), bool(facts["channels_last"])
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
        two = self.space_.support == "binary"
        fixed = (self.low_, self.high_) in ((0.0, 1.0), (0.0, 255.0))
        low, high = _ends(values)
        outside = fixed and (low < self.low_ or high > self.high_)
        if outside or (two and not _of_two(values, self.low_, self.high_)):
            raise SupportError(
                f"Pixels from {low:g} to {high:g} were given; the model was fitted to "
                f"{'nothing but' if two else 'pixels from'} {self.low_:g} {'and' if two else 'to'} "
                f"{self.high_:g}. Bring them to these, or fit a model to such pictures."
            )

    def _shape(self, rows: "np.ndarray | Files") -> tuple[bool, tuple[int, ...]]:
        if isinstance(rows, np.ndarray):
            return rows.ndim == 3, rows.shape[1:]
        found = list(rows.sizes())
        size = self.size or found[0][1]
        if self.size is None:
            _check_sizes(rows, size)
        grey = all(each for _, _, each in found)
        return grey, size if grey else (*size, 3)


def _pictures(X: Any) -> "np.ndarray | Files":
    """Return an array of pictures, or the files of a folder."""
    if isinstance(X, (str, Path)):
        return files_in(Path(X))
    if isinstance(X, Files):
        return X
    values = np.asarray(X)
    if values.ndim not in (3, 4) or values.dtype.kind not in "buif":
        raise DataError(
            f"An array of shape {values.shape} and dtype {values.dtype} was given; expected "
            "numbers of shape (n, height, width) or (n, height, width, channels)."
        )
    if values.ndim == 4 and values.shape[1] <= 4 < values.shape[3]:
        raise DataError(
            f"Pictures of shape {values.shape} look channels-first; expected (n, height, width, "
            "channels): np.moveaxis(X, 1, 3) brings them there."
        )
    if not len(values):
        raise DataError("0 pictures were given; expected at least one.")
    return values


def files_in(path: Path) -> Files:
    """Return the PNG and JPEG files in a folder, and in those inside it, in order."""
    if not path.is_dir():
        raise DataError(f"{path} is no folder; expected a folder of PNG or JPEG files.")
    paths = sorted(each for each in path.rglob("*") if each.suffix.lower() in ENDINGS)
    if not paths:
        raise DataError(f"{path} holds no picture; expected files ending in {', '.join(ENDINGS)}.")
    return Files(paths)


def _check_sizes(files: Files, expected: tuple[int, int]) -> None:
    for path, size, _ in files.sizes():
        if size != expected:
            raise DataError(
                f"{path} is {size[0]} x {size[1]} pixels; expected {expected[0]} x {expected[1]} "
                "like the others. Name a size to bring them all to: "
                f"adapter=Images(size=({expected[0]}, {expected[1]}))."
            )


def _of_two(values: np.ndarray, low: float, high: float) -> bool:
    return bool(((values == low) | (values == high) | (values != values)).all())  # NaN


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest of the known values."""
    return float(np.fmin.reduce(values, axis=None)), float(np.fmax.reduce(values, axis=None))


def _limits(values: np.ndarray) -> tuple[float, float]:
    if values.dtype == np.uint8:
        return 0.0, 255.0
    low, high = _ends(values)
    if low != low:  # NaN
        raise DataError("No pixel is known: there is nothing but NaN. Expected some numbers.")
    return (0.0, 1.0) if 0 <= low and high <= 1 else (low, high)


def _opened(path: Path) -> Any:
    image = require("PIL.Image", "images")
    try:
        return image.open(path)
    except OSError as error:
        raise DataError(
            f"{path} can't be read as a picture: {error}. Replace it, or take it out of the folder."
        ) from error


def _decoded(path: Path, size: tuple[int, int], grey: bool) -> np.ndarray:
    with _opened(path) as picture:
        try:
            plain = picture.convert("L" if grey else "RGB")
        except OSError as error:
            raise DataError(
                f"{path} is damaged: {error}. Replace it, or take it out of the folder."
            ) from error
        if (plain.height, plain.width) != size:
            plain = plain.resize((size[1], size[0]))
        return np.asarray(plain)
