"""Masking: some cells are lost."""

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption, Strength, drawn, hidden
from isthmus.ranges import spread
from isthmus.space import Batch


class Masking(Corruption):
    """Each number is lost, set to zero, with probability ``rate``.

    ``x~ = m x``, ``m ~ Bernoulli(1 - rate)`` (Vincent et al., 2008). Where cells may be unknown,
    lost ones are: the encoder is told which, and the decoder still has to say what was there.

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

    hides = True

    def __init__(self, rate: Strength = 0.25) -> None:
        super().__init__()
        self.rate = spread("rate", rate, 0, 1, example="Masking(0.25)")

    def damaged(self, x: Tensor) -> Tensor:
        """Return ``m x``."""
        return x * ~self._lost(x)

    def seen(self, batch: Batch) -> Batch:
        """Return the batch without what is lost: told, where cells may be unknown."""
        if "space" in vars(self) and self.space.holes:
            return hidden(batch, self._lost(batch.x))
        return super().seen(batch)

    def _lost(self, x: Tensor) -> Tensor:
        rate = drawn(self.rate, x)
        return torch.rand_like(x) < rate
