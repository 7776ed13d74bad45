"""Files: tables, arrays and pictures on disk, read with care and written whole."""

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from math import ceil, sqrt
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from isthmus.adapters import Files
from isthmus.adapters.folders import pictures_or_sounds
from isthmus.adapters.sound_files import are_sounds
from isthmus.cli import screen, sounds
from isthmus.errors import DataError, require
from isthmus.writing import whole_file, whole_folder

TABLES = (".csv", ".parquet")
ARRAYS = (".npy",)
LINES = ".txt"
Readable = pd.DataFrame | pd.Series | np.ndarray | Files | list[Path]

Kind = Literal["pictures", "series", "sounds", "texts", "figures"]
"""What is written: pictures, series in time, sounds, texts, or tables of figures."""
GOES: dict[Kind, tuple[tuple[str, ...], str]] = {
    "pictures": (
        (*ARRAYS, ".png", ""),
        "a folder, a .png file for one sheet of them, or a .npy file",
    ),
    "series": (ARRAYS, "a .npy file"),
    "sounds": (("",), "a folder, for WAV files"),
    "texts": ((LINES, *TABLES), "a .txt file, for one a line, or a .csv or .parquet file"),
    "figures": ((*TABLES, *ARRAYS), "a .csv, .parquet or .npy file"),
}
"""Which endings each has, and where it goes."""

SEPARATORS = ",;\t|"
HOLES = ["?", " ?"]
"""What stands for a missing value, besides what pandas takes for one."""
DATED = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d|$)")
"""How a text begins that may be a date as ISO 8601 writes it."""
SEEN = 64
"""How tall a picture on a sheet should be, in pixels."""
WIDEST = 12
"""How many pictures stand side by side on a sheet, at most."""


def read(path: Path, missing: Sequence[str] = (), text: str | None = None) -> Readable:
    """Read a CSV, Parquet or NPY file, or find the pictures or sounds in a folder.

    These stay on disk until they are asked for. Cells that hold one of the ``missing``
    texts are unknown, beside those that are empty; but in a CSV file's column ``text`` all is as
    it is written.

    Raises
    ------
    DataError
        If the file is missing, empty, damaged, or of another kind.
    """
    if are_sounds(path):
        return sounds.found(path)
    if path.is_dir():
        return pictures_or_sounds(path)
    if not path.exists():
        raise DataError(
            f"{path} does not exist. Name a CSV, Parquet or NPY file, or a folder "
            "of PNG or JPEG pictures."
        )
    readers = {
        ".csv": lambda place: _read_csv(place, missing, text),
        ".parquet": lambda place: _emptied(_read_parquet(place), missing),
        ".npy": _read_npy,
    }
    if path.suffix.lower() not in readers:
        raise DataError(
            f"{path} {_ends(path)}; expected .csv, .parquet or .npy, or a folder of "
            "PNG or JPEG pictures. Convert it to one of these."
        )
    found = readers[path.suffix.lower()](path)
    if not len(found):
        raise DataError(f"{path} holds no rows; expected at least one.")
    return found


def check_writable(path: Path, kind: Kind) -> None:
    """Raise `DataError` if `write` can't put such data to ``path``: before any work is done."""
    ending, pictures = path.suffix.lower(), kind == "pictures"
    endings, place = GOES[kind]
    if ending not in endings:
        raise DataError(
            f"{kind.capitalize()} don't go into a file that {_ends(path)}: name {place}."
        )
    if ending and path.is_dir():
        raise DataError(f"{path} is a folder; expected a file that ends in {ending!r}.")
    if ending == "" and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError(
            f"{path} exists and is not an empty folder; nothing was written. Name "
            "another folder, or remove it."
        )
    if ending == ".parquet":
        require("pyarrow", "frames")
    elif pictures and ending not in ARRAYS:
        require("PIL", "images")
    elif kind == "sounds":
        require("soundfile", "sound")


def write(path: Path, values: pd.DataFrame | np.ndarray) -> None:
    """Write a table or an array, by the file's ending: whole, or not at all."""
    ending = path.suffix.lower()
    with whole_file(path) as file:
        if ending == ".npy":
            np.save(file, np.ascontiguousarray(values), allow_pickle=False)
            return
        frame = pd.DataFrame(values)
        named = not isinstance(frame.index, pd.RangeIndex)
        if ending == ".csv":
            frame.to_csv(file, index=named, mode="wb")
        else:
            frame.to_parquet(file, index=named)


def write_pictures(
    path: Path,
    pictures: np.ndarray,
    limits: tuple[float, float],
    names: Sequence[str] | None = None,
) -> None:
    """Write pictures ``(n, h, w)`` or ``(n, h, w, c)``: an array, one sheet, or a folder.

    Parameters
    ----------
    path
        A ``.npy`` or ``.png`` file, or else a folder.
    pictures
        In units of their own.
    limits
        What is black, and what is white.
    names
        The files in the folder, without their endings; None: numbers.
    """
    if path.suffix.lower() == ".npy":
        write(path, pictures)
        return
    low, high = limits
    scaled = (pictures.astype(np.float64) - low) / ((high - low) or 1.0) * 255
    pixels = np.rint(scaled).clip(0, 255).astype(np.uint8)
    if pixels.ndim == 4 and pixels.shape[3] == 1:
        pixels = pixels[..., 0]
    if path.suffix.lower() == ".png":
        with whole_file(path) as file:
            _save(_sheet(pixels), file)
    else:
        _write_folder(path, pixels, names)


