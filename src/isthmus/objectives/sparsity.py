"""Sparsity: few codes are active at a time."""

from math import pi, sqrt

import torch
from torch import Tensor

from isthmus.backbones.dense import Perceptron
from isthmus.backbones.dictionary import Synthesis
from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.latents import Point
from isthmus.objectives.base import Term
from isthmus.objectives.jacobian import as_trained
from isthmus.ranges import number

SCORING_DIRECTIONS = 64
"""Fixed directions that a norm is read off where nothing may be drawn."""
NEVER = 1e-6
"""Mean activities are kept this far from 0 and 1, where the divergence is infinite."""


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

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``: the sum over codes."""
        norms = _column_norms(codec)
        if norms is not None:
            return (trace.z.abs() * norms).sum(1)
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


class SparsityTarget(Term):
    """The divergence of each code's mean activity from a target, ``sum_j KL(rho || rho_j)``.

    ``KL(rho || rho_j) = rho log(rho / rho_j) + (1 - rho) log((1 - rho) / (1 - rho_j))``, where
    ``rho_j`` is the mean of code ``j`` over the batch, read as the share of rows in which it is
    active (Ng, 2011, "Sparse autoencoder"; Lee, Ekanadham and Ng, 2008, "Sparse deep belief net
    model for visual area V2"). In nats. It needs codes from 0 to 1.

    Parameters
    ----------
    rho
        The target, between 0 and 1.

    Examples
    --------
    >>> from isthmus import NLL, Composed, Point
    >>> Composed(latent=Point(64, activation="sigmoid"), objective=NLL() + 3 * SparsityTarget())
    Composed(latent=Point(64, activation='sigmoid'), objective=NLL() + 3 * SparsityTarget())
    """

    of_batch = True

    def __init__(self, rho: float = 0.05) -> None:
        super().__init__()
        self.rho = number("rho", rho, 0, 1, without=(0, 1), example="SparsityTarget(0.05)")

    def build(self, codec: Codec) -> None:
        """Check that codes lie between 0 and 1."""
        latent = codec.latent
        if not (isinstance(latent, Point) and latent.activation == "sigmoid"):
            raise CompositionError(
                f"{self!r} needs codes from 0 to 1, as shares of rows are, and the latent is "
                f"{latent!r}. Use latent=Point({latent.dim}, activation='sigmoid'), or L1()."
            )

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``()``: the sum over codes."""
        mean = trace.z.mean(0).clamp(NEVER, 1 - NEVER)
        active, idle = (self.rho / mean).log(), ((1 - self.rho) / (1 - mean)).log()
        return (self.rho * active + (1 - self.rho) * idle).sum()


def _column_norms(codec: Codec) -> Tensor | None:
    """Return the norm of the decoder's column of each code, ``(d,)``, if it is one linear map."""
    decoder = codec.decoder
    if isinstance(decoder, Synthesis):
        return decoder.weight.norm(dim=1)
    if isinstance(decoder, Perceptron) and len(decoder.layers) == 1:
        weight = decoder.layers[0].weight
        assert isinstance(weight, Tensor)
        return weight.norm(dim=0)
    return None


def _directions(raw: Tensor, drawn: bool) -> list[Tensor]:
    """Return directions to project on: one for each row, drawn; or the same for all, fixed."""
    if drawn:
        return [torch.randn_like(raw)]
    fixed = torch.Generator().manual_seed(0)
    v = torch.randn((SCORING_DIRECTIONS, 1, *raw.shape[1:]), generator=fixed).to(raw)
    return [each.expand_as(raw) for each in v]
