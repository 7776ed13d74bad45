"""Dictionaries: the different values of a column, put down small and taken up exactly.

A column is an Arrow array; its values come out as they went in, whatever their type.
"""

import lzma
from typing import Any

import numpy as np

from isthmus.errors import DataError, require

FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
WIDE = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}


class Packer:
    """Arrays of integers and texts in one run of bytes, compressed together."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.sizes: list[list[int]] = []

    def integers(self, values: np.ndarray) -> None:
        """Add whole numbers, as differences where those are small."""
        steps = np.diff(values.astype(np.int64).view(np.uint64), prepend=np.uint64(0))
        zigzag = (steps << np.uint64(1)) ^ (-(steps >> np.uint64(63)).view(np.int64)).view(
            np.uint64
        )
        top = int(zigzag.max(initial=0))
        width = next(each for each in WIDE if top < 1 << (8 * each))
        # Byte by byte: the high ones are alike.
        planes = zigzag.astype(WIDE[width]).view(np.uint8).reshape(-1, width).T
        self.parts.append(planes.tobytes())
        self.sizes.append([len(values), width])

    def text(self, data: bytes) -> None:
        """Add bytes as they are."""
        self.parts.append(data)
        self.sizes.append([len(data), 0])

    def packed(self) -> bytes:
        """Return all of it, compressed."""
        return lzma.compress(b"".join(self.parts), lzma.FORMAT_RAW, filters=FILTERS)


class Unpacker:
    """What a `Packer` packed, in the same order."""

    def __init__(self, data: bytes, sizes: list[list[int]]) -> None:
        self.data = lzma.decompress(data, lzma.FORMAT_RAW, filters=FILTERS)
        self.sizes, self.place = iter(sizes), 0

    def _next(self) -> tuple[bytes, int]:
        n, width = next(self.sizes)
        first, self.place = self.place, self.place + n * max(1, width)
        return self.data[first : self.place], width

    def integers(self) -> np.ndarray:
        """Take whole numbers."""
        data, width = self._next()
        planes = np.frombuffer(data, np.uint8).reshape(width, -1).T
        zigzag = np.ascontiguousarray(planes).view(WIDE[width])[:, 0].astype(np.uint64)
        steps = (zigzag >> np.uint64(1)) ^ (-(zigzag & np.uint64(1)).view(np.int64)).view(np.uint64)
        return steps.cumsum(dtype=np.uint64).view(np.int64)

    def text(self) -> bytes:
        """Take bytes."""
        return self._next()[0]


def arrow() -> Any:
    """Return pyarrow."""
    return require("pyarrow", "frames")


def stream(table: Any) -> bytes:
    """Return an Arrow table as bytes."""
    sink = arrow().BufferOutputStream()
    with arrow().ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def table_of(data: bytes) -> Any:
    """Return the Arrow table that `stream` wrote."""
    return arrow().ipc.open_stream(data).read_all()


def split(column: Any) -> tuple[np.ndarray, Any]:
    """Return which value each row has, -1 where none, and the different values.

    Floats are told apart by their bits.
    """
    pa = arrow()
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(whole.type):
        return _indices(whole), whole.dictionary
    kind = whole.type
    plain = whole.view(_bits(kind)) if pa.types.is_floating(kind) else whole
    try:
        coded = plain.dictionary_encode()
    except pa.ArrowNotImplementedError as error:
        raise DataError(
            f"A column holds {kind}, whose values can't be told apart. Leave it out, or make "
            "texts of them."
        ) from error
    values = coded.dictionary
    return _indices(coded), values.view(kind) if pa.types.is_floating(kind) else values


def _bits(kind: Any) -> Any:
    return {16: arrow().uint16(), 32: arrow().int32(), 64: arrow().int64()}[kind.bit_width]


def _indices(coded: Any) -> np.ndarray:
    return coded.indices.cast(arrow().int64()).fill_null(-1).to_numpy(zero_copy_only=False)


def put(packer: Packer, values: Any) -> str:
    """Add the different values of a column, and return how."""
    pa = arrow()
    kind = values.type
    if pa.types.is_integer(kind) and kind.bit_width <= 64 and kind != pa.uint64():
        packer.integers(values.to_numpy(zero_copy_only=False))
        return "integers"
    if pa.types.is_floating(kind):
        numbers = values.to_numpy(zero_copy_only=False)
        if _whole(numbers):
            packer.integers(numbers.astype(np.int64))
            return "whole"
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = values.to_pylist()
        before = len(texts[0]) - len(texts[0].lstrip(" ")) if texts else 0
        found = _counted(texts, before)
        if found is not None:
            packer.integers(found)
            return f"digits after {before}"
    packer.text(stream(pa.table([values], names=[""])))
    return "arrow"


def take(unpacker: Unpacker, how: str, kind: Any) -> Any:
    """Take up what `put` put down, of an Arrow type."""
    pa = arrow()
    if how == "arrow":
        return table_of(unpacker.text()).column(0).combine_chunks()
    numbers = unpacker.integers()
    if how.startswith("digits"):
        before = " " * int(how.rpartition(" ")[2])
        return pa.array([f"{before}{each}" for each in numbers.tolist()], kind)
    if how == "whole":
        width = {16: np.float16, 32: np.float32, 64: np.float64}[kind.bit_width]
        return pa.array(numbers.astype(width), kind)
    return pa.array(numbers, pa.int64()).cast(kind)


def _whole(numbers: np.ndarray) -> bool:
    """Whether floats are whole numbers, none of them -0.0."""
    with np.errstate(invalid="ignore"):
        small = bool((np.abs(numbers) < 2.0**31).all())
    return small and bool(
        (numbers == np.rint(numbers)).all() and not (np.signbit(numbers) & (numbers == 0)).any()
    )


def _counted(texts: list[str], before: int) -> np.ndarray | None:
    """Return texts as whole numbers, if they all write such after so many spaces."""
    try:
        numbers = [int(each) for each in texts]
    except ValueError:
        return None
    same = all(" " * before + str(n) == text for n, text in zip(numbers, texts, strict=True))
    return np.array(numbers) if same and max(map(abs, numbers), default=0) < 2**62 else None
