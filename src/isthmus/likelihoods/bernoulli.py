"""The Bernoulli likelihood: binary cross-entropy, in nats."""

from torch import Tensor, distributions
from torch.distributions import Distribution

from isthmus.likelihoods.base import Likelihood


class Bernoulli(Likelihood):
    """Each number is a coin whose odds the decoder gives.

    ``-log p(x | z) = -x log m - (1 - x) log(1 - m)`` with ``m = sigmoid(raw)``.

    It is a probability for x in {0, 1}. For x between the two it is still the
    cross-entropy, a fair loss for grey levels, but no likelihood of them: figures in
    nats of the two don't compare.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Vector
    >>> p = Bernoulli().on(Vector(1, support="binary"))(torch.tensor([[0.0]]))
    >>> round(p.log_prob(torch.tensor([[1.0]])).item(), 4)
    -0.6931
    """

    support = "unit"
    accepts = ("unit", "binary")
    discrete = True

    def forward(self, raw: Tensor) -> Distribution:
        """Return ``Bernoulli(sigmoid(raw))``, elementwise."""
        return distributions.Bernoulli(logits=raw, validate_args=False)
