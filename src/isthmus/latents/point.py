"""The code is a point: ``q(z | x)`` is certain."""

from typing import Any, Self

import torch
from torch import Tensor
from torch.distributions import Distribution
from torch.distributions.constraints import Constraint, real

from isthmus.latents.base import Latent


class Delta(Distribution):
    """All probability on one point, elementwise."""

    has_rsample = True

    def __init__(self, value: Tensor) -> None:
        self.value = value
        super().__init__(value.shape, validate_args=False)

    @property
    def arg_constraints(self) -> dict[str, Constraint]:
        """What the point may be: any number."""
        return {"value": real}

    @property
    def support(self) -> Constraint:
        """Where it may lie: on any number."""
        return real

    @property
    def mean(self) -> Tensor:
        """The point itself."""
        return self.value

    @property
    def stddev(self) -> Tensor:
        """Zero."""
        return torch.zeros_like(self.value)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Return the point, as often as asked."""
        return self.value.expand(*sample_shape, *self.value.shape) if sample_shape else self.value

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """Return the same points, broadcast."""
        return type(self)(self.value.expand(batch_shape))


class Point(Latent):
    """A code that is a point: the plain autoencoder's latent.

    ``q(z | x) = delta(z - f(x))`` with ``f`` the encoder.

    Parameters
    ----------
    dim
        The code size, ``d``.

    Examples
    --------
    >>> import torch
    >>> Point(2)(torch.tensor([[3.0, -1.0]])).mean
    tensor([[ 3., -1.]])
    """

    has_density = False

    @property
    def raw(self) -> int:
        """One number for each code: ``d``."""
        return self.dim

    def forward(self, raw: Tensor) -> Distribution:
        """Return the point: ``(B, d, *G)``."""
        return Delta(raw)
