"""The categorical likelihood: cross-entropy over levels, in nats."""

import torch
from torch import Tensor, distributions
from torch.distributions import Distribution
from torch.nn.functional import log_softmax

from isthmus.likelihoods.base import Likelihood


class Categorical(Likelihood):
    """Each number is one of ``space.levels`` categories, ``0 … levels - 1``.

    ``-log p(x | z) = -log softmax(raw)_x``.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Vector
    >>> p = Categorical().on(Vector(1, support="categories", levels=4))(torch.zeros(1, 4, 1))
    >>> round(p.log_prob(torch.tensor([[2.0]])).item(), 4)
    -1.3863
    """

    support = "categories"
    accepts = ("categories",)
    discrete = True

    def raw_shape(self) -> torch.Size:
        """Return ``(levels, *E)``."""
        return torch.Size((self.space.levels, *self.space.shape))

    def forward(self, raw: Tensor) -> Distribution:
        """Return ``Categorical(softmax(raw))``, elementwise over ``(B, *E)``."""
        return Odds(raw.movedim(1, -1))

    def point(self, p: Distribution) -> Tensor:
        """Return the most probable category: a mean of names says nothing."""
        return p.mode.float()


class Odds(distributions.Categorical):
    """Categories by their log-odds, which are normalised when they are asked for.

    A text has thousands of them at each step, and what is asked for in training is one: to leave
    the others as they are makes a step twice as quick as torch's own.
    """

    def __init__(self, raw: Tensor) -> None:
        self.raw = raw
        self._num_events = raw.shape[-1]
        Distribution.__init__(self, raw.shape[:-1], validate_args=False)

    @property
    def logits(self) -> Tensor:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The log-probabilities, ``(*E, levels)``."""
        return log_softmax(self.raw, dim=-1)

    @property
    def _param(self) -> Tensor:
        return self.logits

    @property
    def mode(self) -> Tensor:
        """The most probable category."""
        return self.raw.argmax(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return ``raw_value - log sum exp(raw)``."""
        raw = self.raw.expand(*value.shape, self._num_events)
        # What stands in an unknown cell is never looked at, but must lie within the table.
        category = value.long().clamp(0, self._num_events - 1)
        return raw.gather(-1, category[..., None])[..., 0] - self.raw.logsumexp(-1)
