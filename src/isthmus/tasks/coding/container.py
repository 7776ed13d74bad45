"""The container: a code with all that is needed to know whether it is whole, and whose it is.

    magic  version  length  header's length  header (JSON, deflated)  blobs …  checksum

Integers are little-endian. The checksum is BLAKE2b over everything before it.
"""

import hashlib
import json
import struct
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from isthmus.errors import DataError, IsthmusError
from isthmus.tasks.coding import fixed

MAGIC = b"\x89ISTHMUS"
VERSION = 1
FIXED = struct.Struct("<8sHQI")
CHECK = 16
REMEDY = "Fetch the file again, from where it is whole."


@dataclass
class Container:
    """A code: what it holds, and the bytes.

    Attributes
    ----------
    model
        The key of the model that made it.
    about
        What is needed to make the data of it again, as plain data.
    blobs
        The bytes, by name.
    """

    model: bytes
    about: dict[str, Any]
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def written(self) -> bytes:
        """Return it as bytes."""
        sizes = {name: len(each) for name, each in self.blobs.items()}
        text = {"arithmetic": fixed.VERSION, "model": self.model.hex(), "blobs": sizes}
        header = zlib.compress(json.dumps(text | self.about, separators=(",", ":")).encode(), 9)
        body = header + b"".join(self.blobs.values())
        front = FIXED.pack(MAGIC, VERSION, FIXED.size + len(body) + CHECK, len(header))
        return front + body + _checksum(front + body)


def read(data: object) -> Container:
    """Read what `Container.written` wrote.

    Raises
    ------
    DataError
        If it is no container, one of a later version, cut short, or damaged.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise DataError(f"A {type(data).__name__} was given; expected bytes, as compress returns.")
    given = bytes(data)
    if given[: len(MAGIC)] != MAGIC[: len(given)] or not given:
        raise DataError(
            "This is no file of Isthmus's compression: it begins otherwise. Give what compress "
            "wrote."
        )
    if len(given) < FIXED.size + CHECK:
        raise DataError(f"The code is cut short after {len(given)} bytes. {REMEDY}")
    _, version, length, _ = FIXED.unpack_from(given)
    if version != VERSION:
        raise DataError(
            f"The code is of version {version}, and this Isthmus reads version {VERSION}. If it "
            "was written by a later one, install that; otherwise it is damaged."
        )
    if len(given) < length:
        raise DataError(f"The code is cut short: {len(given)} bytes of {length}. {REMEDY}")
    if len(given) > length or _checksum(given[:-CHECK]) != given[-CHECK:]:
        raise DataError(f"The code is damaged: its checksum is another. {REMEDY}")
    with sound():
        return _opened(given)


@contextmanager
def sound() -> Generator[None]:
    """Raise `DataError` for whatever else goes wrong: the code is whole, and yet none of ours."""
    try:
        yield
    except IsthmusError:
        raise
    except Exception as error:
        raise DataError(
            f"The code is whole, but holds what no compress wrote ({type(error).__name__}: "
            f"{error}). Make it again from the data."
        ) from error


def _opened(given: bytes) -> Container:
    start = FIXED.size + FIXED.unpack_from(given)[-1]
    about: dict[str, Any] = json.loads(zlib.decompress(given[FIXED.size : start]))
    arithmetic = about.pop("arithmetic")
    if arithmetic != fixed.VERSION:
        raise DataError(
            f"The code was made with arithmetic {arithmetic}, and this Isthmus has "
            f"{fixed.VERSION}: read it with the version that wrote it."
        )
    blobs: dict[str, bytes] = {}
    sizes: dict[str, int] = about.pop("blobs")
    for name, size in sizes.items():
        blobs[name] = given[start : start + size]
        start += size
    return Container(bytes.fromhex(about.pop("model")), about, blobs)


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=CHECK).digest()
