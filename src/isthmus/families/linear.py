"""The linear autoencoder, kin to principal component analysis."""

from dataclasses import dataclass

from isthmus.backbones import Dense
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Point
from isthmus.objectives import NLL
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class LinearAutoencoder(BaseAutoencoder):
    """One linear map to the code and one back.

    Minimises ``E_x [-log p(x | z)]`` with ``z = W x + b`` and a mean of ``V z + c``. With
    squared error its optimum is principal component analysis: the decoder's columns span
    the first ``d`` principal axes, and the error is the sum of the eigenvalues left out
    (Baldi and Hornik, 1989, "Neural networks and principal component analysis").

    Parameters
    ----------
    latent_dim
        The code size, ``d``.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> X = load_breast_cancer().data
    >>> LinearAutoencoder(latent_dim=2, epochs=2, random_state=0).fit_transform(X).shape
    (569, 2)
    """

    # No local minima, and nothing to learn by heart: large batches, whose noise would hide the
    # last digits, and long strides, down to the optimum of all rows rather than an early stop.
    latent_dim: int = 16
    epochs: int = 1500
    batch_size: int | None = 4096
    learning_rate: float | None = 5e-2
    validation_fraction: float = 0.0
    patience: int | None = None

    def recipe(self) -> Recipe:
        """Return ``NLL()`` over a point, between linear maps."""
        if self.backbone is not None and not _linear(self.backbone):
            raise CompositionError(
                f"backbone={self.backbone!r} was given to LinearAutoencoder, which is made of "
                "linear maps: leave it out, or use Autoencoder."
            )
        return Recipe(latent=Point(self.latent_dim), objective=NLL(), backbone=Dense(()))


def _linear(backbone: object) -> bool:
    return isinstance(backbone, Dense) and not backbone.widths
