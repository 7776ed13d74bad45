"""Laws: of what probability each symbol is, told in integers.

A law is made of the decoder's (or encoder's) own numbers, which are integers, and puts symbols
on a `Stack` or takes them off.
"""

from typing import Protocol, runtime_checkable

import numpy as np

from isthmus.tasks.coding import fixed
from isthmus.tasks.coding.stack import ODDS, Stack

BINS = 1 << fixed.BINS


@runtime_checkable
class Law(Protocol):
    """Symbols on a stack."""

    def push(self, stack: Stack, symbols: np.ndarray) -> None:
        """Put symbols on."""
        ...

    def pop(self, stack: Stack) -> np.ndarray:
        """Take them off."""
        ...


class Coins:
    """Zeros and ones by ``sigmoid(raw)``.

    Parameters
    ----------
    raw
        ``(B, *E)``, in units of ``fixed.ONE``.
    """

    def __init__(self, raw: np.ndarray) -> None:
        self.shape = raw.shape
        odds = fixed.sigmoid(raw.ravel()) >> (32 - ODDS)
        self.odds = odds.clip(1, (1 << ODDS) - 1)

    def push(self, stack: Stack, symbols: np.ndarray) -> None:
        """Put zeros and ones on, ``(B, *E)``."""
        stack.push(symbols.ravel(), self.odds)

    def pop(self, stack: Stack) -> np.ndarray:
        """Take them off."""
        return stack.pop(self.odds).reshape(self.shape)


class Ladder:
    """Symbols in order, by what lies below each: what the laws of ordered symbols share."""

    shape: tuple[int, ...]
    kinds: int

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return how much lies below each symbol, an integer that never falls."""
        raise NotImplementedError

    def push(self, stack: Stack, symbols: np.ndarray) -> None:
        """Put symbols on."""
        stack.push_symbols(symbols, self.below, self.kinds)

    def pop(self, stack: Stack) -> np.ndarray:
        """Take them off."""
        return stack.pop_symbols(self.shape, self.below, self.kinds)


class Codes(Ladder):
    """Codes under ``q(z | x)``: which bin of equal prior mass each lies in.

    Parameters
    ----------
    raw
        The encoder's numbers, ``(B, 2 d, *G)``.
    """

    kinds = BINS

    def __init__(self, raw: np.ndarray) -> None:
        self.mean, self.log_scale = np.split(raw, 2, axis=1)
        self.mean = self.mean.clip(-16 * fixed.ONE, 16 * fixed.ONE)
        self.shape = self.mean.shape

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return what of the bell lies below a bin."""
        reach = fixed.edges()[symbol] - self.mean
        inner = fixed.normal(fixed.scaled(reach, self.log_scale))
        return np.where(symbol == 0, 0, np.where(symbol == BINS, fixed.WHOLE, inner))

    def middle(self) -> np.ndarray:
        """Return the bin that the mean lies in."""
        return (np.searchsorted(fixed.edges(), self.mean, side="right") - 1).clip(0, BINS - 1)


class Bells(Ladder):
    """Levels by a mixture of discretised logistics.

    Parameters
    ----------
    raw
        The decoder's numbers, ``(B, 3 K, *E)``: weights, means and scales, as
        `DiscretisedLogistic` takes them.
    levels
        How many there are.
    """

    def __init__(self, raw: np.ndarray, levels: int) -> None:
        self.kinds = levels
        bells = raw.shape[1] // 3
        weight, mean, log_scale = np.split(raw, 3, axis=1)
        self.shape = (len(raw), *raw.shape[2:])
        self.weight = fixed.exp(weight - weight.max(1, keepdims=True)) >> 12
        self.total = self.weight.sum(1)
        apart = [((2 * each + 2) * fixed.ONE) // (bells + 1) - fixed.ONE for each in range(bells)]
        self.mean = (mean + np.array(apart).reshape(-1, *(1 for _ in self.shape[1:]))).clip(
            -16 * fixed.ONE, 16 * fixed.ONE
        )
        self.log_scale = log_scale.clip(-8 * fixed.ONE, 4 * fixed.ONE)

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return what of the bells lies below a level."""
        edge = ((2 * symbol - 1) * fixed.ONE) // (self.kinds - 1) - fixed.ONE
        sums = np.zeros(self.shape, np.int64)
        for k in range(self.weight.shape[1]):
            reach = fixed.scaled(edge - self.mean[:, k], self.log_scale[:, k])
            sums += self.weight[:, k] * fixed.sigmoid(reach)
        inner = sums // self.total
        return np.where(symbol == 0, 0, np.where(symbol == self.kinds, fixed.WHOLE, inner))


class Odds(Ladder):
    """Categories by ``softmax(raw)``.

    Parameters
    ----------
    raw
        The decoder's numbers, ``(N, kinds)``.
    """

    def __init__(self, raw: np.ndarray) -> None:
        self.shape, self.kinds = raw.shape[:1], raw.shape[1]
        weight = np.maximum(fixed.exp(raw - raw.max(1, keepdims=True)), 1)
        self.sums = np.concatenate([np.zeros((len(raw), 1), np.int64), weight.cumsum(1)], axis=1)

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return the weights of the categories below one, summed."""
        return np.take_along_axis(self.sums, symbol[:, None], 1)[:, 0]


class Categories:
    """Categories elementwise over ``(B, *E)``, of the decoder's ``(B, kinds, *E)``."""

    def __init__(self, raw: np.ndarray) -> None:
        moved = np.moveaxis(raw, 1, -1)
        self.shape = moved.shape[:-1]
        self.odds = Odds(moved.reshape(-1, moved.shape[-1]))

    def push(self, stack: Stack, symbols: np.ndarray) -> None:
        """Put categories on, ``(B, *E)``."""
        self.odds.push(stack, symbols.ravel())

    def pop(self, stack: Stack) -> np.ndarray:
        """Take them off."""
        return self.odds.pop(stack).reshape(self.shape)
