"""Additive Gaussian noise."""

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption
from isthmus.ranges import number
from isthmus.space import Batch


class Noise(Corruption):
    """Gaussian noise on every number: ``x~ = x + scale * eps``, ``eps ~ N(0, 1)``.

    Parameters
    ----------
    scale
        In units of the adapted data: standard deviations for tables, the range from
        black to white for pictures.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Batch
    >>> Noise(0.0)(Batch(torch.ones(1, 2)))
    tensor([[1., 1.]])
    """

    accepts = ("real", "unit", "binary")

    def __init__(self, scale: float = 0.1) -> None:
        super().__init__()
        self.scale = number("scale", scale, 0, example="Noise(0.1)")

    def forward(self, batch: Batch) -> Tensor:
        """Return ``x + scale * eps``."""
        return batch.x + self.scale * torch.randn_like(batch.x)
