"""The plain autoencoder."""

from dataclasses import dataclass

from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Point
from isthmus.objectives import NLL
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class Autoencoder(BaseAutoencoder):
    """The plain autoencoder: squeeze x through a narrow code, and get it back.

    Minimises ``E_x [-log p(x | z)]``, ``z = f(x)``: half the squared error, unless another
    likelihood is named (Hinton and Salakhutdinov, 2006, "Reducing the dimensionality of data
    with neural networks").

    Parameters
    ----------
    latent_dim
        The code size, ``d``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data
    >>> model = Autoencoder(latent_dim=8, epochs=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (1797, 8)
    >>> model.reconstruct(X).shape
    (1797, 64)
    """

    latent_dim: int = 16

    def recipe(self) -> Recipe:
        """Return ``NLL()`` over a point."""
        return Recipe(latent=Point(self.latent_dim), objective=NLL())
