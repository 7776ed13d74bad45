"""The categorical likelihood: cross-entropy over levels, in nats."""

import torch
from torch import Tensor, distributions
from torch.distributions import Distribution

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
        return distributions.Categorical(logits=raw.movedim(1, -1), validate_args=False)

    def point(self, p: Distribution) -> Tensor:
        """Return the most probable category: a mean of names says nothing."""
        return p.mode.float()
