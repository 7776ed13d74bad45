"""Examples: the rows on which each code is strongest, found in one pass over them."""

from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

MOST = 10
"""How many rows are remembered for each code."""


class Entries(NamedTuple):
    """Numbers of a sparse code that aren't zero, each with its code and its row: ``(N,)``."""

    codes: np.ndarray
    rows: np.ndarray
    values: np.ndarray


class Examples(NamedTuple):
    """For each code the rows on which it is strongest, the strongest first.

    Attributes
    ----------
    rows
        ``(D, MOST)``, which; -1 beyond the last on which it is anything but zero.
    values
        ``(D, MOST)``, how strong it is there.
    """

    rows: Tensor
    values: Tensor

    @classmethod
    def among(cls, blocks: Iterable[Entries], codes: int, most: int = MOST) -> Self:
        """Return the ``most`` strongest of each of ``codes`` codes; of equals the first rows."""
        kept = Entries(np.empty(0, int), np.empty(0, int), np.empty(0, np.float32))
        for block in blocks:
            kept = _strongest(kept, block, most)
        rows, values = torch.full((codes, most), -1), torch.zeros(codes, most)
        place = kept.codes, _rank(kept.codes)
        rows[place], values[place] = torch.from_numpy(kept.rows), torch.from_numpy(kept.values)
        return cls(rows, values)

    def of(self, code: int, n: int = MOST) -> tuple[np.ndarray, np.ndarray]:
        """Return up to ``n`` rows of one code, and how strong it is there."""
        there = int((self.rows[code, :n] >= 0).sum())
        return self.rows[code, :there].numpy(), self.values[code, :there].numpy()


def _strongest(kept: Entries, block: Entries, most: int) -> Entries:
    """Return the ``most`` strongest entries of each code, in order."""
    both = Entries(*map(np.concatenate, zip(kept, block, strict=True)))
    # On a grid a code may speak several times in a row: its strongest word counts.
    order = np.lexsort((-both.values, both.rows, both.codes))
    both = _picked(both, order)
    first = np.ones(len(both.codes), bool)
    first[1:] = (np.diff(both.codes) != 0) | (np.diff(both.rows) != 0)
    both = _picked(both, np.flatnonzero(first))
    both = _picked(both, np.lexsort((both.rows, -both.values, both.codes)))
    return _picked(both, np.flatnonzero(_rank(both.codes) < most))


def _picked(entries: Entries, places: np.ndarray) -> Entries:
    return Entries(*(each[places] for each in entries))


def _rank(codes: np.ndarray) -> np.ndarray:
    """Return how many entries of the same code come before each, where they are in order."""
    return np.arange(len(codes)) - np.searchsorted(codes, codes)
