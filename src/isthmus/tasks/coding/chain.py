"""The chain: rows on a stack, each paying with the bits that the one before laid there.

Bits back (Townsend, Bird and Barber, 2019, arXiv:1901.04866): of a row ``x`` a code is *taken
off* the stack by ``q(z | x)``, ``x`` is put on by ``p(x | z)`` and the code by ``p(z)``. In all
that costs ``log q(z | x) - log p(x | z) - log p(z)``, on average the negative ELBO. Rows go in
groups, whose networks and distributions are worked out together, and which grow with the stack.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from isthmus.errors import DataError
from isthmus.tasks.coding import fixed
from isthmus.tasks.coding.integers import Integers
from isthmus.tasks.coding.laws import BINS, Codes, Law
from isthmus.tasks.coding.stack import Stack

MOST = 256
"""Rows of a group, at most,"""
NUMBERS = 2**20
"""and at most how many numbers of the decoder's."""
RESERVE = 16
"""Bits on the stack for each number of a code, before rows are coded with bits back,"""
LEFT = 64
"""and how many must be left over."""
SURE = 16 * fixed.BINS + 8
"""More than a number of a code can take, however improbable."""


@runtime_checkable
class Symbols(Protocol):
    """What rows are made of, and how a model's numbers tell of them."""

    def seen(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what the encoder sees of rows of symbols, in multiples of ``1 / fixed.ONE``."""
        ...

    def law(self, raw: np.ndarray) -> Law:
        """Return the law of rows of symbols, of the decoder's numbers."""
        ...


@dataclass
class Spent:
    """How many bits a chain took.

    Attributes
    ----------
    gross
        All that are on the stack.
    initial
        Those of them that no row gave back: the ground, and what the first codes had to be
        written with.
    """

    gross: int
    initial: float


def encode(model: Integers, data: Symbols, symbols: np.ndarray) -> tuple[Stack, Spent]:
    """Put all rows on a stack."""
    stack, first = Stack(), 0
    initial = float(stack.bits)
    while first < len(symbols):
        size = _size(stack, model, len(symbols) - first)
        rows = symbols[first : first + max(1, size)]
        q = model.posterior(*data.seen(rows))
        bins = _taken(stack, q) if size else None
        if bins is None:
            size, rows = 0, rows[:1]
            q = model.posterior(*data.seen(rows))
            bins = q.middle()
            initial += _bits(q, bins)
        data.law(model.decoded(bins)).push(stack, rows)
        stack.push_even(bins.ravel(), BINS)
        stack.push_even(np.array([size]), MOST + 1)
        first += len(rows)
    return stack, Spent(stack.bits, initial)


def decode(model: Integers, data: Symbols, code: bytes, rows: int) -> np.ndarray:
    """Take all rows off again.

    Raises
    ------
    DataError
        If what is there was not put there by `encode` with the same model.
    """
    stack = Stack(code)
    parts: list[np.ndarray] = []
    while rows > 0 and not stack.low:
        size = int(stack.pop_even(1, MOST + 1)[0])
        count = max(1, size)
        bins = stack.pop_even(count * int(np.prod(model.codec.code_shape)), BINS)
        bins = bins.reshape(count, *model.codec.code_shape)
        found = data.law(model.decoded(bins)).pop(stack)
        if size:
            model.posterior(*data.seen(found)).push(stack, bins)
        parts.append(found)
        rows -= count
    if rows != 0 or not stack.empty:
        raise DataError(
            "The code doesn't come out even: it was not made with this model and this version of "
            "the arithmetic. Use those that made it."
        )
    return np.concatenate(parts[::-1])


def _size(stack: Stack, model: Integers, left: int) -> int:
    """Return how many rows the stack has the bits for; none: the next pays for itself."""
    most = int(np.clip(NUMBERS // model.codec.breadth, 1, MOST))
    needed = RESERVE * int(np.prod(model.codec.code_shape))
    return min(most, left, max(0, stack.bits - 2 * LEFT) // needed)


def _taken(stack: Stack, q: Codes) -> np.ndarray | None:
    """Take codes off, or nothing at all where the stack has too few bits after all."""
    before = None if stack.bits > LEFT + SURE * q.mean.size else stack.copy()
    bins = q.pop(stack)
    if before is not None and stack.bits < LEFT:
        stack.coder = before.coder
        return None
    return bins


def _bits(q: Codes, bins: np.ndarray) -> float:
    """Return ``-log2 q`` of bins: what a row would have given back."""
    share = (q.below(bins + 1) - q.below(bins)) / 2.0**32
    return float(-np.log2(np.maximum(share, 2.0**-32)).sum())
