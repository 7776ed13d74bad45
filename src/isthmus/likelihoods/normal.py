"""The Gaussian likelihood: squared error, in nats."""

from math import log, pi

from torch import Tensor, distributions, rsub
from torch.distributions import Distribution

from isthmus.likelihoods.scale import LocationScale

HALF_LOG_2PI = log(2 * pi) / 2


class Normal(LocationScale):
    """Gaussian noise around the decoder's output.

    ``-log p(x | z) = (x - mu)^2 / (2 s^2) + log s + log(2 pi) / 2`` for each number: at
    unit scale, half the squared error plus a constant. A learned scale finds the noise of
    the data, and with it the weight of the squared error against a KL term (Rybkin,
    Daniilidis and Levine, 2021, arXiv:2006.13202).

    Parameters
    ----------
    scale
        A number (1 by default: squared error), ``"feature"`` (one learned for each
        feature; a channel in pictures) or ``"shared"`` (one learned for all). A learned
        scale never falls below 0.01: data that vary less, such as a constant column, would
        earn an infinite density.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Vector
    >>> p = Normal().on(Vector(1))(torch.tensor([[0.0]]))
    >>> round(p.log_prob(torch.tensor([[0.0]])).item(), 4)
    -0.9189
    """

    def forward(self, raw: Tensor) -> Distribution:
        """Return ``N(raw, s^2)``, elementwise."""
        scale = self.scale(raw)
        return Unscaled(raw, scale) if self.choice == 1 else Noise(raw, scale)


class Noise(distributions.Normal):
    """torch's normal distribution, whose scale stays as small as it is.

    torch spreads the scale over the whole batch first, and then takes its square and its
    logarithm there: several times the work.
    """

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        self.loc, self.scale = loc, scale
        Distribution.__init__(self, loc.shape, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-density, elementwise."""
        deviation = (value - self.loc) / self.scale
        return deviation.square() * -0.5 - (self.scale.log() + HALF_LOG_2PI)


class Unscaled(Noise):
    """The same at unit scale: plain squared error, with nothing to divide by."""

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-density, elementwise."""
        return rsub((value - self.loc).square(), -HALF_LOG_2PI, alpha=0.5)
