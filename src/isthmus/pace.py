"""Pace: how many rows a step takes, and how far it goes, where nobody said so."""

from math import log2, sqrt
from typing import NamedTuple

BATCH = (32, 128)
"""Between how many rows a step takes, where they are chosen."""
STEPS = 16
"""About how many steps an epoch of few rows has."""
RATE = 1e-3
"""Adam's learning rate for the smallest of these batches."""


class Pace(NamedTuple):
    """How many rows a step takes, and Adam's learning rate."""

    batch_size: int
    learning_rate: float


STEADY = Pace(128, 1e-3)
"""Whatever the rows: what the networks were measured at that tasks make where none is given."""


def pace(rows: int, batch_size: int | None = None, learning_rate: float | None = None) -> Pace:
    """Return the batch size and the learning rate for so many ``rows``, as far as not given.

        B = 2^round(log2 max(rows / 16, 32 (r / 0.001)²)), held in [32, 128]
        r = 0.001 sqrt(min(B, 128) / 32)

    A small set has too few steps an epoch in large batches, and a large one takes longer in small
    ones. The noise of a step of Adam goes with ``r / sqrt(B)``: with that held, batches of
    different size train alike (Malladi, Lyu, Panigrahi and Arora, 2022, "On the SDEs and scaling
    rules for adaptive gradient algorithms", arXiv:2205.10287). Beyond 128 rows it is no longer
    the noise that bounds the rate, which stays where it is. A rate that is given, and would be
    too high for few rows, takes a batch large enough for it.

    Examples
    --------
    >>> pace(150), pace(1_000), pace(60_000)  # doctest: +NORMALIZE_WHITESPACE
    (Pace(batch_size=32, learning_rate=0.001), Pace(batch_size=64, learning_rate=0.0014),
     Pace(batch_size=128, learning_rate=0.002))
    >>> pace(150, batch_size=8).learning_rate, pace(150, learning_rate=1e-2).batch_size
    (0.0005, 128)
    """
    least, most = BATCH
    size, rate = batch_size, learning_rate
    if size is None:
        for_rate = least * min(float(rate or 0) / RATE, most) ** 2
        size = 2 ** round(log2(min(max(rows / STEPS, for_rate, least), most)))
    if rate is None:
        rate = float(f"{RATE * sqrt(min(size, most) / least):.2g}")
    return Pace(int(size), float(rate))
