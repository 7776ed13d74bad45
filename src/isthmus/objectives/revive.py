"""Revival: codes that have fallen silent are taught what the others leave over."""

from math import inf

import torch
from torch import Tensor

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.latents import Sparse, TopK
from isthmus.objectives.base import Term
from isthmus.ranges import whole

TINY = 1e-12
"""Keeps the division finite where nothing is left over."""


class Revive(Term):
    """What dead codes leave of the error of the others: the auxiliary loss for `TopK` codes.

    ``v / s^2 * sum_i (e_i - e^_i)^2 / 2``, where ``e = x - x_hat`` is the error of the
    reconstruction, held fixed, ``e^`` what the decoder adds for the ``k`` dead codes that the
    encoder says most of, and ``s^2`` and ``v`` the mean squares of ``e`` and of ``x`` less its mean
    over the known cells of the batch. In nats, those of a unit normal: where the dead explain
    nothing it is what rows cost that are all taken for their mean. So it weighs against `NLL` as
    in Gao et al. (2024, arXiv:2406.04093), who divide the main error by ``v`` and this one by
    ``s^2``; there by row, here by batch, since a row without error would weigh without limit.

    Codes of which the encoder says less than zero add nothing, but their gradient passes
    straight through the relu, so that one that is below zero on every row finds its way back too.
    The error is what ``log p(x | z)`` asks of a decoder's numbers under `Normal`, but for the
    scale, and under `Bernoulli` of its log-odds: ``e^`` is then a step that these should take.

    Only training revives: it is zero on rows that are scored or kept aside, and where no
    code is dead.

    Parameters
    ----------
    k
        How many dead codes share in each row; None: half as many as x has numbers.

    Examples
    --------
    >>> from isthmus import NLL, Composed, TopK
    >>> Composed(latent=TopK(512, k=16), objective=NLL() + 0.03 * Revive())
    Composed(latent=TopK(512, k=16), objective=NLL() + 0.03 * Revive())
    """

    def __init__(self, k: int | None = None) -> None:
        super().__init__()
        self.k = None if k is None else whole("k", k, 1, example="Revive(256)")

    def build(self, codec: Codec) -> None:
        """Check that codes can die, and that the decoder's numbers are those of x."""
        if not isinstance(codec.latent, TopK):
            raise CompositionError(
                f"{self!r} needs codes that can fall silent, and the latent is {codec.latent!r}. "
                "Use latent=TopK(1024, k=32), or leave Revive() out."
            )
        written, shape = codec.likelihood.raw_shape(), codec.space.shape
        if written != torch.Size(shape):
            raise CompositionError(
                f"{self!r} needs a decoder that writes x itself, {tuple(shape)}; for "
                f"{codec.likelihood!r} it writes {tuple(written)}. Leave Revive() out, as "
                "KSparseAutoencoder(revive=0) does."
            )

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``: the sum over features."""
        x, q, latent = trace.batch.x, trace.q, codec.latent
        if not (codec.training and isinstance(q, Sparse) and isinstance(latent, TopK)):
            return x.new_zeros(len(x))
        dead = latent.dead
        # To be told whether there are any would stop a GPU; there the work is always done.
        if not dead.is_cuda and not dead.any():
            return x.new_zeros(len(x))
        observed = trace.batch.observed
        known = torch.ones_like(x) if observed is None else observed.to(x.dtype)
        error = known * (x - trace.p.mean).detach()
        left = error - known * self._said(codec, trace, q, dead)
        about = known * (x - (known * x).sum(0) / known.sum(0).clamp(min=1))
        worth = about.square().sum() / (error.square().sum() + TINY)
        return dead.any() * worth * left.square().flatten(1).sum(1) / 2

    def _said(self, codec: Codec, trace: Trace, q: Sparse, dead: Tensor) -> Tensor:
        """Return what the decoder adds for the dead codes of which most is said: ``(B, *E)``."""
        k = min(self.k or (codec.space.size + 1) // 2, q.size)
        over = dead.reshape(-1, *(1 for _ in q.raw.shape[2:]))
        indices = q.raw.masked_fill(~over, -inf).topk(k, dim=1).indices
        values = (q.raw * over).gather(1, indices)
        # The gradient passes by the relu: a code that every row holds below zero has no other.
        values = values + (values.relu() - values).detach()
        theirs = Sparse(values, indices, q.raw)
        # What the decoder writes for no code at all is in the error already: taken off on both
        # sides, an offset of the decoder's learns nothing here.
        nothing = Sparse(torch.zeros_like(values[:, :1]), indices[:, :1], q.raw)
        context = trace.batch.context
        return codec.raw(theirs, context) - codec.raw(nothing, context)