def layout(path: Path) -> tuple[str, list[str] | None]:
    """Return what parts the cells of a CSV file, and the names in its first line, if it has any."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
    separator = max(SEPARATORS, key=first.count)
    names = next(csv.reader([first], delimiter=separator), [])
    return separator, names if _header(names) == 0 else None


def _emptied(frame: pd.DataFrame, missing: Sequence[str]) -> pd.DataFrame:
    """Return a table with holes where one of the texts stands."""
    texts = frame.select_dtypes(["object", "string"]).columns if missing else []
    for name in texts:
        frame[name] = frame[name].mask(frame[name].isin(list(missing)))
    return frame


def _read_csv(path: Path, missing: Sequence[str] = (), text: str | None = None) -> pd.DataFrame:
    try:
        separator, names = layout(path)
        header = None if names is None else 0
        found = pd.read_csv(path, sep=separator, header=header, na_values=[*HOLES, *missing])
        if text in found.columns:
            found[text] = pd.read_csv(
                path, sep=separator, usecols=[text], dtype=object, na_filter=False
            )
    except (OSError, UnicodeDecodeError, ValueError) as error:  # pandas' own are ValueErrors
        said = "it is empty" if not path.stat().st_size else str(error).strip()
        raise _unreadable(path, "a CSV table", said) from error
    if header is None:
        screen.note(
            f"The first line of {path} holds numbers, so it was read as a row, not as names; the "
            f"columns are called 0 to {len(found.columns) - 1}."
        )
    if isinstance(found.columns[0], str) and found.columns[0].startswith("Unnamed: 0"):
        # Written with row names.
        return _dated(found.set_index(found.columns[0]).rename_axis(None))
    return _dated(found.set_axis([str(name) for name in found.columns], axis=1))


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its texts that are dates, such as 2026-05-17 or with a time, as such."""
    for name in frame.columns:
        values: Any = frame[name]
        first = next(iter(values.dropna()), None)
        if isinstance(first, str) and DATED.match(first):
            with suppress(ValueError, TypeError):  # others are texts
                frame[name] = pd.to_datetime(values, format="ISO8601")
    return frame


def _header(names: Sequence[str]) -> int | None:
    """Return the header's line, or None where the first line is data: a number is no name.

    Columns that are counted up, perhaps after an unnamed one of row names, are named so.
    """
    plain = [name.strip() for name in names]
    named = [name for name in plain if name]
    counted = named == [str(place) for place in range(len(named))]
    number = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
    return None if any(number.fullmatch(name) for name in named) and not counted else 0


def _read_parquet(path: Path) -> pd.DataFrame:
    require("pyarrow", "frames")
    try:
        found = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's own are ValueErrors
        raise _unreadable(path, "a Parquet table", str(error)) from error
    return found.set_axis([str(name) for name in found.columns], axis=1)


def _read_npy(path: Path) -> np.ndarray:
    try:
        found = np.load(path, allow_pickle=False)  # a pickle could run anything
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, "an array of numbers", str(error)) from error
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "buif":
        raise _unreadable(path, "an array of numbers", f"it holds {getattr(found, 'dtype', found)}")
    if found.ndim not in (2, 3, 4):
        raise DataError(
            f"{path} holds an array of shape {found.shape}; expected (n, features), "
            "pictures (n, height, width) or (n, height, width, channels), or series "
            "(n, steps, channels)."
        )
    return found


def _write_folder(folder: Path, pixels: np.ndarray, names: Sequence[str] | None) -> None:
    digits = len(str(len(pixels) - 1))
    if names is None or len(set(names)) < len(pixels):
        names = [f"{place:0{digits}}" for place in range(len(pixels))]
    with whole_folder(folder) as made:
        for name, picture in zip(names, pixels, strict=True):
            file = made / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            _save(picture, file)


def _sheet(pixels: np.ndarray) -> np.ndarray:
    """Return all pictures as one: a row of them while they are few, else a square."""
    n, height, width = pixels.shape[:3]
    columns = n if n <= WIDEST else min(WIDEST, ceil(sqrt(n)))
    rows, grow, gap = ceil(n / columns), max(1, round(SEEN / height)), 4
    sheet = np.full(
        (
            rows * (height * grow + gap) + gap,
            columns * (width * grow + gap) + gap,
            *pixels.shape[3:],
        ),
        255,
        np.uint8,
    )
    for place, picture in enumerate(pixels.repeat(grow, axis=1).repeat(grow, axis=2)):
        top, left = (
            (height * grow + gap) * (place // columns) + gap,
            (width * grow + gap) * (place % columns) + gap,
        )
        sheet[top : top + height * grow, left : left + width * grow] = picture
    return sheet


def _save(pixels: np.ndarray, file: Any) -> None:
    if pixels.ndim == 3 and pixels.shape[2] not in (3, 4):
        raise DataError(
            f"Pictures of {pixels.shape[2]} channels can't be written as PNG; expected "
            "1, 3 or 4. Write them to a .npy file."
        )
    require("PIL.Image", "images").fromarray(pixels).save(file, format="PNG")


def _ends(path: Path) -> str:
    return f"ends in {path.suffix!r}" if path.suffix else "has no ending"


def _unreadable(path: Path, kind: str, said: str) -> DataError:
    return DataError(
        f"{path} can't be read as {kind}: {said.rstrip('.')}. Check that it is "
        "complete and what its name says, and write it again."
    )
