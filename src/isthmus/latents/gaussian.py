"""The code is a Gaussian with a diagonal covariance: the variational autoencoder's."""

from torch import Tensor
from torch.distributions import Distribution, Normal

from isthmus.latents.base import Latent

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
        return Normal(mean, log_scale.clamp(*LOG_SCALE).exp(), validate_args=False)
