"""The code is a point: ``q(z | x)`` is certain."""

from collections.abc import Callable
from math import inf
from typing import Any, Self

import torch
from torch import Tensor
from torch.distributions import Distribution
from torch.distributions.constraints import Constraint, real
from torch.nn.functional import softplus

from isthmus.errors import CompositionError
from isthmus.latents.base import Latent

ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], float, float]] = {
    "relu": (torch.relu, 0.0, inf),
    "sigmoid": (torch.sigmoid, 0.0, 1.0),
    "softplus": (softplus, 0.0, inf),
    "tanh": (torch.tanh, -1.0, 1.0),
}
"""Each function, with the least and the greatest code that it can make."""


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

    ``q(z | x) = delta(z - a(f(x)))`` with ``f`` the encoder and ``a`` the activation, which
    works on each code alone.

    Parameters
    ----------
    dim
        The code size, ``d``.
    activation
        One of ``relu``, which makes codes that are exactly zero; ``sigmoid``, which keeps them
        from 0 to 1; ``softplus``, positive; ``tanh``; or None: codes are any numbers.

    Examples
    --------
    >>> import torch
    >>> Point(2)(torch.tensor([[3.0, -1.0]])).mean
    tensor([[ 3., -1.]])
    >>> Point(2, activation="relu")(torch.tensor([[3.0, -1.0]])).mean
    tensor([[3., 0.]])
    """

    has_density = False

    def __init__(self, dim: int, activation: str | None = None) -> None:
        super().__init__(dim)
        if activation is not None and activation not in list(ACTIVATIONS):
            raise CompositionError(
                f"activation={activation!r} was given; expected None or one of "
                f"{', '.join(ACTIVATIONS)}."
            )
        self.activation = activation

    @property
    def raw(self) -> int:
        """One number for each code: ``d``."""
        return self.dim

    def forward(self, raw: Tensor) -> Distribution:
        """Return the point: ``(B, d, *G)``."""
        return Delta(raw if self.activation is None else ACTIVATIONS[self.activation][0](raw))

    def project(self, z: Tensor) -> Tensor:
        """Return the codes nearest to ``z`` that the activation could have made."""
        return z if self.activation is None else z.clamp(*ACTIVATIONS[self.activation][1:])
