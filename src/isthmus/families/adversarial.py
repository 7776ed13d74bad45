"""The adversarial autoencoder."""

from dataclasses import dataclass

from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Point
from isthmus.objectives import NLL, Adversarial
from isthmus.ranges import number
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class AdversarialAutoencoder(BaseAutoencoder):
    """The adversarial autoencoder: codes are points that a critic takes for draws of the prior.

    Minimises ``E_x [-log p(x | z)] + weight Adversarial``, ``z = f(x)``: a small network learns
    to tell the codes from draws of the prior, and the encoder to mislead it (Makhzani et al.,
    2015, arXiv:1511.05644). Draws of the prior can then be decoded.

    The total loss is no judge of when to stop, since the encoder and the critic pull it
    opposite ways: it trains for all its epochs, on all the rows, unless told otherwise.
    How far the game has come is told by ``history_``: `Adversarial` rests at 3 ln 2 = 2.079.

    Parameters
    ----------
    latent_dim
        The code size, ``d``.
    weight
        The weight of the adversarial term, in nats. Where x is small in units of the likelihood's
        scale, as pictures within [0, 1] are, a weight of 1 costs less of the reconstruction and
        brings codes nearly as close to the prior.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().images
    >>> model = AdversarialAutoencoder(latent_dim=4, epochs=2, random_state=0).fit(X)
    >>> model.sample(3).shape
    (3, 8, 8)
    """

    latent_dim: int = 16
    weight: float = 5.0
    validation_fraction: float = 0.0
    patience: int | None = None

    def recipe(self) -> Recipe:
        """Return ``NLL() + weight * Adversarial()`` over a point."""
        weight = number("weight", self.weight, 0, example="weight=5.0")
        return Recipe(latent=Point(self.latent_dim), objective=NLL() + weight * Adversarial())
