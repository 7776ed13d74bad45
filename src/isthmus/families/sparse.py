"""The sparse autoencoder."""

from dataclasses import dataclass

from isthmus.backbones import Dictionary
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Point
from isthmus.objectives import L1, NLL, SparsityTarget
from isthmus.ranges import number
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class SparseAutoencoder(BaseAutoencoder):
    """The sparse autoencoder: many codes, of which each row uses few.

    Minimises ``E_x [-log p(x | z)] + weight sum_j |z_j| ||w_j||``, ``z = relu(f(x))``, with
    ``w_j`` the decoder's column of code ``j``: each row is a sum of few columns (Olshausen and
    Field, 1997, "Sparse coding with an overcomplete basis set"). With ``rho`` it minimises
    ``E_x [-log p(x | z)] + weight sum_j KL(rho || E_x z_j)`` instead, ``z = sigmoid(f(x))``:
    each code is active in a share ``rho`` of the rows (Ng, 2011, "Sparse autoencoder").

    Encoder and decoder are one linear map each, a `Dictionary`, unless ``backbone`` names others.
    Both begin with the same weights: from others, much of the code would never become active.

    Parameters
    ----------
    latent_dim
        The code size, ``d``: wide, may it be wider than x.
    weight
        The weight of the penalty.
    rho
        The share of rows that each code is active in; None: codes are sparse by L1.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data
    >>> model = SparseAutoencoder(epochs=5, random_state=0).fit(X)
    >>> bool((model.transform(X) == 0).mean() > 0.5)
    True
    >>> SparseAutoencoder(rho=0.05).recipe().objective
    NLL() + 0.3 * SparsityTarget()
    """

    latent_dim: int = 256
    weight: float = 0.3
    rho: float | None = None

    def recipe(self) -> Recipe:
        """Return ``NLL() + weight * L1()`` over a rectified point, or its form with a target."""
        weight = number("weight", self.weight, 0, example="weight=0.3")
        form, activation = L1(), "relu"
        if self.rho is not None:
            form, activation = SparsityTarget(self.rho), "sigmoid"
        return Recipe(
            latent=Point(self.latent_dim, activation=activation),
            objective=NLL() + weight * form,
            backbone=Dictionary(),
        )
