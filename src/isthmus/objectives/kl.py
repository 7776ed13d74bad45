"""The Kullback-Leibler term: what the code tells that the prior did not."""

from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.objectives.base import Term
from isthmus.ranges import number


class KL(Term):
    """The divergence of the code from the prior, ``KL(q(z | x) || p(z))``.

    For a Gaussian against the standard normal it is ``sum_d (mu^2 + s^2 - 1) / 2 - log s``.
    With `NLL` at weight 1 the two make the negative evidence lower bound (Kingma and
    Welling, 2014, arXiv:1312.6114); a weight above 1 makes a beta-VAE (Higgins et al.,
    2017).

    Parameters
    ----------
    free
        Free bits, in nats: so much each code dimension may tell at no cost,
        ``sum_d max(free, E_x KL_d)`` (Kingma et al., 2016, arXiv:1606.04934, section 4), which
        keeps codes from dying. The mean is over the batch; a row that is scored stands alone.

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 4 * KL()
    NLL() + 4 * KL()
    >>> NLL() + KL(free=0.25)
    NLL() + KL(0.25)
    """

    fits_prior = True
    bounds_density = True

    def __init__(self, free: float = 0.0) -> None:
        super().__init__()
        self.free = number("free", free, 0, example="KL(free=0.25)")

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``: the sum over codes."""
        kl = divergence(trace.q, codec.latent.prior)
        if not self.free:
            return kl.flatten(1).sum(1)
        kl = kl.flatten(2).sum(2) if kl.dim() > 2 else kl
        told = kl.mean(0) if trace.drawn else kl
        return kl.where(told > self.free, self.free).sum(1)


def divergence(q: Distribution, prior: Distribution) -> Tensor:
    """Return ``KL(q || prior)`` of each code, ``(B, d, *G)``.

    Raises
    ------
    CompositionError
        If the latent is a point, which has no divergence from anything.
    """
    try:
        return kl_divergence(q, prior)
    except NotImplementedError as error:
        raise CompositionError(
            f"KL() needs a latent with a density; this one makes {type(q).__name__}. "
            "Use latent=Gaussian(d), or leave KL() out."
        ) from error
