"""The Wasserstein autoencoder."""

from dataclasses import dataclass

from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Point
from isthmus.objectives import MMD, NLL
from isthmus.ranges import number
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class WassersteinAutoencoder(BaseAutoencoder):
    """The Wasserstein autoencoder: codes are points that look, together, like the prior.

    Minimises ``E_x [-log p(x | z)] + weight MMD^2(q(z), p(z))``, ``z = f(x)``: where a `VAE`
    holds the code of every row to the prior, it holds the crowd of all codes to it, so that none
    has to give up what it knows (Tolstikhin et al., 2018, arXiv:1711.01558, with the maximum
    mean discrepancy). Draws of the prior can then be decoded.

    Parameters
    ----------
    latent_dim
        The code size, ``d``.
    weight
        The weight of the discrepancy, in nats.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().images
    >>> model = WassersteinAutoencoder(latent_dim=4, epochs=2, random_state=0).fit(X)
    >>> model.sample(3).shape
    (3, 8, 8)
    """

    latent_dim: int = 16
    weight: float = 100.0

    def recipe(self) -> Recipe:
        """Return ``NLL() + weight * MMD()`` over a point."""
        weight = number("weight", self.weight, 0, example="weight=100.0")
        return Recipe(latent=Point(self.latent_dim), objective=NLL() + weight * MMD())
