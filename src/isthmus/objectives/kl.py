"""The Kullback-Leibler term: what the code tells that the prior did not."""

from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.objectives.base import Term


class KL(Term):
    """The divergence of the code from the prior, ``KL(q(z | x) || p(z))``.

    For a Gaussian against the standard normal it is ``sum_d (mu^2 + s^2 - 1) / 2 - log s``.
    With `NLL` at weight 1 the two make the negative evidence lower bound (Kingma and
    Welling, 2014, arXiv:1312.6114); a weight above 1 makes a beta-VAE (Higgins et al.,
    2017).

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 4 * KL()
    NLL() + 4 * KL()
    """

    fits_prior = True
    bounds_density = True

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``: the sum over codes."""
        return divergence(trace.q, codec.latent.prior).flatten(1).sum(1)


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
