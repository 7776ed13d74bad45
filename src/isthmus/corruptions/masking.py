"""Masking: some numbers are set to zero."""

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption, Strength, drawn
from isthmus.ranges import spread


class Masking(Corruption):
    """Each number is lost, set to zero, with probability ``rate``.

    ``x~ = m x``, ``m ~ Bernoulli(1 - rate)`` (Vincent et al., 2008).

    Parameters
    ----------
    rate
        From 0 to 1; or two such, ``(low, high)``, to draw one for each row from.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Batch
    >>> Masking(1.0)(Batch(torch.ones(1, 2)))
    tensor([[0., 0.]])
    """

    def __init__(self, rate: Strength = 0.25) -> None:
        super().__init__()
        self.rate = spread("rate", rate, 0, 1, example="Masking(0.25)")

    def damaged(self, x: Tensor) -> Tensor:
        """Return ``m x``."""
        rate = drawn(self.rate, x)
        return x * (torch.rand_like(x) >= rate)
