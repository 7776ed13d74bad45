"""An autoregressive density over codes: each number given those before it."""

import math
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional

from isthmus.ranges import number, whole
from isthmus.tasks.priors.base import Prior

BATCH = 512
CHECKED = 100
"""How many steps lie between two looks at the codes kept aside."""
PATIENCE = 5
"""How many looks in a row may find nothing better."""
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

    hidden: nn.ModuleList
    out: nn.Module

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
        codes = torch.arange(1, size + 1)
        # What a hidden number may know: the first so many numbers of the code.
        known = 1 + torch.arange(self.breadth) % max(1, size - 1)
        shifts = 3 * self.components
        told = (codes - 1).repeat_interleave(shifts)
        self.hidden = nn.ModuleList([_Masked(codes, known), _Masked(known, known)])
        self.out = _Masked(known, told)
        with torch.no_grad():
            start = torch.zeros(size, 3, self.components)
            start[:, 1] = torch.linspace(-1.5, 1.5, self.components) if self.components > 1 else 0
            self.out.bias.copy_(start.flatten())

    def learn(self, u: Tensor, aside: Tensor, seed: int) -> None:
        """Take steps of Adam; keep the weights that the codes kept aside liked best."""
        optimiser = torch.optim.Adam(self.parameters(), self.rate)
        best, kept, idle = math.inf, deepcopy(self.state_dict()), 0
        for step in range(self.steps):
            share = step / self.steps
            optimiser.param_groups[0]["lr"] = self.rate * (1 + math.cos(math.pi * share)) / 2
            loss = -self.density(u[torch.randint(len(u), (BATCH,))]).mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.parameters(), 10.0)
            optimiser.step()
            if step % CHECKED == CHECKED - 1 or step == self.steps - 1:
                with torch.no_grad():
                    reached = -float(self.density(aside).mean())
                idle += 1
                if reached < best:
                    best, kept, idle = reached, deepcopy(self.state_dict()), 0
                if idle == PATIENCE:
                    break
        self.load_state_dict(kept)

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
            weight, mean, log_scale = (each[:, place] for each in self._mixtures(u))
            k = torch.multinomial(weight.exp(), 1)
            drawn = mean + log_scale.exp() * torch.randn(n, 1)
            u[:, place] = drawn.gather(1, k)[:, 0]
        return u

    def _mixtures(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return log weights, means and log scales, ``(n, D, K)`` each."""
        h = u
        for number_, layer in enumerate(self.hidden):
            made = functional.silu(layer(h))
            h = h + made if number_ else made
        weight, mean, log_scale = self.out(h).unflatten(1, (self.size, 3, -1)).unbind(2)
        return weight.log_softmax(2), mean, log_scale.clamp(NARROW, WIDE)


class _Masked(nn.Linear):
    """A linear layer of which each output sees only inputs that know no more than it may."""

    mask: Tensor

    def __init__(self, known: Tensor, told: Tensor) -> None:
        super().__init__(len(known), len(told))
        self.register_buffer("mask", (known[None] <= told[:, None]).float(), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return functional.linear(input, self.weight * self.mask, self.bias)
