"""Beliefs: what is thought of each cell of a row, be it a number or a category."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.distributions import Distribution

from isthmus.likelihoods.cells import Cells
from isthmus.space import Table

RARE = 1e-6
"""No category is thought to be less probable."""


@dataclass(frozen=True)
class Belief:
    """A mean and a variance of each number, a probability of each category.

    Attributes
    ----------
    wide
        ``(B, W)``, cell after cell: the mean of a number, or the probability of each category.
    variance
        ``(B, cells)``; zero for categories.
    """

    wide: Tensor
    variance: Tensor

    @classmethod
    def mean(cls, beliefs: list[Self]) -> Self:
        """Return what several think together: an even mixture of them."""
        wide = torch.stack([each.wide for each in beliefs])
        variance = torch.stack([each.variance for each in beliefs])
        return cls(wide.mean(0), variance.mean(0))


class Layout:
    """Where the numbers of each cell stand, when categories are laid out one by one.

    Examples
    --------
    >>> wide, known = Layout(Table((1, 3))).spread(torch.tensor([[0.5, 2.0]]))
    >>> wide
    tensor([[0.5000, 0.0000, 0.0000, 1.0000]])
    """

    def __init__(self, space: Table) -> None:
        self.space = space
        self.kinds = torch.tensor(space.kinds)
        self.ends = self.kinds.cumsum(0)
        self.starts = self.ends - self.kinds
        self.numbers = torch.tensor(space.numbers, dtype=torch.long)
        self.categories = torch.tensor(space.categories, dtype=torch.long)
        self.cell = torch.arange(len(self.kinds)).repeat_interleave(self.kinds)
        """Which cell each of the wide numbers belongs to, ``(W,)``."""

    def spread(self, x: Tensor, observed: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return rows and which are known, ``(B, W)``, from ``(B, cells)``."""
        known = torch.ones_like(x, dtype=torch.bool) if observed is None else observed
        wide = x.new_zeros(len(x), len(self.cell))
        wide[:, self.starts[self.numbers]] = x[:, self.numbers]
        places = self.starts[self.categories] + x[:, self.categories].long()
        wide.scatter_(1, places, 1.0)
        known = known[:, self.cell]
        return wide * known, known

    def belief(self, p: Distribution) -> Belief:
        """Return what ``p(x | z)`` of a mixed likelihood says."""
        assert isinstance(p, Cells)
        wide = torch.zeros(len(p.mean), len(self.cell))
        variance = torch.zeros(len(wide), len(self.kinds))
        if len(self.numbers):
            wide[:, self.starts[self.numbers]] = p.mean[:, self.numbers]
            variance[:, self.numbers] = p.parts[0].stddev.square()
        for cell in self.categories.tolist():
            wide[:, self.starts[cell] : self.ends[cell]] = p.probs(cell)
        return Belief(wide, variance)

    def of_cells(self, wide: Tensor) -> Tensor:
        """Return the sum over the numbers of each cell, ``(B, cells)``."""
        return torch.zeros(len(wide), len(self.kinds)).index_add_(1, self.cell, wide)

    def probable(self, wide: Tensor) -> Tensor:
        """Return ``wide`` with probabilities in place of what only nearly is some."""
        numbers = self.kinds[self.cell] == 1
        positive = wide.clamp(min=RARE).where(~numbers, 1.0)
        return wide.where(numbers, positive / self.of_cells(positive)[:, self.cell])

    def points(self, wide: Tensor) -> Tensor:
        """Return the mean of each number, the most probable of each category: ``(B, cells)``."""
        x = wide[:, self.starts]
        for cell in self.categories.tolist():
            x[:, cell] = wide[:, self.starts[cell] : self.ends[cell]].argmax(1).to(x.dtype)
        return x

    def drawn(self, belief: Belief) -> Tensor:
        """Draw each cell by itself, ``(B, cells)``."""
        x = belief.wide[:, self.starts]
        x = x + belief.variance.sqrt() * torch.randn_like(x)
        for cell in self.categories.tolist():
            odds = belief.wide[:, self.starts[cell] : self.ends[cell]]
            x[:, cell] = torch.multinomial(odds, 1)[:, 0].to(x.dtype)
        return x
