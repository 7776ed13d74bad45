"""Additive Gaussian noise."""

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption, Strength, drawn
from isthmus.ranges import spread


class Noise(Corruption):
    """Gaussian noise on every number: ``x~ = x + scale * eps``, ``eps ~ N(0, 1)``.

    Parameters
    ----------
    scale
        In units of the adapted data: standard deviations for tables, the range from
        black to white for pictures; or two such, ``(low, high)``, to draw one for each row
        from.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Batch
    >>> Noise(0.0)(Batch(torch.ones(1, 2)))
    tensor([[1., 1.]])
    """

    accepts = ("real", "unit", "binary")

    def __init__(self, scale: Strength = 0.1) -> None:
        super().__init__()
        self.scale = spread("scale", scale, 0, example="Noise(0.1)")

    def damaged(self, x: Tensor) -> Tensor:
        """Return ``x + scale * eps``."""
        scale = drawn(self.scale, x)
        return x + scale * torch.randn_like(x)
