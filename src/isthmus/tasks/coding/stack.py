"""The stack: bits in, bits out, by asymmetric numeral systems.

The entropy coder is `constriction` (Bamler, 2022, arXiv:2201.01741). Every symbol here is cut
into yes-or-no questions, each with odds in 2^16ths: ``constriction`` makes of those, exactly,
``floor((1 - p) (2^24 - 2)) + 1`` of 2^24 for "no".
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from isthmus.errors import require

ODDS = 16
"""Bits of a probability."""
GROUND = b"\0\0\0\x80"
"""What lies at the bottom. Whoever takes off more than was put on digs into it, and is told;
a stack of nothing would give zeros for ever."""
Below = Callable[[np.ndarray], np.ndarray]
"""From a symbol to how much of the whole lies below it: integers, never falling."""


class Stack:
    """Compressed words, last in first out.

    Parameters
    ----------
    data
        What to begin with, as `bytes` returned it.

    Examples
    --------
    >>> stack = Stack()
    >>> stack.push(np.array([1, 0, 1]), np.array([60000, 100, 30000]))
    >>> stack.pop(np.array([60000, 100, 30000])), stack.empty
    (array([1, 0, 1]), True)
    """

    def __init__(self, data: bytes = GROUND) -> None:
        coder = require("constriction", "compress").stream
        self.coin: Any = coder.model.Bernoulli(perfect=False)
        self.even: Any = coder.model.Uniform
        words = np.frombuffer(data, "<u4").astype(np.uint32)
        self.coder: Any = coder.stack.AnsCoder(words)

    @property
    def bits(self) -> int:
        """How many bits there are."""
        return int(self.coder.num_valid_bits())

    @property
    def low(self) -> bool:
        """Whether nothing can be taken off any more."""
        return self.bits <= 32

    @property
    def empty(self) -> bool:
        """Whether there is just the ground."""
        return self.low and self.bytes() == GROUND

    def bytes(self) -> bytes:
        """Return all of it."""
        return self.coder.get_compressed().astype("<u4").tobytes()

    def copy(self) -> "Stack":
        """Return another with the same on it."""
        made = Stack()
        made.coder = self.coder.clone()
        return made

    def push(self, answers: np.ndarray, odds: np.ndarray) -> None:
        """Put answers on, the last one first; ``odds`` of yes are in 2^16ths."""
        if len(answers):
            self.coder.encode_reverse(answers.astype(np.int32), self.coin, odds / (1 << ODDS))

    def pop(self, odds: np.ndarray) -> np.ndarray:
        """Take answers off, the first one first."""
        if not len(odds):
            return np.zeros(0, np.int64)
        return self.coder.decode(self.coin, odds / (1 << ODDS)).astype(np.int64)

    def push_even(self, symbols: np.ndarray, kinds: int) -> None:
        """Put on symbols that are all as likely, of ``kinds``."""
        if len(symbols) and kinds > 1:
            self.coder.encode_reverse(symbols.astype(np.int32), self.even(kinds))

    def pop_even(self, n: int, kinds: int) -> np.ndarray:
        """Take ``n`` of them off."""
        if not n or kinds == 1:
            return np.zeros(n, np.int64)
        return self.coder.decode(self.even(kinds), n).astype(np.int64)

    def push_symbols(self, symbols: np.ndarray, below: Below, kinds: int) -> None:
        """Put on symbols from 0 to ``kinds - 1``; ``below`` tells of each what lies below.

        A symbol is found by halving: is it in the upper half of what is left?
        """
        asked: list[tuple[np.ndarray, np.ndarray]] = []
        search = Search(symbols.shape, below, kinds)
        while search.goes_on:
            odds, sure = search.odds()
            upper = symbols >= search.middle
            asked.append((upper[~sure].astype(np.int64), odds[~sure]))
            search.narrow(upper)
        for answers, odds in reversed(asked):
            self.push(answers, odds)

    def pop_symbols(self, shape: tuple[int, ...], below: Below, kinds: int) -> np.ndarray:
        """Take off what `push_symbols` put on."""
        search = Search(shape, below, kinds)
        while search.goes_on:
            odds, sure = search.odds()
            upper = np.zeros(shape, bool)
            upper[~sure] = self.pop(odds[~sure]).astype(bool)
            search.narrow(upper)
        return search.low


class Search:
    """The halving of what symbols may be, for many of them at once.

    Attributes
    ----------
    low, middle
        The least that each may be, and the least of its upper half.
    """

    def __init__(self, shape: tuple[int, ...], below: Below, kinds: int) -> None:
        self.below, self.kinds = below, kinds
        self.step = 1 << max(0, (kinds - 1).bit_length())
        self.low = np.zeros(shape, np.int64)
        self.under = below(self.low)
        self.over = below(np.full(shape, kinds))
        self._halve()

    @property
    def goes_on(self) -> bool:
        """Whether any symbol may still be two."""
        return self.step >= 1

    def odds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the odds of the upper half, and where there is none."""
        whole = self.over - self.under
        share = ((self.over - self.at) << ODDS) // np.maximum(whole, 1)
        share = np.where(whole > 0, share, 1 << (ODDS - 1))
        return share.clip(1, (1 << ODDS) - 1), self.middle >= self.kinds

    def narrow(self, upper: np.ndarray) -> None:
        """Go on in the half that each symbol is in."""
        self.low = np.where(upper, self.middle, self.low)
        self.under = np.where(upper, self.at, self.under)
        self.over = np.where(upper, self.over, self.at)
        self._halve()

    def _halve(self) -> None:
        self.step >>= 1
        if self.goes_on:
            self.middle = self.low + self.step
            self.at = self.below(np.minimum(self.middle, self.kinds))
