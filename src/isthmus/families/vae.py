"""The variational autoencoder."""

from dataclasses import dataclass

from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Gaussian
from isthmus.objectives import KL, NLL, ImportanceWeighted, WarmUp
from isthmus.ranges import number, whole
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class VAE(BaseAutoencoder):
    """The variational autoencoder: codes are distributions, held to a prior.

    Minimises ``E_x E_{z ~ q(z|x)} [-log p(x | z)] + beta KL(q(z | x) || p(z))`` with
    ``q = N(mu(x), sigma(x)^2)`` and ``p(z) = N(0, 1)``. At ``beta = 1`` it is the negative
    evidence lower bound (Kingma and Welling, 2014, arXiv:1312.6114); above, a beta-VAE
    (Higgins et al., 2017). With ``samples`` above 1 it is the importance-weighted bound
    (Burda et al., 2016, arXiv:1509.00519).

    Parameters
    ----------
    latent_dim
        The code size, ``d``.
    beta
        The weight of the KL term. For one that changes in another way than by ``warm_up``, use
        `Composed`: ``objective=NLL() + Cyclic() * KL()``.
    warm_up
        The share of training over which that weight rises from 0.
    samples
        Draws of the code for each row, in one bound.
    free_bits
        What each code may tell at no cost, in nats (Kingma et al., 2016, arXiv:1606.04934).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().images
    >>> model = VAE(latent_dim=2, epochs=2, random_state=0).fit(X)
    >>> model.sample(3).shape
    (3, 8, 8)
    >>> model.log_likelihood(X[:5], samples=10).shape
    (5,)
    """

    latent_dim: int = 16
    beta: float = 1.0
    warm_up: float = 0.0
    samples: int = 1
    free_bits: float = 0.0

    def recipe(self) -> Recipe:
        """Return ``NLL() + beta * KL()``, or the importance-weighted bound."""
        beta = number("beta", self.beta, 0, example="VAE(beta=4)")
        share = number("warm_up", self.warm_up, 0, 1, example="VAE(warm_up=0.1)")
        if whole("samples", self.samples, 1, example="VAE(samples=5)") > 1:
            return Recipe(latent=Gaussian(self.latent_dim), objective=self._tighter())
        weight = WarmUp(share, beta) if share else beta
        return Recipe(
            latent=Gaussian(self.latent_dim), objective=NLL() + weight * KL(self.free_bits)
        )

    def _tighter(self) -> ImportanceWeighted:
        if self.beta != 1 or self.warm_up or self.free_bits:
            raise CompositionError(
                f"samples={self.samples} was given with beta={self.beta}, warm_up={self.warm_up} "
                f"and free_bits={self.free_bits}: the importance-weighted bound has no KL. "
                "Use samples=1, or leave the others out."
            )
        return ImportanceWeighted(self.samples)
