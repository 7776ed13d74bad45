"""The mixed likelihood: numbers and categories side by side, each in nats of its own kind."""

from collections.abc import Sequence
from math import e, log, pi
from typing import Any

import torch
from torch import Size, Tensor, distributions
from torch.distributions import Distribution, constraints
from torch.distributions.constraints import Constraint

from isthmus.errors import CompositionError
from isthmus.likelihoods.normal import Noise
from isthmus.likelihoods.scale import LocationScale, Scale, ScaleChoice
from isthmus.space import Batch, Table, Vector

CONSTANT = log(2 * pi * e) / 2
"""What the best constant costs for a standardised number, in nats: 1.4189."""
LEAST = 0.1
"""What it is taken to cost at least: a cell that hardly varies would outweigh all others."""


class Mixed(LocationScale):
    """Each cell in its own kind: a normal for a number, odds for a category.

    ``-log p(x | z)`` of a cell is ``(x - mu)^2 / (2 s^2) + log s + log(2 pi) / 2`` of a number,
    whose ``mu`` the decoder gives and whose ``s`` is learned beside it, one for each cell; of a
    category ``-log softmax(raw)_x``. All are nats, and so they add up: a number that can be told
    exactly earns a small ``s``, and one that can't a large one, so that no kind drowns another.

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
    starts: Tensor
    counts: Tensor

    def __init__(self, scale: ScaleChoice = "feature", balanced: bool = False) -> None:
        super().__init__(scale)
        self.balanced = truth(balanced)
        self.relative = self.balanced

    def build(self) -> None:
        """Make the scales, and what is known of the categories."""
        space = self._table
        self.scale = Scale(self.choice, Vector(len(space.numbers)))
        order = torch.tensor(space.order)
        self.register_buffer("order", order)
        self.register_buffer("place", order.argsort())
        if self.balanced:
            kinds = [space.kinds[place] for place in space.order[len(space.numbers) :]]
            starts = [sum(kinds[:each]) for each in range(len(kinds))]
            self.register_buffer("starts", torch.tensor(starts, dtype=torch.long))
            self.register_buffer("counts", torch.zeros(sum(kinds), dtype=torch.long))

    def raw_shape(self) -> Size:
        """Return ``(numbers,)``: one for each number, and one for each category of each cell.

        They lie in the order of `Table.order`.
        """
        return Size((sum(self._table.kinds),))

    def forward(self, raw: Tensor) -> "Cells":
        """Return the distribution of each cell, elementwise over ``(B, cells)``."""
        space = self._table
        first = len(space.numbers)
        parts: list[Distribution] = [Noise(raw[:, :first], self.scale(raw[:, :first]))]
        for kind, cells in space.groups:
            logits = raw[:, first : first + kind * len(cells)].unflatten(1, (-1, kind))
            parts.append(Odds(logits=logits, validate_args=False))
            first += kind * len(cells)
        costs = self.costs().to(raw.dtype) if self.balanced else None
        return Cells(parts, self.order, self.place, costs)

    def watch(self, batch: Batch) -> None:
        """Count the categories that training sees."""
        if not self.balanced:
            return
        cells = self.order[len(self._table.numbers) :]
        known = torch.ones_like(batch.x) if batch.observed is None else batch.observed
        known, values = known[:, cells].long(), batch.x[:, cells].long()
        # Into an unknown cell's place goes nothing, whatever stands there.
        self.counts.scatter_add_(0, (values * known + self.starts).flatten(), known.flatten())

    def costs(self) -> Tensor:
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


class Odds(distributions.Categorical):
    """Categories as numbers among numbers, elementwise over ``(B, n)``."""

    @property
    def mean(self) -> Tensor:
        """The most probable category."""
        return self.mode.to(self.logits.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-probability of each category."""
        # What stands in an unknown cell is never looked at, but must lie within the table.
        return super().log_prob(value.long().clamp(0, self.logits.shape[-1] - 1))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw a category for each cell."""
        return super().sample(Size(sample_shape)).to(self.logits.dtype)


class Cells(Distribution):
    """A row of cells that differ in kind: elementwise over ``(B, cells)``.

    Parameters
    ----------
    parts
        The numbers, be there any or not, and each group of categories: elementwise over their
        own cells.
    order
        Which cells those are, one part after the other.
    place
        Where each cell is found among them.
    costs
        What each cell's nats are divided by, ``(cells,)``.
    """

    def __init__(
        self,
        parts: Sequence[Distribution],
        order: Tensor,
        place: Tensor,
        costs: Tensor | None = None,
    ) -> None:
        self.parts, self.order, self.place, self.costs = parts, order, place, costs
        self.sizes = [each.batch_shape[1] for each in parts]
        rows = parts[0].batch_shape[0]
        super().__init__(Size((rows, len(order))), validate_args=False)

    @property
    def arg_constraints(self) -> dict[str, Constraint]:
        """What its parts may be is for them to say."""
        return {}

    @property
    def support(self) -> Constraint:
        """Any number, in the cells that hold them; a category where there are such."""
        return constraints.real

    @property
    def mean(self) -> Tensor:
        """The mean of each number, the most probable of each category: ``(B, cells)``."""
        return self._laid([each.mean for each in self.parts])

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the nats of each cell, ``(..., B, cells)``."""
        values = value[..., self.order].split(self.sizes, dim=-1)
        log_p = self._laid([p.log_prob(x) for p, x in zip(self.parts, values, strict=True)])
        return log_p if self.costs is None else log_p / self.costs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw each cell, ``(*sample_shape, B, cells)``."""
        with torch.no_grad():
            return self._laid([each.sample(Size(sample_shape)) for each in self.parts])

    def probs(self, cell: int) -> Tensor:
        """Return the probability of each category of one cell, ``(B, kind)``."""
        at = int(self.place[cell])
        for part, size in zip(self.parts, self.sizes, strict=True):
            if at < size and isinstance(part, Odds):
                return part.probs[:, at]
            at -= size
            if at < 0:
                break
        raise CompositionError(
            f"probs({cell}) was asked for, and cell {cell} holds a number: it has a density. Use "
            "log_prob(x)."
        )

    def _laid(self, parts: list[Tensor]) -> Tensor:
        """Return the cells of all parts in the order of x."""
        return torch.cat(parts, dim=-1)[..., self.place]


def truth(balanced: Any) -> bool:
    """Return ``balanced`` if it is True or False."""
    if not isinstance(balanced, bool):
        raise CompositionError(
            f"balanced={balanced!r} was given; expected True or False, as in Mixed(balanced=True)."
        )
    return balanced
