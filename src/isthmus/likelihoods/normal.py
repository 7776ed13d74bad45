"""The Gaussian likelihood: squared error, in nats."""

from torch import Tensor, distributions
from torch.distributions import Distribution

from isthmus.likelihoods.base import Likelihood
from isthmus.likelihoods.scale import Scale, ScaleChoice, checked


class Normal(Likelihood):
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

    support = "real"
    accepts = ("real", "unit", "binary")

    def __init__(self, scale: ScaleChoice = 1.0) -> None:
        super().__init__()
        self.choice = checked(scale)

    def build(self) -> None:
        """Make the scale."""
        self.scale = Scale(self.choice, self.space)

    def forward(self, raw: Tensor) -> Distribution:
        """Return ``N(raw, s^2)``, elementwise."""
        return distributions.Normal(raw, self.scale(), validate_args=False)
