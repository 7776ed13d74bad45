"""The adversarial term: codes that a critic can't tell from draws of the prior."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import softplus

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.objectives.as_trained import uncompiled
from isthmus.objectives.base import Term
from isthmus.ranges import number, whole


class Adversarial(Term):
    """A game between the encoder and a critic that tells codes from draws of the prior.

    ``C(z)`` are the critic's log-odds that z comes from the prior; with codes ``z = f(x)``
    and draws ``p ~ p(z)`` the term is the sum of

    - the critic's loss, ``E log(1 + exp -C(p)) + E log(1 + exp C(z))``, which moves the
      critic alone: 2 ln 2 = 1.386 where it can't tell, less where it can;
    - the encoder's, ``E log(1 + exp -C(z))``, which moves the encoder alone: ln 2 = 0.693
      where the critic can't tell, more where it can;
    - ``penalty / 2 E |grad C(p)|^2``, which keeps the critic flat where codes should lie, so
      that the game comes to rest.

    **What the figure means.** It measures neither player: it rests at 3 ln 2 = 2.079 nats once
    codes are distributed as the prior, and leaves that to either side while one of the two is
    ahead. A lower one is not better, so it is no judge of when to stop, and it has no
    part in the score of a row.

    Both players learn in the same backward pass: the critic sees codes that are cut off from
    the encoder, the encoder a critic whose weights are. The critic learns three times as fast,
    with a first moment of 0.5. Goodfellow et al. (2014, arXiv:1406.2661) for the game and the
    encoder's loss; Makhzani et al. (2015, arXiv:1511.05644) for playing it over codes;
    Mescheder et al. (2018, arXiv:1801.04406) for the penalty.

    Parameters
    ----------
    widths
        The critic's hidden layers.
    penalty
        The weight of its squared gradient on draws of the prior.

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 2 * Adversarial((64, 64))
    NLL() + 2 * Adversarial((64, 64))
    """

    fits_prior = True
    of_batch = True
    speed = 3.0
    momentum = 0.5

    def __init__(self, widths: Sequence[int] = (128, 128), penalty: float = 1.0) -> None:
        super().__init__()
        self.widths = _widths(widths)
        self.penalty = number("penalty", penalty, 0, example="Adversarial(penalty=1.0)")

    def build(self, codec: Codec) -> None:
        """Make the critic, from a code to its log-odds."""
        sizes = [prod(codec.code_shape), *self.widths]
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
        self.critic = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    @uncompiled
    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``()``: what both lose, together."""
        prior = codec.latent.draw(trace.z.shape, trace.z)
        # The penalty is a gradient of a gradient, for which half floats are too coarse.
        with torch.autocast(trace.z.device.type, enabled=False):
            return self._told(trace.z.detach(), prior) + self._fooled(trace.z)

    def _told(self, z: Tensor, prior: Tensor) -> Tensor:
        """Return the critic's loss, with its penalty."""
        with torch.enable_grad():  # the penalty is a gradient in evaluation too
            odds = self.critic(prior.requires_grad_())
            (slope,) = torch.autograd.grad(odds.sum(), prior, create_graph=True)
        steepness = slope.square().flatten(1).sum(1).mean()
        told = softplus(-odds).mean() + softplus(self.critic(z)).mean()
        return told + self.penalty / 2 * steepness

    def _fooled(self, z: Tensor) -> Tensor:
        """Return the encoder's loss, against a critic that stands still."""
        still = {name: each.detach() for name, each in self.critic.named_parameters()}
        return softplus(-functional_call(self.critic, still, z)).mean()


def _widths(widths: Any) -> list[int]:
    example = "Adversarial((128, 128))"
    if not isinstance(widths, tuple | list):
        raise CompositionError(
            f"widths={widths!r} was given; expected the width of each hidden layer of the critic, "
            f"as in {example}."
        )
    return [whole("width", each, 1, example=example) for each in cast("list[Any]", widths)]
