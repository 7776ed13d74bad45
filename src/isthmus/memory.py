"""Memory: what one step frees is kept for the next, rather than handed back to the system."""

import ctypes
import sys
from collections.abc import Generator
from contextlib import contextmanager

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""By what numbers ``mallopt`` knows them: larger blocks, and more in a row, are handed back."""
USUAL = {MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26}
"""What glibc comes to by itself, of what a program frees."""
KEPT = {MMAP_THRESHOLD: 2**30, TRIM_THRESHOLD: 2**31 - 1}


@contextmanager
def kept() -> Generator[None]:
    """Have the C library keep, inside the block, what is freed; afterwards it is handed back.

    A block above 32 MB it hands back at once, and has it cleared page by page when the next step
    asks for its like: an LSTM's step, whose layers take such blocks, is half as long again so.
    Where the library isn't glibc nothing changes, nor in a thread beside the first, whose blocks
    glibc has elsewhere.

    Examples
    --------
    >>> with kept():
    ...     pass
    """
    glibc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if glibc is None or not hasattr(glibc, "mallopt"):
        yield
        return
    _set(glibc, KEPT)
    try:
        yield
    finally:
        _set(glibc, USUAL)
        glibc.malloc_trim(0)


def _set(glibc: ctypes.CDLL, thresholds: dict[int, int]) -> None:
    for which, size in thresholds.items():
        glibc.mallopt(which, size)
