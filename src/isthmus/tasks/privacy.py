"""Privacy: how near synthetic rows come to the rows that were learned from."""

from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus.space import Batch, Space, Table

BLOCK = 2**22
"""At most how many pairs of rows are looked at at once."""
EQUAL = 1e-4
"""Up to this distance two rows are one: so much is lost on the way to scaled numbers."""


MOST = 0.75
"""The share of a row's cells that a real row should know for the two to be compared."""


@dataclass(frozen=True)
class Closeness:
    """How far rows are from the closest of the rows that were learned from.

    Attributes
    ----------
    median, fifth
        The median and the 5th percentile of the distance. It is Euclidean over the scaled
        cells, where two categories that differ are 1 apart: so a number that is off by one
        standard deviation counts as much as another category.
    copies
        The share of rows that are exact copies, in all that the real row knows.
    rows
        How many rows were looked at.
    """

    median: float
    fifth: float
    copies: float
    rows: int

    def __str__(self) -> str:
        return (
            f"distance to the closest record {self.median:.3g} (5th percentile "
            f"{self.fifth:.3g}), {self.copies:.2%} exact copies, of {self.rows} rows"
        )


@dataclass(frozen=True)
class Privacy:
    """Synthetic rows beside real rows that were not learned from.

    Synthetic rows that lie closer to the rows of training than other real rows do, or that are
    copies more often, give them away.

    Attributes
    ----------
    synthetic
        Of the synthetic rows.
    held_out
        The same of real rows that the model never saw; None where none were given.

    Examples
    --------
    >>> print(Privacy(Closeness(0.5, 0.1, 0.0, 100), Closeness(0.4, 0.1, 0.01, 100)))
    synthetic: distance to the closest record 0.5 (5th percentile 0.1), 0.00% exact copies, of 100 rows
    held out: distance to the closest record 0.4 (5th percentile 0.1), 1.00% exact copies, of 100 rows
    """  # noqa: E501

    synthetic: Closeness
    held_out: Closeness | None = None

    def __str__(self) -> str:
        told = [f"synthetic: {self.synthetic}"]
        return "\n".join(told if self.held_out is None else [*told, f"held out: {self.held_out}"])


def closeness(rows: Batch, real: Batch, space: Space) -> Closeness:
    """Return how close ``rows`` come to ``real`` rows."""
    distance, copied = closest(rows, real, space)
    return Closeness(
        float(distance.median()),
        float(torch.quantile(distance, 0.05)),
        float(copied.float().mean()),
        len(rows),
    )


def closest(rows: Batch, real: Batch, space: Space) -> tuple[Tensor, Tensor]:
    """Return each row's distance to the closest real row, and whether it is a copy: ``(n,)``.

    Cells that one of the two doesn't know have no say in the distance; the others stand for
    them. Real rows that know less than three quarters of the row's cells are looked at only where
    all do: anything is close to a row of holes. A copy is equal in all that a real row knows.
    """
    size = max(1, BLOCK // max(1, len(real)))
    parts = [
        _closest(rows[first : first + size], real, space) for first in range(0, len(rows), size)
    ]
    distances, copied = zip(*parts, strict=True)
    return torch.cat(distances), torch.cat(copied)


def _closest(rows: Batch, real: Batch, space: Space) -> tuple[Tensor, Tensor]:
    total = torch.zeros(len(rows), len(real))
    shared, unlike = torch.zeros_like(total), torch.zeros_like(total, dtype=torch.bool)
    categories = set(space.categories) if isinstance(space, Table) else set[int]()
    ours, theirs = (_laid(each) for each in (rows, real))
    for cell in range(space.size):
        (x, known), (y, told) = ([each[:, cell] for each in side] for side in (ours, theirs))
        away = x[:, None] - y[None]
        square = (away != 0).float() if cell in categories else away.square()
        both = known[:, None] & told[None]
        total += square.where(both, 0.0)
        shared += both
        unlike |= told[None] & ~known[:, None]
    square = (total * space.size / shared).where(shared > 0, torch.inf)
    enough = shared >= MOST * ours[1].sum(dim=1, keepdim=True)
    copied = (square <= EQUAL**2) & enough & ~unlike
    square = square.where(enough | ~enough.any(dim=1, keepdim=True), torch.inf)
    return square.min(dim=1).values.sqrt(), copied.any(dim=1)


def _laid(batch: Batch) -> tuple[Tensor, Tensor]:
    x = batch.x.flatten(1).float()
    known = torch.ones_like(x) if batch.observed is None else batch.observed.flatten(1)
    return x, known.bool()
