"""The importance-weighted bound: the evidence lower bound, tightened by more draws."""

from math import log

import torch
from torch import Tensor, logsumexp

from isthmus.codec import Codec, Trace
from isthmus.objectives.base import Term
from isthmus.objectives.kl import divergence
from isthmus.objectives.nll import cells
from isthmus.ranges import whole


class ImportanceWeighted(Term):
    """The negative importance-weighted bound with k draws.

    ``-log (1/k) sum_i p(x | z_i) p(z_i) / q(z_i | x)``, ``z_i ~ q(z | x)`` (Burda, Grosse
    and Salakhutdinov, 2016, arXiv:1509.00519). At k = 1 its mean is that of
    ``NLL() + KL()``; it falls towards ``-log p(x)`` as k grows.

    On a pass whose code was not drawn (when rows are scored) it is ``NLL() + KL()`` at the
    mean, so that scores repeat exactly.

    Parameters
    ----------
    samples
        k.

    Examples
    --------
    >>> 1 * ImportanceWeighted(50)
    ImportanceWeighted(50)
    """

    fits_prior = True
    bounds_density = True

    def __init__(self, samples: int = 5) -> None:
        super().__init__()
        self.samples = whole("samples", samples, 1, example="ImportanceWeighted(5)")

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``."""
        if not trace.drawn:
            kl = divergence(trace.q, codec.latent.prior)
            return kl.flatten(1).sum(1) - cells(trace).flatten(1).sum(1)
        weights = log_weights(codec, trace, self.samples)
        return log(self.samples) - logsumexp(weights, dim=0)


def log_weights(codec: Codec, trace: Trace, samples: int, block: int | None = None) -> Tensor:
    """Return ``log p(x | z) + log p(z) - log q(z | x)`` of several draws, ``(samples, B)``.

    The first draw is the trace's own; the others are fresh, and decoded ``block`` at a time.
    """
    block = block or samples
    weights = [_weighed(codec, trace, trace.z[None], cells(trace))]
    for first in range(1, samples, block):
        z = trace.q.rsample((min(block, samples - first),))
        weights.append(_weighed(codec, trace, z, _decoded(codec, trace, z)))
    return torch.cat(weights)


def _decoded(codec: Codec, trace: Trace, z: Tensor) -> Tensor:
    """Return ``log p(x | z)`` of each cell for draws ``(n, B, d, *G)``: ``(n B, *E)``."""
    repeated = trace.batch.repeat(len(z))
    codes = z.flatten(0, 1)
    p = codec.decode(codes, repeated.context)
    return cells(Trace(repeated, repeated.x, trace.q, codes, p))


def _weighed(codec: Codec, trace: Trace, z: Tensor, log_p: Tensor) -> Tensor:
    """Return the log weights of draws whose cells have ``log_p``: ``(n, B)``."""
    ratio = codec.latent.prior.log_prob(z) - trace.q.log_prob(z)
    return log_p.flatten(1).sum(1).unflatten(0, (len(z), -1)) + ratio.flatten(2).sum(2)
