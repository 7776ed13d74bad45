"""What autoregressive priors share: a network whose paths from what comes later are cut."""

import math
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional

BATCH = 512
CHECKED = 100
"""How many steps lie between two looks at the codes kept aside."""
PATIENCE = 5
"""How many looks in a row may find nothing better."""
LOOKED_AT = 2**13
"""How many of the codes kept aside are looked at, at most."""


class MaskedNetwork(nn.Module):
    """Two masked layers and a linear one: what is told of a place sees those before it alone.

    Masks cut every path from what comes later (Germain et al., 2015, arXiv:1502.03509).

    Parameters
    ----------
    places
        How many there are, in order.
    given, told
        How many numbers each place gives, and how many are told of it.
    width
        Of the two hidden layers.

    Examples
    --------
    >>> MaskedNetwork(3, given=2, told=5, width=8)(torch.zeros(7, 6)).shape
    torch.Size([7, 3, 5])
    """

    def __init__(self, places: int, given: int, told: int, width: int) -> None:
        super().__init__()
        self.told = told
        place = torch.arange(1, places + 1)
        # What a hidden number may know: the first so many places.
        known = 1 + torch.arange(width) % max(1, places - 1)
        seen = place.repeat_interleave(given)
        self.hidden = nn.ModuleList([_Masked(seen, known), _Masked(known, known)])
        self.out = _Masked(known, (place - 1).repeat_interleave(told))

    def forward(self, x: Tensor, place: int | None = None) -> Tensor:
        """Return ``(n, places, told)`` from ``(n, places * given)``; of one place ``(n, told)``."""
        first, second = self.hidden
        h = functional.silu(first(x))
        h = h + functional.silu(second(h))
        if place is None:
            return self.out(h).unflatten(1, (-1, self.told))
        here = slice(place * self.told, (place + 1) * self.told)
        return functional.linear(h, (self.out.weight * self.out.mask)[here], self.out.bias[here])


def descend(
    prior: nn.Module,
    log_p: Callable[[Tensor], Tensor],
    u: Tensor,
    aside: Tensor,
    steps: int,
    rate: float,
) -> None:
    """Take steps of Adam on ``-log_p``; keep the weights that codes kept aside liked best.

    The learning rate falls along half a cosine wave; where 500 steps brought none better it stops.
    """
    optimiser = torch.optim.Adam(prior.parameters(), rate)
    best, kept, idle = math.inf, deepcopy(prior.state_dict()), 0
    size = min(BATCH, len(u))
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
        loss = -log_p(u[torch.randint(len(u), (size,))]).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(prior.parameters(), 10.0)
        optimiser.step()
        if step % CHECKED == CHECKED - 1 or step == steps - 1:
            with torch.no_grad():
                reached = -float(log_p(aside[:LOOKED_AT]).mean())
            idle += 1
            if reached < best:
                best, kept, idle = reached, deepcopy(prior.state_dict()), 0
            if idle == PATIENCE:
                break
    prior.load_state_dict(kept)


class _Masked(nn.Linear):
    """A linear layer of which each output sees only inputs that know no more than it may."""

    mask: Tensor

    def __init__(self, known: Tensor, told: Tensor) -> None:
        super().__init__(len(known), len(told))
        self.register_buffer("mask", (known[None] <= told[:, None]).float(), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return functional.linear(input, self.weight * self.mask, self.bias)
