"""The total correlation: how far codes are from independent of each other."""

from math import log

from torch import Tensor, logsumexp

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.objectives.base import Term


class TotalCorrelation(Term):
    """The divergence of the codes from independent ones, ``KL(q(z) || prod_j q(z_j))``.

    ``q(z) = E_x q(z | x)`` over the batch, of M rows (minibatch-weighted sampling, Chen et al.,
    2018, arXiv:1802.04942):

    ``mean_i [log (1/M) sum_k q(z_i | x_k) - sum_j log (1/M) sum_k q(z_ij | x_k)]``.

    Its gradient is the paper's, its value is not quite the data's: it is that of a mixture of M
    rows alone, and at most ``(d - 1) log M``; compare values at equal batch sizes. The KL term
    holds a total correlation of weight 1 already: ``NLL() + KL() + 5 * TotalCorrelation()`` is
    the beta-TC-VAE of ``beta = 6``.

    Examples
    --------
    >>> from isthmus import KL, NLL, Composed, Gaussian
    >>> Composed(latent=Gaussian(8), objective=NLL() + KL() + 5 * TotalCorrelation())
    Composed(latent=Gaussian(8), objective=NLL() + KL() + 5 * TotalCorrelation())
    """

    of_batch = True

    def build(self, codec: Codec) -> None:
        """Check that codes have a density."""
        if not codec.latent.has_density:
            raise CompositionError(
                f"TotalCorrelation() needs a latent with a density; {codec.latent!r} has none. "
                "Use latent=Gaussian(d), or leave TotalCorrelation() out."
            )

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``()``: the mean over the batch."""
        among = trace.q.log_prob(trace.z[:, None]).flatten(2)  # (i, k, d): log q(z_ij | x_k)
        _, rows, codes = among.shape
        together = logsumexp(among.sum(2), dim=1)
        apart = logsumexp(among, dim=1).sum(1)
        return (together - apart).mean() + (codes - 1) * log(rows)
