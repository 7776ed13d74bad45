"""The discretised logistic likelihood: levels of grey or of colour, in order, in nats."""

from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution
from torch.distributions.constraints import Constraint
from torch.nn.functional import logsigmoid

from isthmus.likelihoods.base import Likelihood
from isthmus.ranges import whole

LOG_SCALE = (-8.0, 4.0)
"""Where the logarithm of a scale is held: from far below one level of 256 to all of them."""
DRIFT = 1e4
"""How far off a mean may lie, in halves of the range."""
EXAMPLE = "DiscretisedLogistic(components=2, levels=256)"


class DiscretisedLogistic(Likelihood):
    """Each number is one of ``levels`` steps from 0 to 1, by a mixture of logistic bells.

    A bell is a density over the line, and a level has what of it lies nearer to that level than
    to another; the first and the last have all that lies beyond (Salimans et al., 2017,
    "PixelCNN++", arXiv:1701.05517, equations 1 and 2). With ``x = l / (levels - 1)``

        -log p(x | z) = -log sum_k w_k (F_k(x + h) - F_k(x - h)),    h = 1 / (2 (levels - 1))

    where ``F_k(x) = sigmoid((x - mu_k) / s_k)``, but 0 below 0 and 1 above 1. The decoder gives,
    for each number and each bell, a weight before the softmax, ``2 mu - 1`` and ``log 2 s``.
    Values between two levels count as the nearest. These are probabilities: of two models of the
    same pictures, ``nats / log(2) / size`` compares the bits a number.

    Parameters
    ----------
    components
        How many bells are mixed.
    levels
        How many steps there are: 256 of bytes.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Vector
    >>> p = DiscretisedLogistic(1, levels=3).on(Vector(1, support="unit"))(torch.zeros(1, 3, 1))
    >>> [round(p.log_prob(torch.tensor([[x]])).exp().item(), 4) for x in (0.0, 0.5, 1.0)]
    [0.3775, 0.2449, 0.3775]
    """

    support = "unit"
    accepts = ("unit",)
    discrete = True

    def __init__(self, components: int = 2, levels: int = 256) -> None:
        super().__init__()
        self.components = whole("components", components, 1, example=EXAMPLE)
        self.levels = whole("levels", levels, 2, example=EXAMPLE)

    def raw_shape(self) -> Size:
        """Return ``(3 components, *E)``: weights, then means, then scales."""
        return Size((3 * self.components, *self.space.shape))

    def forward(self, raw: Tensor) -> Distribution:
        """Return the distribution over levels, elementwise over ``(B, *E)``."""
        weight, mean, log_scale = raw.unflatten(1, (3, self.components)).unbind(1)
        # The bells start apart: from one place they would be long in finding different ones.
        apart = torch.linspace(-1, 1, self.components + 2)[1:-1].to(raw)
        mean = mean.clamp(-DRIFT, DRIFT) + apart.reshape(-1, *(1 for _ in self.space.shape))
        return Levels(weight, mean, log_scale.clamp(*LOG_SCALE), self.levels)


class Levels(Distribution):
    """A mixture of discretised logistics, elementwise over ``(B, *E)``.

    Parameters
    ----------
    weight, mean, log_scale
        Of each bell, ``(B, components, *E)``: its weight before the softmax, and its place and
        the logarithm of its scale on the line from -1 to 1.
    levels
        How many steps there are on it.
    """

    def __init__(self, weight: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> None:
        self.log_weight = weight.log_softmax(1)
        self.loc, self.log_scale = mean, log_scale
        self.levels = levels
        super().__init__(Size((weight.shape[0], *weight.shape[2:])), validate_args=False)

    @property
    def arg_constraints(self) -> dict[str, Constraint]:
        """Any numbers are weights, means and scales."""
        return {}

    @property
    def support(self) -> Constraint:
        """The steps from 0 to 1."""
        return Steps(self.levels)

    @property
    def mean(self) -> Tensor:
        """The mean over the levels, ``(B, *E)``: one less what lies below each edge, summed."""
        rate, below = (-self.log_scale).exp(), torch.zeros_like(self.loc)
        for level in range(self.levels - 1):  # one at a time: all at once would fill the memory
            below = below + (((2 * level + 1) / (self.levels - 1) - 1 - self.loc) * rate).sigmoid()
        below = (self.log_weight.exp() * below).sum(1)
        return 1 - below / (self.levels - 1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-probability of the level nearest to ``value``, ``(..., B, *E)``."""
        level = (value * (self.levels - 1)).round().clamp(0, self.levels - 1)
        level = level.unsqueeze(1 + level.dim() - self.loc.dim() + 1)
        step, rate = 2 / (self.levels - 1), (-self.log_scale).exp()
        high = ((level + 0.5) * step - 1 - self.loc) * rate
        low = ((level - 0.5) * step - 1 - self.loc) * rate
        first, last = level == 0, level == self.levels - 1
        # sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - exp(a - b)), of which none
        # vanishes before its logarithm is taken.
        log_p = torch.where(last, 0.0, logsigmoid(high)) + torch.where(first, 0.0, logsigmoid(-low))
        log_p = log_p + torch.where(first | last, 0.0, (-(-step * rate).expm1()).log())
        return (self.log_weight + log_p).logsumexp(1 + log_p.dim() - self.loc.dim())

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw a level for each number, as a step from 0 to 1: ``(*sample_shape, B, *E)``."""
        shape = Size(sample_shape)
        with torch.no_grad():
            bells = self.log_weight.movedim(1, -1)
            which = torch.distributions.Categorical(logits=bells, validate_args=False).sample(shape)
            u = torch.rand(which.shape, device=bells.device).to(bells).clamp(1e-7, 1 - 1e-7)
            loc, log_scale = (
                each.movedim(1, -1)
                .expand(*shape, *bells.shape)
                .gather(-1, which[..., None])[..., 0]
                for each in (self.loc, self.log_scale)
            )
            drawn = (loc + log_scale.exp() * u.logit() + 1) / 2 * (self.levels - 1)
            return drawn.round().clamp(0, self.levels - 1) / (self.levels - 1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return each step from 0 to 1, ``(levels, B, *E)``."""
        steps = torch.arange(self.levels, device=self.loc.device).to(self.loc) / (self.levels - 1)
        steps = steps.reshape(-1, *(1 for _ in self.batch_shape))
        return steps.expand(-1, *self.batch_shape) if expand else steps


class Steps(Constraint):
    """Whether a value is one of the steps from 0 to 1."""

    is_discrete = True

    def __init__(self, levels: int) -> None:
        self.levels = levels

    def check(self, value: Tensor) -> Tensor:
        """Return True where it is."""
        level = value * (self.levels - 1)
        return (level - level.round()).abs().lt(1e-3) & value.ge(0) & value.le(1)
