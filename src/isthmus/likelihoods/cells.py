"""Cells: the distribution of a row whose cells differ in kind."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Size, Tensor, distributions
from torch.distributions import Distribution, constraints
from torch.distributions.constraints import Constraint
from torch.nn.functional import log_softmax

from isthmus.errors import CompositionError


class Odds(distributions.Categorical):
    """Categories as numbers among numbers, elementwise over ``(B, n)``.

    Parameters
    ----------
    raw
        Their log-odds, ``(B, n, kind)``; ``-inf`` where a cell has fewer.
    """

    def __init__(self, raw: Tensor) -> None:
        # As torch's own, but for one pass over the odds where it takes six.
        self.logits = self._param = log_softmax(raw, dim=-1)  # pyright: ignore[reportAttributeAccessIssue]
        self._num_events = raw.shape[-1]
        Distribution.__init__(self, raw.shape[:-1], validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The most probable category."""
        return self.logits.argmax(-1).to(self.logits.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-probability of each category."""
        logits = self.logits.expand(*value.shape, self._num_events)
        # What stands in an unknown cell is never looked at, but must lie within the table.
        category = value.long().clamp(0, self._num_events - 1)
        return logits.gather(-1, category[..., None])[..., 0]

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
    kinds
        How many categories each has, 1 for a number.
    costs
        What each cell's nats are divided by, ``(cells,)``.
    """

    def __init__(
        self,
        parts: Sequence[Distribution],
        order: Tensor,
        place: Tensor,
        kinds: Sequence[int],
        costs: Tensor | None = None,
    ) -> None:
        self.parts, self.order, self.place = parts, order, place
        self.kinds, self.costs = kinds, costs
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
        values = value.index_select(-1, self.order).split(self.sizes, dim=-1)
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
                return part.probs[:, at, : self.kinds[cell]]
            at -= size
            if at < 0:
                break
        raise CompositionError(
            f"probs({cell}) was asked for, and cell {cell} holds a number: it has a density. Use "
            "log_prob(x)."
        )

    def _laid(self, parts: list[Tensor]) -> Tensor:
        """Return the cells of all parts in the order of x."""
        return torch.cat(parts, dim=-1).index_select(-1, self.place)
