"""An autoregressive density over codes: each number given those before it."""

import math

import torch
from torch import Tensor

from isthmus.ranges import number, whole
from isthmus.tasks.priors.base import Prior
from isthmus.tasks.priors.masked import MaskedNetwork, descend

NARROW, WIDE = -7.0, 5.0
"""Between these the logarithm of a component's scale stays."""


class Autoregressive(Prior):
    """Each number of a code given those before it, a mixture of Gaussians by a masked network.

    ``p(z) = prod_d sum_k w_dk N(z_d; m_dk, s_dk^2)`` with ``w, m, s`` of dimension d a function
    of ``z_1 … z_(d-1)`` alone: masks cut every path from what comes later (Germain et al., 2015,
    arXiv:1502.03509; mixtures as conditionals: Uria et al., 2013, arXiv:1306.0186). The
    density is exact, and any shape can be told; a draw takes D passes.

    Parameters
    ----------
    width
        Of the two hidden layers.
    components
        For each number.
    steps
        Of Adam, at most: the best weights on the codes kept aside are kept, and where 500 steps
        brought none better it stops.
    learning_rate
        At the start; it falls along half a cosine wave.

    Examples
    --------
    >>> import torch
    >>> with torch.random.fork_rng():
    ...     _ = torch.manual_seed(0)
    ...     circle = torch.randn(500, 2)
    >>> circle = circle / circle.norm(dim=1, keepdim=True)
    >>> prior = Autoregressive(32, steps=200).fitted(circle)
    >>> there, nowhere = prior.log_prob(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    >>> bool(there > nowhere)
    True
    """

    network: MaskedNetwork

    def __init__(
        self,
        width: int = 128,
        components: int = 8,
        steps: int = 3000,
        learning_rate: float = 2e-3,
    ) -> None:
        super().__init__()
        self.breadth = whole("width", width, 1, example="Autoregressive(128)")
        self.components = whole("components", components, 1, example="components=8")
        self.steps = whole("steps", steps, 0, example="steps=3000")
        self.rate = number("learning_rate", learning_rate, 0, example="learning_rate=2e-3")

    def build(self, size: int) -> None:
        """Make the masked layers."""
        self.network = MaskedNetwork(size, 1, 3 * self.components, self.breadth)
        with torch.no_grad():
            start = torch.zeros(size, 3, self.components)
            start[:, 1] = torch.linspace(-1.5, 1.5, self.components) if self.components > 1 else 0
            self.network.out.bias.copy_(start.flatten())

    def learn(self, u: Tensor, aside: Tensor, seed: int) -> None:
        """Take steps of Adam; keep the weights that the codes kept aside liked best."""
        descend(self, self.density, u, aside, self.steps, self.rate)

    def density(self, u: Tensor) -> Tensor:
        """Return ``sum_d log p(u_d | u_1 … u_(d-1))``."""
        weight, mean, log_scale = self._mixtures(u)
        away = (u[..., None] - mean) * (-log_scale).exp()
        each = weight - log_scale - away.square() / 2 - math.log(2 * math.pi) / 2
        return torch.logsumexp(each, dim=2).sum(1)

    def draw(self, n: int) -> Tensor:
        """Draw one number after the other."""
        u = torch.zeros(n, self.size)
        for place in range(self.size):
            weight, mean, log_scale = self._told(self.network(u, place))
            k = torch.multinomial(weight.exp(), 1)
            drawn = mean + log_scale.exp() * torch.randn(n, 1)
            u[:, place] = drawn.gather(1, k)[:, 0]
        return u

    def _mixtures(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return log weights, means and log scales, ``(n, D, K)`` each."""
        return self._told(self.network(u))

    def _told(self, numbers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return log weights, means and log scales, ``(…, K)`` each, from ``(…, 3 K)``."""
        weight, mean, log_scale = numbers.unflatten(-1, (3, -1)).unbind(-2)
        return weight.log_softmax(-1), mean, log_scale.clamp(NARROW, WIDE)
