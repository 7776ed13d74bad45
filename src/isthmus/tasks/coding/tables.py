"""Tables: rows of columns of any kind, each value coded as one of those its column has.

The different values of each column go along with the code, so that they come back to the last
bit; a row then is which of them it has. How probable each is, the model says: of a category by
its odds, of a number by what of its normal distribution lies nearer to that value than to another,
mixed with how often the column has it.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

from isthmus.adapters import Adapter
from isthmus.adapters.tables import Tables
from isthmus.codec import Codec
from isthmus.space import Table
from isthmus.tasks.coding import fixed
from isthmus.tasks.coding.dictionaries import Packer, Unpacker
from isthmus.tasks.coding.integers import Integers
from isthmus.tasks.coding.laws import Ladder, Law
from isthmus.tasks.coding.stack import ODDS, Stack

PLACES = 8
"""Bits after the point of a number as the networks see it."""
KNOTS = 256
"""Beyond so many values a column's places are told at so many of them, and lie evenly between."""
SHARES = (1, 32, 64, 128, 192, 224, 255)
"""How much of 256 the frequencies of a column may say beside the model."""
SAMPLED = 1000
"""Rows to choose by."""
OFTEN = 8
"""Frequencies are told where a column has values so often, on average; else all count the same."""


@dataclass
class Cut:
    """What is known of a column's values, in integers.

    Attributes
    ----------
    values
        How many there are.
    share
        How much of 256 their frequencies say.
    number, category
        Which number or category of the model's tells of them; -1: none.
    unknown
        Of 2^16, how many rows have none.
    log_scale
        ``log s`` of its number, in units of ``fixed.ONE``.
    counts
        How often each comes.
    cells
        What each is in x, ``(values, cells)``, and whether it is known.
    """

    values: int
    share: int = 128
    number: int = -1
    category: int = -1
    unknown: int = 0
    log_scale: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    cells: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    known: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), bool))

    def told(self) -> dict[str, Any]:
        """Return the plain part of it."""
        arrays = ("counts", "cells", "known")
        return {name: each for name, each in asdict(self).items() if name not in arrays}

    def pack(self, packer: Packer, numbers: list[bool]) -> None:
        """Add the arrays."""
        packer.integers(self.counts if self.tells_counts else self.counts[:0])
        for at, number in enumerate(numbers):
            packer.integers(self.cells[_knots(self.values) if number else slice(None), at])
        packer.integers(self.known.ravel() if not self.known.all() else np.zeros(0))

    @property
    def tells_counts(self) -> bool:
        """Whether the frequencies are any but all the same."""
        return bool((self.counts > 1).any())

    @classmethod
    def unpack(cls, told: dict[str, Any], unpacker: Unpacker, numbers: list[bool]) -> Self:
        """Take up what `told` and `pack` put down."""
        made = cls(**told)
        counts = unpacker.integers()
        made.counts = counts if len(counts) else np.ones(made.values, np.int64)
        cells = [unpacker.integers() for _ in numbers]
        made.cells = np.zeros((made.values, len(numbers)), np.int64)
        for at, (number, each) in enumerate(zip(numbers, cells, strict=True)):
            made.cells[:, at] = _laid(each, made.values) if number else each
        known = unpacker.integers()
        made.known = np.ones(made.cells.shape, bool)
        if len(known):
            made.known = known.astype(bool).reshape(made.cells.shape)
        return made


def _knots(n: int) -> np.ndarray:
    """Return of which values the places are told, the first and the last among them."""
    if n <= KNOTS:
        return np.arange(n)
    return np.arange(KNOTS) * (n - 1) // (KNOTS - 1)


def _laid(told: np.ndarray, n: int) -> np.ndarray:
    """Return the places of all values, evenly between those that are told."""
    knots = _knots(n)
    place = np.arange(n)
    left = (np.searchsorted(knots, place, side="right") - 1).clip(0, max(len(knots) - 2, 0))
    if n <= KNOTS:
        return told
    span = knots[left + 1] - knots[left]
    return told[left] + (told[left + 1] - told[left]) * (place - knots[left]) // span


