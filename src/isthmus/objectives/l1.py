"""The absolute code, each number weighed by what it moves: few codes are active at a time."""

from math import pi, sqrt

import torch
from torch import Tensor

from isthmus.backbones.base import Linear
from isthmus.codec import Codec, Trace
from isthmus.objectives.as_trained import as_trained, uncompiled
from isthmus.objectives.base import Term

SCORING_DIRECTIONS = 64
"""Fixed directions that a norm is read off where nothing may be drawn."""


class L1(Term):
    """The absolute code, each number weighed by what it moves: ``sum_j |z_j| ||J_j||``.

    ``J_j = d raw / d z_j`` is how far the decoder's numbers move with code ``j``. Without it
    the penalty on ``|z|`` is undone by codes ever smaller and a decoder ever larger; with it,
    scaling a code by a and its column by 1/a changes nothing. Where the decoder is one linear
    map, ``||J_j||`` is the norm of its column, exactly: the lasso over unit columns (Olshausen
    and Field, 1997, "Sparse coding with an overcomplete basis set"). Elsewhere one random
    projection of the decoder, run a second time as once trained, estimates it without bias:
    ``sqrt(pi/2) E |v^T J_j| = ||J_j||``, ``v ~ N(0, I)``.

    On a pass whose code was not drawn (when rows are scored) 64 directions, fixed once and for
    all, take the place of the random one, so that scores repeat exactly.

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 0.5 * L1()
    NLL() + 0.5 * L1()
    """

    @uncompiled
    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``: the sum over codes."""
        decoder = codec.decoder
        columns = decoder.columns() if isinstance(decoder, Linear) else None
        if columns is not None:
            return (trace.z.abs() * columns.norm(dim=1)).sum(1)
        learning = torch.is_grad_enabled()
        # Rows that are scored, or kept aside, come without a gradient; the norm needs one.
        with torch.enable_grad(), as_trained(codec):
            z = trace.z if trace.z.requires_grad else trace.z.detach().requires_grad_()
            raw = codec.raw(z, trace.batch.context)
            pulls = [
                torch.autograd.grad(raw, z, v, create_graph=learning, retain_graph=True)[0]
                for v in _directions(raw, trace.drawn)
            ]
        moved = (trace.z * torch.stack(pulls)).abs().mean(0)
        return sqrt(pi / 2) * moved.flatten(1).sum(1)


def _directions(raw: Tensor, drawn: bool) -> list[Tensor]:
    """Return directions to project on: one for each row, drawn; or the same for all, fixed."""
    if drawn:
        return [torch.randn_like(raw)]
    fixed = torch.Generator().manual_seed(0)
    v = torch.randn((SCORING_DIRECTIONS, 1, *raw.shape[1:]), generator=fixed).to(raw)
    return [each.expand_as(raw) for each in v]
