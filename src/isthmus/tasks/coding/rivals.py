"""Rivals: what other programs make of the same data, each at its best setting."""

import bz2
import gzip
import io
import lzma
from importlib.util import find_spec
from math import ceil, sqrt
from typing import Any

import numpy as np

from isthmus.errors import require

WIDEST = 16_383
"""The longest side of a picture that WebP holds."""


def sizes(X: Any) -> dict[str, int]:
    """Return the bytes of ``X`` as one file of each kind that there is for it.

    Of a table it is the CSV file that is compressed, and beside it stands Parquet with zstd; of
    zeros and ones the smaller of eight to a byte and one. PNG and WebP get pictures side by side
    on one sheet.

    Examples
    --------
    >>> sorted(sizes(np.zeros((9, 4), np.uint8)))
    ['bz2', 'gzip', 'xz']
    """
    if hasattr(X, "columns"):
        return _general([_csv(X)]) | _parquet(X)
    values = np.asarray(X)
    return _general(_plain(values)) | _pictures(values)


def _general(ways: list[bytes]) -> dict[str, int]:
    return {
        "gzip": min(len(gzip.compress(each, 9)) for each in ways),
        "bz2": min(len(bz2.compress(each, 9)) for each in ways),
        "xz": min(len(lzma.compress(each, preset=9 | lzma.PRESET_EXTREME)) for each in ways),
    }


def _plain(values: np.ndarray) -> list[bytes]:
    """Return an array as bytes, in ways worth trying."""
    if values.dtype.kind in "iuf" and values.min() >= 0 and values.max() <= 255:
        small = values.astype(np.uint8)
        values = small if np.array_equal(small, values) else values
    ways = [values.tobytes()]
    if len(np.unique(values)) <= 2:
        ways.append(np.packbits(values != values.min()).tobytes())
    return ways


def _pictures(values: np.ndarray) -> dict[str, int]:
    grey = values.ndim == 3 or (values.ndim == 4 and values.shape[3] in (1, 3))
    whole = values.dtype == bool or values.dtype == np.uint8
    if not grey or not whole or find_spec("PIL") is None:
        return {}
    picture = require("PIL.Image", "images")
    sheet = _sheet(values[..., 0] if values.ndim == 4 and values.shape[3] == 1 else values)
    two = len(np.unique(values)) <= 2
    black = picture.fromarray((sheet > sheet.min()) if two else sheet)
    full = picture.fromarray(((sheet > sheet.min()) * 255).astype(np.uint8) if two else sheet)
    found = {"PNG": _saved(black, format="PNG", optimize=True)}
    if max(sheet.shape[:2]) <= WIDEST:
        found["WebP"] = _saved(
            full.convert("RGB"), format="WEBP", lossless=True, quality=100, method=6
        )
    return found


def _saved(picture: Any, **how: Any) -> int:
    file = io.BytesIO()
    picture.save(file, **how)
    return len(file.getvalue())


def _sheet(values: np.ndarray) -> np.ndarray:
    """Return pictures ``(n, h, w, ...)`` side by side, in as many rows as columns."""
    n, height, width = values.shape[:3]
    across = ceil(sqrt(n))
    down = ceil(n / across)
    filled = np.zeros((down * across, *values.shape[1:]), values.dtype)
    filled[:n] = values
    laid = filled.reshape(down, across, *values.shape[1:]).swapaxes(1, 2)
    return laid.reshape(down * height, across * width, *values.shape[3:])


def _csv(X: Any) -> bytes:
    return (X.to_csv(index=False) if hasattr(X, "to_csv") else X.write_csv()).encode()


def _parquet(X: Any) -> dict[str, int]:
    if find_spec("pyarrow") is None:
        return {}
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_pandas(X) if hasattr(X, "iloc") else X.to_arrow()
    file = pa.BufferOutputStream()
    parquet.write_table(table, file, compression="zstd", compression_level=19)
    return {"Parquet, zstd": file.getvalue().size}
