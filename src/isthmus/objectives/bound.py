"""The importance-weighted bound: the evidence lower bound, tightened by more draws."""

from math import log

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


def log_weights(codec: Codec, trace: Trace, samples: int) -> Tensor:
    """Return ``log p(x | z) + log p(z) - log q(z | x)`` of fresh draws, ``(samples, B)``."""
    batch, q = trace.batch, trace.q
    z = q.rsample((samples,))
    ratio = codec.latent.prior.log_prob(z) - q.log_prob(z)
    repeated = batch.repeat(samples)
    p = codec.decode(z.flatten(0, 1), repeated.context)
    log_p = cells(Trace(repeated, repeated.x, q, z, p)).flatten(1).sum(1)
    return log_p.unflatten(0, (samples, -1)) + ratio.flatten(2).sum(2)
