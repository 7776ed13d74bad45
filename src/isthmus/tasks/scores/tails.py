"""How far out each cell lies among its like."""

import torch
from torch import Tensor

from isthmus.space import Batch, Space, Table
from isthmus.tasks.scores.base import Models, Score
from isthmus.tasks.scores.layout import categories, observed

KEPT = 10_000
"""How many values of a column are kept at most, and"""
NUMBERS = 2**22
"""how many in all."""


class Tails(Score):
    """The sum over cells of ``-log`` of the share of rows that lie as far out, or farther.

    Of a number the smaller of the two tails counts, ``max(-log F(x), -log (1 - F(x)))`` with
    ``F`` the empirical distribution (after Li et al., 2022, arXiv:2201.00382); of a category
    ``-log`` of its share. Every cell is looked at alone: no anomaly in how cells hang together is
    seen, but neither can a clump of anomalies hide by being its own neighbour.

    Parameters
    ----------
    weight
        What it counts for beside other scores.

    Examples
    --------
    >>> Tails(weight=0.5)
    Tails(0.5)
    """

    values: Tensor
    counts: Tensor
    known: Tensor
    starts: Tensor
    places: Tensor

    def learn(self, models: Models, batch: Batch, space: Space) -> None:
        """Keep the sorted values of each column of numbers, and count the others' categories."""
        x, seen, names = batch.x.flatten(1), observed(batch), categories(space)
        numbers = [place for place in range(space.size) if place not in set(names)]
        some = torch.randperm(len(x))[: max(1, min(KEPT, NUMBERS // max(1, len(numbers))))]
        # What is not known comes last, behind every number.
        values = x[some][:, numbers].where(seen[some][:, numbers], torch.inf)
        kinds = [_kinds(space, place) for place in names]
        starts = torch.tensor([0, *kinds]).cumsum(0)
        counts = torch.zeros(int(starts[-1]))
        for start, place in zip(starts.tolist(), names, strict=False):
            told = x[seen[:, place], place].long()
            counts.scatter_add_(0, told + start, torch.ones(len(told)))
        self.keep(
            values=values.T.sort(dim=1).values.contiguous(),
            known=seen[some][:, numbers].sum(0),
            counts=counts,
            starts=starts,
            places=torch.tensor([*numbers, *names]),
        )

    def blame(self, models: Models, batch: Batch, own: bool) -> Tensor:
        """Return ``-log`` of each cell's tail, ``(B, cells)``; 0 where it is unknown."""
        x, seen = batch.x.flatten(1), observed(batch)
        numbers, names = self.places.split([len(self.known), len(self.starts) - 1])
        found = torch.zeros_like(x)
        found[:, numbers] = self._of_numbers(x[:, numbers])
        for start, end, place in zip(self.starts, self.starts[1:], names, strict=False):
            counts = self.counts[start:end]
            share = (counts + 1) / (counts.sum() + len(counts))
            found[:, place] = -share.log()[x[:, place].long()]
        return found.where(seen, 0.0)

    def _of_numbers(self, x: Tensor) -> Tensor:
        cells = x.T.contiguous()
        total = self.known[:, None] + 1
        below = torch.searchsorted(self.values, cells, right=True).minimum(self.known[:, None])
        above = self.known[:, None] - torch.searchsorted(self.values, cells)
        smaller = torch.minimum(below, above.clamp(min=0)) + 1
        return -(smaller / total).clamp(max=1).log().T


def _kinds(space: Space, place: int) -> int:
    return space.kinds[place] if isinstance(space, Table) else space.levels
