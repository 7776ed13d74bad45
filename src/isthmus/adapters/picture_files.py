"""Picture files: pictures that stay on disk until they are asked for."""

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import DataError, require

ENDINGS = (".png", ".jpg", ".jpeg")
DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
"""What Pillow calls pictures of 16 bits, which are all grey."""
GREY = ("1", "L", "LA", "La", *DEEP)
STEPS = 257
"""How many steps of 16 bits make one of 8."""


@dataclass(frozen=True)
class Header:
    """What a picture's file says before it is decoded: path, (height, width), mode."""

    path: Path
    size: tuple[int, int]
    grey: bool
    deep: bool


@dataclass(frozen=True)
class Files:
    """Pictures that are still on disk: sliced freely, read when asked."""

    paths: Sequence[Path]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: slice) -> "Files":
        return Files(self.paths[rows])

    def headers(self) -> Iterator[Header]:
        """Yield what each file says of its picture, without decoding it."""
        for path in self.paths:
            with _opened(path) as picture:
                mode, size = picture.mode, (picture.height, picture.width)
            yield Header(path, size, mode in GREY, mode in DEEP)

    def read(self, size: tuple[int, int], grey: bool, deep: bool = False) -> np.ndarray:
        """Decode the pictures: ``(n, h, w)`` or ``(n, h, w, 3)``, of uint8, or uint16 if deep.

        Transparency is dropped, and pictures of 8 and of 16 bits are brought to one scale.
        """
        return np.stack([_decoded(path, size, grey, deep) for path in self.paths])


def files_in(path: Path) -> Files:
    """Return the PNG and JPEG files in a folder, and in those inside it, in order."""
    if not path.is_dir():
        raise DataError(f"{path} is no folder; expected a folder of PNG or JPEG files.")
    paths = sorted(each for each in path.rglob("*") if each.suffix.lower() in ENDINGS)
    if not paths:
        raise DataError(f"{path} holds no picture; expected files ending in {', '.join(ENDINGS)}.")
    return Files(paths)


def check_sizes(headers: Iterator[Header] | Sequence[Header], expected: tuple[int, int]) -> None:
    """Raise `DataError` for a picture that is not of the expected (height, width)."""
    for each in headers:
        if each.size != expected:
            raise DataError(
                f"{each.path} is {each.size[0]} x {each.size[1]} pixels; expected {expected[0]} x "
                f"{expected[1]} like the others. Name a size to bring them all to: "
                f"adapter=Images(size=({expected[0]}, {expected[1]}))."
            )


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    image: Any = require("PIL.Image", "images")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", image.DecompressionBombWarning)
            picture = image.open(path)
    except (image.DecompressionBombError, image.DecompressionBombWarning) as error:
        raise DataError(
            f"{path} is too large to be read safely: {error} Scale it down, take it out of the "
            "folder, or raise PIL.Image.MAX_IMAGE_PIXELS if you trust it."
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(
            f"{path} can't be read as a picture: {error}. Replace it, or take it out of the folder."
        ) from error
    with picture:
        yield picture


def _decoded(path: Path, size: tuple[int, int], grey: bool, deep: bool) -> np.ndarray:
    with _opened(path) as picture:
        try:
            plain = _in_mode(picture, grey)
        except (OSError, SyntaxError, ValueError) as error:
            raise DataError(
                f"{path} is damaged: {error}. Replace it, or take it out of the folder."
            ) from error
    if (plain.height, plain.width) != size:
        plain = plain.resize((size[1], size[0]))
    values = np.asarray(plain)
    if deep:
        return _whole(values.astype(np.float64) * STEPS, np.uint16)
    return values if values.dtype == np.uint8 else _whole(values, np.uint8)


def _in_mode(picture: Any, grey: bool) -> Any:
    """Return a picture in colour or grey: of 8 bits, or of floats from 0 to 255 where it has 16."""
    if picture.mode not in DEEP:
        return picture.convert("L" if grey else "RGB")
    image: Any = require("PIL.Image", "images")
    shares = np.asarray(picture).astype(np.float32) / STEPS
    return image.fromarray(shares if grey else _whole(shares, np.uint8)).convert(
        "F" if grey else "RGB"
    )


def _whole(values: np.ndarray, dtype: type[np.unsignedinteger[Any]]) -> np.ndarray:
    return np.rint(values).clip(0, np.iinfo(dtype).max).astype(dtype)
