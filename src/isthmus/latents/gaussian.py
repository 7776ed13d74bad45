"""The code is a Gaussian with a diagonal covariance: the variational autoencoder's."""

from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution, Normal, register_kl
from torch.nn.functional import hardtanh

from isthmus.latents.base import Latent, Standard

# Beyond these the scale overflows or divides by nothing long before it means anything.
LOG_SCALE = (-10.0, 10.0)


class Gaussian(Latent):
    """A Gaussian over codes, drawn by the reparameterisation trick.

    ``q(z | x) = N(mu, sigma^2)`` with ``mu, log sigma`` from the encoder, and
    ``z = mu + sigma * eps``, ``eps ~ N(0, 1)``, so that gradients reach both
    (Kingma and Welling, 2014, arXiv:1312.6114).

    Parameters
    ----------
    dim
        The code size, ``d``.

    Examples
    --------
    >>> import torch
    >>> q = Gaussian(1)(torch.tensor([[3.0, 0.0]]))
    >>> q.mean, q.stddev
    (tensor([[3.]]), tensor([[1.]]))
    """

    @property
    def raw(self) -> int:
        """A mean and a log-scale for each code: ``2 d``."""
        return 2 * self.dim

    def forward(self, raw: Tensor) -> Distribution:
        """Return ``N(mu, sigma^2)``, elementwise over ``(B, d, *G)``."""
        mean, log_scale = raw.chunk(2, dim=1)
        return Diagonal(mean, hardtanh(log_scale, *LOG_SCALE))


class Diagonal(Normal):
    """torch's normal distribution, made from the logarithm of its scale, which it keeps.

    torch compares and spreads what it is given first, and takes that logarithm again for a
    divergence: in a small network that costs as much as a layer.
    """

    def __init__(self, mean: Tensor, log_scale: Tensor) -> None:
        self.loc, self.scale, self.log_scale = mean, log_scale.exp(), log_scale
        Distribution.__init__(self, mean.shape, validate_args=False)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Return ``mu + sigma * eps``, ``(*sample_shape, B, d, *G)``."""
        if not sample_shape:
            return self.loc + self.scale * torch.randn_like(self.loc)
        # The draws of a row stand under one another, so that a team can tell whose they are.
        rows = self.loc.new_empty(prod(sample_shape) * self.loc.shape[0], *self.loc.shape[1:])
        return self.loc + self.scale * torch.randn_like(rows).view(*sample_shape, *self.loc.shape)

    def expand(self, batch_shape: Any, _instance: Any = None) -> "Diagonal":
        """Return the same distribution, broadcast."""
        return Diagonal(self.loc.expand(batch_shape), self.log_scale.expand(batch_shape))


@register_kl(Diagonal, Standard)
def _divergence(q: Diagonal, _: Standard) -> Tensor:
    return (q.loc.square() + q.scale.square() - 1) * 0.5 - q.log_scale
