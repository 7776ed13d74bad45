"""Ticks: times as whole numbers of a unit since their origin, and back."""

from typing import Any

import numpy as np

from isthmus.adapters.reading import Holds

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""How many of a unit make a second."""


def to_ticks(values: np.ndarray, unit: str) -> np.ndarray:
    """Return times, of whatever unit, in whole ones of ``unit``: ``int64``; NaT is the least."""
    kind = values.dtype.kind
    return values.astype(f"{kind}8[{unit}]").astype(np.int64)


def from_ticks(ticks: Any, holds: Holds, unit: str) -> Any:
    """Return whole numbers of ``unit`` as the times that they stand for."""
    kind = "m" if holds in ("time", "duration") else "M"
    return np.asarray(ticks, dtype=np.int64).astype(f"{kind}8[{unit}]")
