"""Facts: what an adapter learned, checked when it comes from a file that may be damaged."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus.errors import DataError

UNFIT = "What the adapter learned doesn't fit its space"
"""How every complaint begins."""


def expect(fine: bool, what: str) -> None:
    """Raise `DataError` where a fact doesn't fit: ``what`` says which, and what was expected."""
    if not fine:
        raise DataError(f"{UNFIT}: {what}")


def number(value: Any, name: str) -> float:
    """Return a finite number."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
    expect(bool(fine), f"{name} is {value!r}; expected a finite number.")
    return float(value)


def numbers(values: Any, name: str, n: int) -> np.ndarray:
    """Return ``n`` finite numbers."""
    expect(_many(values, n), f"{name} holds {_length(values)}; expected {n} numbers.")
    return np.array([number(each, f"a number of {name}") for each in values], np.float64)


def dtype_name(value: Any) -> str:
    """Return the name of a dtype of numbers."""
    try:
        dtype = np.dtype(value) if isinstance(value, str) else np.dtype(object)
    except TypeError:
        dtype = np.dtype(object)
    expect(dtype.kind in "buif", f"dtype is {value!r}; expected one of plain numbers.")
    return dtype.name


def flag(value: Any, name: str) -> bool:
    """Return a truth value."""
    expect(isinstance(value, bool), f"{name} is {value!r}; expected true or false.")
    return value


def labels(values: Any, name: str, n: int, kinds: tuple[type, ...]) -> list[Any]:
    """Return ``n`` labels, each of one of ``kinds`` and no two the same."""
    expect(_many(values, n), f"{name} holds {_length(values)}; expected {n} names.")
    odd = [each for each in values if not isinstance(each, kinds)]
    expect(not odd, f"{name} holds {odd[:1]}; expected names.")
    return list(values)


def distinct(values: Sequence[Any], name: str) -> None:
    """Raise `DataError` where a label stands twice."""
    expect(len(set(values)) == len(values), f"{name} holds a name twice; expected each once.")


def _many(values: Any, n: int) -> bool:
    return isinstance(values, list) and len(values) == n


def _length(values: Any) -> str:
    return f"{len(values)} of them" if isinstance(values, list) else repr(values)