class Rows:
    """A table's rows as symbols: which of its values each column has, -1 where none.

    Parameters
    ----------
    codec, adapter
        Of a fitted model.
    cuts
        What is known of each column; the first are the model's own, in its order.
    """

    def __init__(self, codec: Codec, adapter: Adapter, cuts: list[Cut]) -> None:
        assert isinstance(adapter, Tables)
        assert isinstance(codec.space, Table)
        self.space, self.cuts = codec.space, cuts
        self.places = [cells for _, cells in adapter.cells_]
        self.starts = _starts(codec.space)

    def seen(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return cells, and which are known."""
        x = np.zeros((len(symbols), self.space.size))
        observed = np.zeros(x.shape, bool)
        for cut, place, column in zip(self.cuts, self.places, symbols.T, strict=False):
            if not cut.cells.shape[1] or not cut.values:
                continue
            there = (column >= 0)[:, None]
            x[:, place] = np.where(there, cut.cells[column], 0)
            observed[:, place] = there & cut.known[column]
        numbers = list(self.space.numbers)
        x[:, numbers] /= 1 << PLACES
        return np.where(observed, x, 0.0), observed

    def law(self, raw: np.ndarray) -> Law:
        """Return the law of rows."""
        return RowLaw(self, raw)

    def ladder(self, cut: Cut, raw: np.ndarray) -> Ladder:
        """Return the law of one column's values."""
        if cut.number >= 0:
            return Numbers(raw[:, cut.number], cut)
        if cut.category >= 0:
            first, kinds = self.starts[cut.category], self.space.kinds[cut.category]
            return Grouped(raw[:, first : first + kinds], cut.cells[:, 0], cut)
        return Shares(len(raw), cut)


class RowLaw:
    """The law of rows of a table: column after column."""

    def __init__(self, rows: Rows, raw: np.ndarray) -> None:
        self.rows, self.raw = rows, raw

    def push(self, stack: Stack, symbols: np.ndarray) -> None:
        """Put rows on, the last column first."""
        for cut, column in reversed(list(zip(self.rows.cuts, symbols.T, strict=True))):
            there = column >= 0
            if cut.values > 1 and there.any():
                self.rows.ladder(cut, self.raw[there]).push(stack, column[there])
            if cut.unknown:
                stack.push(~there, np.full(len(column), cut.unknown))

    def pop(self, stack: Stack) -> np.ndarray:
        """Take them off."""
        n = len(self.raw)
        columns: list[np.ndarray] = []
        for cut in self.rows.cuts:
            there = np.full(n, cut.values > 0)
            if cut.unknown:
                there = stack.pop(np.full(n, cut.unknown)) == 0
            column = np.where(there, 0, -1)
            if cut.values > 1 and there.any():
                column[there] = self.rows.ladder(cut, self.raw[there]).pop(stack)
            columns.append(column)
        return np.stack(columns, axis=1)


class Shares(Ladder):
    """Values by how often the column has them."""

    def __init__(self, n: int, cut: Cut) -> None:
        self.shape, self.kinds = (n,), cut.values
        self.sums = _sums(cut.counts)

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return the share of the values below one."""
        return self.sums[symbol]


class Numbers(Shares):
    """Values in order, by a normal distribution and by how often the column has them."""

    def __init__(self, mean: np.ndarray, cut: Cut) -> None:
        super().__init__(len(mean), cut)
        self.mean = mean.clip(-16 * fixed.ONE, 16 * fixed.ONE)
        self.log_scale = np.array([cut.log_scale])
        self.share = cut.share
        at = cut.cells[:, 0].clip(-(15 << PLACES), 15 << PLACES) << (fixed.BITS - PLACES)
        # They should be in order already; a law whose sums fell would be none.
        at = np.maximum.accumulate(at)
        self.marks = np.concatenate([at[:1], (at[1:] + at[:-1]) // 2, at[-1:]])

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return what lies below a value, half way to the one before."""
        bell = fixed.normal(fixed.scaled(self.marks[symbol] - self.mean, self.log_scale))
        mixed = ((256 - self.share) * bell + self.share * self.sums[symbol]) >> 8
        return np.where(symbol == 0, 0, np.where(symbol == self.kinds, fixed.WHOLE, mixed))


class Grouped(Ladder):
    """Values by their categories: the odds of those, and how often each value is meant."""

    def __init__(self, raw: np.ndarray, category: np.ndarray, cut: Cut) -> None:
        self.shape, self.kinds = (len(raw),), cut.values
        weight = np.maximum(fixed.exp(raw - raw.max(1, keepdims=True)), 1)
        odds = (weight << 20) // weight.sum(1, keepdims=True)
        whole = np.bincount(category, cut.counts, raw.shape[1]).astype(np.int64)
        within = (cut.counts << 16) // whole[category]
        each = np.maximum(odds[:, category] * within, 1)
        self.sums = np.concatenate([np.zeros((len(raw), 1), np.int64), each.cumsum(1)], axis=1)

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return the weights of the values below one."""
        return np.take_along_axis(self.sums, symbol[:, None], 1)[:, 0]


def _sums(counts: np.ndarray) -> np.ndarray:
    sums = np.concatenate([[0], counts.cumsum()])
    return sums * fixed.WHOLE // max(int(sums[-1]), 1)


def _starts(space: Table) -> dict[int, int]:
    """Return where the odds of each category's cell begin among the decoder's numbers."""
    first, starts = len(space.numbers), dict[int, int]()
    for place in space.order[first:]:
        starts[place] = first
        first += space.kinds[place]
    return starts


def cut_of(
    codes: np.ndarray,
    values: int,
    cells: np.ndarray,
    observed: np.ndarray,
    first: int,
    space: Table,
) -> tuple[Cut, np.ndarray, np.ndarray]:
    """Return what is known of a column, its rows as symbols, and the order of its values.

    Parameters
    ----------
    codes
        Which value each row has, -1 where none.
    values
        How many there are.
    cells, observed
        What the rows are in x, and whether that is known, ``(n, cells)``.
    first
        The column's first cell; ``space`` is x's.
    """
    kinds = space.kinds[first : first + cells.shape[1]]
    there = codes >= 0
    row = np.zeros(values, np.int64)
    row[codes[there][::-1]] = there.nonzero()[0][::-1]  # the first that has it
    whole = np.where(np.array(kinds) == 1, 1 << PLACES, 1) if kinds else np.zeros(0)
    own = np.rint(cells[row] * whole).astype(np.int64)
    known = observed[row]
    number = next((at for at, kind in enumerate(kinds) if kind == 1), -1)
    order = np.argsort(cells[row, number], kind="stable") if number >= 0 else np.arange(values)
    rank = np.empty(values, np.int64)
    rank[order] = np.arange(values)
    symbols = np.where(there, rank[codes], -1) if values else codes
    counts = np.bincount(symbols[there], minlength=values)
    rare = len(codes) < OFTEN * values
    cut = Cut(values, counts=np.ones(values, np.int64) if rare else np.maximum(counts, 1))
    cut.cells, cut.known = own[order], known[order]
    missing = int((~there).sum())
    cut.unknown = (
        int(np.clip((missing << ODDS) // len(codes), 1, (1 << ODDS) - 1)) if missing else 0
    )
    if len(kinds) and bool(known.any()):
        if number == 0:
            cut.number = space.numbers.index(first)
        elif number < 0:
            cut.category = first
    for at, kind in enumerate(kinds):
        if kind == 1 and values > KNOTS:  # what whoever decodes will know
            cut.cells[:, at] = _laid(cut.cells[_knots(values), at], values)
    return cut, symbols, order


def settle(model: Integers, rows: Rows, symbols: np.ndarray) -> None:
    """Say what each column of numbers goes by: its scale, and how much its frequencies say.

    The latter by what some rows cost.
    """
    for cut in rows.cuts:
        cut.log_scale = int(model.scales[cut.number]) if cut.number >= 0 else 0
    some = symbols[:: max(1, len(symbols) // SAMPLED)][:SAMPLED]
    raw = model.decoded(model.posterior(*rows.seen(some)).middle())
    for cut, column in zip(rows.cuts, some.T, strict=True):
        there = column >= 0
        if cut.number < 0 or not there.any():
            continue
        costs: list[float] = []
        for share in SHARES:
            cut.share = share
            ladder = rows.ladder(cut, raw[there])
            mass = ladder.below(column[there] + 1) - ladder.below(column[there])
            costs.append(float(-np.log2(np.maximum(mass, 1)).sum()))
        cut.share = SHARES[int(np.argmin(costs))]
