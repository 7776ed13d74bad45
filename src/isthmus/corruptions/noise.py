"""Additive Gaussian noise."""

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption, Strength, drawn
from isthmus.ranges import spread
from isthmus.space import Table


class Noise(Corruption):
    """Gaussian noise on every number: ``x~ = x + scale * eps``, ``eps ~ N(0, 1)``.

    Of a `Table` the numbers are damaged; categories stay as they are.

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

    accepts = ("real", "unit", "binary", "mixed")
    number: Tensor

    def __init__(self, scale: Strength = 0.1) -> None:
        super().__init__()
        self.scale = spread("scale", scale, 0, example="Noise(0.1)")

    def build(self) -> None:
        """Tell the numbers from the categories."""
        if isinstance(self.space, Table):
            self.register_buffer("number", torch.tensor(self.space.kinds) == 1)

    def damaged(self, x: Tensor) -> Tensor:
        """Return ``x + scale * eps``."""
        scale = drawn(self.scale, x)
        noise = scale * torch.randn_like(x)
        return x + (noise * self.number if "number" in self._buffers else noise)
