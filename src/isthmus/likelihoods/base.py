"""Likelihood: numbers from the decoder become a distribution over data."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.distributions import Distribution

from isthmus.errors import SupportError
from isthmus.part import Part
from isthmus.space import Batch, Space, Support


class Likelihood(Part, ABC):
    """Numbers in, a distribution over data out: ``p(x | z)``.

    The same idea as a latent, at the other end. A likelihood is first a template; `on`
    makes it for a space. Everything is elementwise over ``(B, *E)``: whoever needs the
    log-probability of a whole row sums.

    Attributes
    ----------
    support
        The values that an adapter should bring the data to for this likelihood.
    accepts
        Every support that it can stand on.
    discrete
        Whether it gives values probabilities, of which none is above 1, rather than densities.
    relative
        Whether its nats are only relative to one another: neither probabilities nor densities.
    space
        The space that it was made for by `on`.
    """

    support: ClassVar[Support]
    accepts: ClassVar[tuple[Support, ...]]
    discrete: ClassVar[bool] = False
    relative: bool = False
    space: Space

    def on(self, space: Space) -> Self:
        """Return the likelihood made anew for ``space``.

        Raises
        ------
        SupportError
            If the values of ``space`` lie outside what the likelihood is defined on.
        """
        if space.support not in self.accepts:
            raise SupportError(
                f"{self!r} is defined on {' or '.join(self.accepts)} values, and the data are "
                f"{space.support}. Choose another likelihood, or leave likelihood=None to have "
                "it chosen from the data."
            )
        made = self.fresh()
        made.space = space
        made.build()
        return made

    def build(self) -> None:
        """Make the parameters that depend on the space."""

    def raw_shape(self) -> torch.Size:
        """Return the shape of the numbers that the decoder must emit for one x."""
        return torch.Size(self.space.shape)

    @abstractmethod
    def forward(self, raw: Tensor) -> Distribution:
        """Make ``p(x | z)`` of the decoder's numbers, ``(B, *raw_shape)``."""

    def watch(self, batch: Batch) -> None:
        """Take notice of what training sees, where that has a part in what p means."""

    def point(self, p: Distribution) -> Tensor:
        """Return the one value that stands for ``p``: its mean, ``(B, *E)``."""
        return p.mean
