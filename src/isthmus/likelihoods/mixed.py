"""The mixed likelihood: numbers and categories side by side, each in nats of its own kind."""

from math import e, inf, log, pi
from typing import Any, Self

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from isthmus.errors import CompositionError, SupportError
from isthmus.likelihoods.cells import Cells, Odds
from isthmus.likelihoods.normal import Noise
from isthmus.likelihoods.scale import LocationScale, Scale, ScaleChoice
from isthmus.space import Batch, Space, Table, Vector

CONSTANT = log(2 * pi * e) / 2
"""What the best constant costs for a standardised number, in nats: 1.4189."""
FEW = 32
"""Up to how many categories count as few."""
LEAST = 0.1
"""What it is taken to cost at least: a cell that hardly varies would outweigh all others."""


class Mixed(LocationScale):
    """Each cell in its own kind: a normal for a number, odds for a category.

    ``-log p(x | z)`` of a cell is ``(x - mu)^2 / (2 s^2) + log s + log(2 pi) / 2`` of a number,
    whose ``mu`` the decoder gives and whose ``s`` is learned beside it, one for each cell; of a
    category ``-log softmax(raw)_x``. All are nats, and so they add up: a number that can be told
    exactly earns a small ``s``, and one that can't a large one. Where a code can copy numbers for
    nothing, as a plain autoencoder's can, scales fall until numbers drown the categories:
    ``Mixed(1.0)`` keeps them in balance.

    With ``balanced=True`` the nats of each cell are divided by what the best constant costs
    there: a category's entropy in the rows of training so far, at least 0.1; 1.4189 for a
    standardised number. A cell that is told no better than by that constant then costs 1, and
    one of 1,000 categories weighs no more than one of two. Such nats are relative: they rank
    rows, and are no density.

    The mean of ``p`` is of a number its ``mu``, of a category the most probable one.

    Parameters
    ----------
    scale
        ``"feature"`` (one learned for each number), ``"shared"`` (one learned for all) or a
        number. A learned scale begins at 1, a standard deviation, and never falls below 0.01.
    balanced
        Whether each cell's nats are divided by what the best constant costs.

    Examples
    --------
    >>> p = Mixed().on(Table((1, 4)))(torch.zeros(1, 5))
    >>> [round(each, 4) for each in p.log_prob(torch.tensor([[0.0, 2.0]]))[0].tolist()]
    [-0.9189, -1.3863]
    """

    support = "mixed"
    accepts = ("mixed",)
    order: Tensor
    place: Tensor
    beside: Tensor
    starts: Tensor
    counts: Tensor
    costs: Tensor

    def __init__(self, scale: ScaleChoice = "feature", balanced: bool = False) -> None:
        super().__init__(scale)
        self.balanced = truth(balanced)
        self.relative = self.balanced

    def on(self, space: Space) -> Self:
        """Return the likelihood made anew for ``space``."""
        if space.support == "mixed" and not isinstance(space, Table):
            raise SupportError(
                f"{self!r} was given for {space!r}; expected the rows of a table, such as "
                "Table((1, 5)). Give a frame with named columns, which adapter=Tables() reads."
            )
        return super().on(space)

    def build(self) -> None:
        """Make the scales, and what is known of the categories."""
        space = self._table
        self.scale = Scale(self.choice, Vector(len(space.numbers)))
        order = torch.tensor(space.order)
        self.register_buffer("order", order)
        self.register_buffer("place", order.argsort())
        self._divide(space)
        if self.balanced:
            kinds = [space.kinds[place] for place in space.order[len(space.numbers) :]]
            starts = [sum(kinds[:each]) for each in range(len(kinds))]
            self.register_buffer("starts", torch.tensor(starts, dtype=torch.long))
            self.register_buffer("counts", torch.zeros(sum(kinds), dtype=torch.long))
            self.register_buffer("costs", self._costs())

    def _divide(self, space: Table) -> None:
        """Say what part each of the decoder's numbers has.

        Cells of few categories are worked on together, as if all had as many as the one that has
        most: there may be many such cells, no two alike.
        """
        self.few = [(kind, cells) for kind, cells in space.groups if kind <= FEW]
        self.many = [(kind, cells) for kind, cells in space.groups if kind > FEW]
        kinds = [kind for kind, cells in self.few for _ in cells]
        beside = [i * kinds[-1] + each for i, kind in enumerate(kinds) for each in range(kind)]
        self.register_buffer("beside", torch.tensor(beside, dtype=torch.long))
        wide = (kind * len(cells) for kind, cells in self.many)
        self.widths = [len(space.numbers), sum(kinds), *wide]

    def raw_shape(self) -> Size:
        """Return ``(numbers,)``: one for each number, and one for each category of each cell.

        They lie in the order of `Table.order`.
        """
        return Size((sum(self._table.kinds),))

    def forward(self, raw: Tensor) -> Cells:
        """Return the distribution of each cell, elementwise over ``(B, cells)``."""
        numbers, few, *many = raw.split(self.widths, dim=1)
        parts: list[Distribution] = [Noise(numbers, self.scale(numbers))]
        if few.shape[1]:
            parts.append(Odds(self._side_by_side(few)))
        wide = zip(self.many, many, strict=True)
        parts += [Odds(each.unflatten(1, (-1, kind))) for (kind, _), each in wide]
        costs = self.costs.to(raw.dtype) if self.balanced else None
        return Cells(parts, self.order, self.place, self._table.kinds, costs)

    def _side_by_side(self, raw: Tensor) -> Tensor:
        """Return the log-odds of cells of few categories as ``(B, n, most)``."""
        most = self.few[-1][0]
        odds = raw.new_full((raw.shape[0], most * sum(len(cells) for _, cells in self.few)), -inf)
        return odds.scatter(1, self.beside.expand(raw.shape[0], -1), raw).unflatten(1, (-1, most))

    def watch(self, batch: Batch) -> None:
        """Count the categories that training sees."""
        if not self.balanced:
            return
        cells = self.order[len(self._table.numbers) :]
        known = torch.ones_like(batch.x) if batch.observed is None else batch.observed
        known, values = known[:, cells].long(), batch.x[:, cells].long()
        # Into an unknown cell's place goes nothing, whatever stands there.
        self.counts.scatter_add_(0, (values * known + self.starts).flatten(), known.flatten())
        self.costs.copy_(self._costs())

    def _costs(self) -> Tensor:
        """Return what the best constant costs in each cell, ``(cells,)`` nats.

        Of a category seen ``n`` times out of ``N`` the share is taken to be
        ``(n + 1) / (N + kind)``.
        """
        space, first = self._table, 0
        costs = [torch.full((len(space.numbers),), CONSTANT, device=self.counts.device)]
        for kind, cells in space.groups:
            counts = self.counts[first : first + kind * len(cells)].unflatten(0, (-1, kind)) + 1.0
            shares = counts / counts.sum(1, keepdim=True)
            costs.append(-(shares * shares.log()).sum(1).clamp(max=-LEAST))
            first += kind * len(cells)
        return torch.cat(costs)[self.place]

    @property
    def _table(self) -> Table:
        assert isinstance(self.space, Table)
        return self.space


def truth(balanced: Any) -> bool:
    """Return ``balanced`` if it is True or False."""
    if not isinstance(balanced, bool):
        raise CompositionError(
            f"balanced={balanced!r} was given; expected True or False, as in Mixed(balanced=True)."
        )
    return balanced
