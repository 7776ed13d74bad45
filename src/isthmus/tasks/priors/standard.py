"""The prior that a VAE was trained against: no fit at all."""

import math

import torch
from torch import Tensor

from isthmus.tasks.priors.base import Prior


class Standard(Prior):
    """The standard normal, ``p(z) = N(0, 1)``: what the KL term holds codes to.

    Examples
    --------
    >>> import torch
    >>> prior = Standard().fitted(torch.zeros(10, 2))
    >>> prior.log_prob(torch.zeros(1, 2))
    tensor([-1.8379])
    """

    standardised = False

    def density(self, u: Tensor) -> Tensor:
        """Return ``-sum_d (u_d^2 + log 2 pi) / 2``."""
        return -(u.square() + math.log(2 * math.pi)).sum(1) / 2

    def draw(self, n: int) -> Tensor:
        """Return normal draws."""
        return torch.randn(n, self.size)
