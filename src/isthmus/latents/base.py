"""Latent: numbers from the encoder become a distribution over codes."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.distributions import Distribution, Normal

from isthmus.part import Part
from isthmus.ranges import whole


class Standard(Normal):
    """The standard normal distribution: a type of its own, which divergences know it by."""

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Return draws, made on the device that is in force rather than on that of the numbers."""
        return torch.randn(self._extended_shape(sample_shape))


STANDARD = Standard(0.0, 1.0, validate_args=False)


class Latent(Part, ABC):
    """Numbers in, a distribution over codes out: ``q(z | x)``.

    Everything is elementwise over ``(B, dim, *G)``, where ``*G`` is the latent grid,
    empty for vectors: whoever needs a sum over codes sums.

    Attributes
    ----------
    dim
        The code size, ``d``.
    raw
        How many numbers the encoder must emit for each position.
    prior
        What codes are drawn from, or matched against: a standard normal unless the
        member says otherwise.
    has_density
        Whether q has a density, so that a divergence from the prior exists.
    """

    has_density: ClassVar[bool] = True
    dim: int

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = whole("dim", dim, 1, example=f"{type(self).__name__}(16)")

    def on(self, grid: tuple[int, ...]) -> Self:
        """Return the latent made anew for a latent grid ``*G``."""
        return self.fresh()

    @property
    @abstractmethod
    def raw(self) -> int:
        """How many numbers the encoder must emit."""

    @property
    def prior(self) -> Distribution:
        """The elementwise prior ``p(z)``, of no shape of its own: it is broadcast."""
        return STANDARD

    def draw(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Return draws of the prior, of ``shape``, made where ``like`` is and in its dtype."""
        with like.device:
            return self.prior.sample(torch.Size(shape)).to(like)

    @abstractmethod
    def forward(self, raw: Tensor) -> Distribution:
        """Make ``q(z | x)`` of the encoder's numbers, ``(B, raw, *G)``."""

    def project(self, z: Tensor) -> Tensor:
        """Return the codes nearest to ``z`` that the encoder could have made: ``(B, d, *G)``."""
        return z

    def figures(self) -> dict[str, float]:
        """Return what is worth telling of the latent after each epoch, by name."""
        return {}
