"""The Laplace likelihood: absolute error, in nats."""

from torch import Tensor, distributions
from torch.distributions import Distribution

from isthmus.likelihoods.scale import LocationScale


class Laplace(LocationScale):
    """Laplace noise around the decoder's output: outliers cost less than under a Gaussian.

    ``-log p(x | z) = |x - mu| / s + log(2 s)`` for each number.

    Parameters
    ----------
    scale
        A number (1 by default: absolute error), ``"feature"`` (one learned for each
        feature; a channel in pictures) or ``"shared"`` (one learned for all). A learned
        scale never falls below 0.01: data that vary less, such as a constant column, would
        earn an infinite density.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Vector
    >>> p = Laplace().on(Vector(1))(torch.tensor([[0.0]]))
    >>> round(p.log_prob(torch.tensor([[3.0]])).item(), 4)
    -3.6931
    """

    def forward(self, raw: Tensor) -> Distribution:
        """Return ``Laplace(raw, s)``, elementwise."""
        return distributions.Laplace(raw, self.scale(raw), validate_args=False)
