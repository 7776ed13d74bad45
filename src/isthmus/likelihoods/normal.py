"""The Gaussian likelihood: squared error, in nats."""

from math import log, pi

from torch import Tensor, distributions
from torch.distributions import Distribution
from torch.nn.functional import mse_loss

from isthmus.likelihoods.scale import LocationScale


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
        feature; a channel in pictures) or ``"shared"`` (one learned for all).

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
        return Noise(raw, self.scale())


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
        constant = self.scale.log() + log(2 * pi) / 2
        if self.scale.requires_grad or value.shape != self.loc.shape:
            return ((value - self.loc) / self.scale).square() * -0.5 - constant
        # One kernel each way instead of three, where the scale is not learned.
        return mse_loss(self.loc, value, reduction="none") * (-0.5 / self.scale**2) - constant
