"""The Bernoulli likelihood: binary cross-entropy, in nats."""

from typing import Any

from torch import Tensor, broadcast_tensors, distributions
from torch.distributions import Distribution
from torch.nn.functional import binary_cross_entropy_with_logits

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
        return Coins(raw)


class Coins(distributions.Bernoulli):
    """torch's Bernoulli distribution, made of logits without looking them over first."""

    def __init__(self, logits: Tensor) -> None:
        vars(self)["logits"] = self._param = logits
        Distribution.__init__(self, logits.shape, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-probability, elementwise; of grey levels, minus the cross-entropy."""
        logits = self.logits
        if value.shape != logits.shape:
            logits, value = broadcast_tensors(logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def expand(self, batch_shape: Any, _instance: Any = None) -> "Coins":
        """Return the same coins, broadcast."""
        return Coins(self.logits.expand(batch_shape))
