"""Masking: some numbers are set to zero."""

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption
from isthmus.ranges import number
from isthmus.space import Batch


class Masking(Corruption):
    """Each number is lost, set to zero, with probability ``rate``.

    ``x~ = m x``, ``m ~ Bernoulli(1 - rate)`` (Vincent et al., 2008).

    Parameters
    ----------
    rate
        From 0 to 1.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Batch
    >>> Masking(1.0)(Batch(torch.ones(1, 2)))
    tensor([[0., 0.]])
    """

    def __init__(self, rate: float = 0.25) -> None:
        super().__init__()
        self.rate = number("rate", rate, 0, 1, example="Masking(0.25)")

    def forward(self, batch: Batch) -> Tensor:
        """Return ``m x``."""
        return batch.x * (torch.rand_like(batch.x) >= self.rate)
