"""An autoencoder of one's own, composed from parts."""

from dataclasses import dataclass

from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Latent, Point
from isthmus.objectives import NLL, Objective, Term
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class Composed(BaseAutoencoder):
    """An autoencoder by its equation: the argument list is the model.

    Minimises ``objective`` over whatever parts are named.

    Parameters
    ----------
    latent
        What the encoder's numbers mean; None: ``Point(16)``.
    objective
        The formula that is minimised; None: ``NLL()``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import KL, NLL, Dense, Gaussian, Laplace, Masking
    >>> model = Composed(
    ...     latent=Gaussian(4),
    ...     likelihood=Laplace("shared"),
    ...     corruption=Masking(0.25),
    ...     backbone=Dense((64,)),
    ...     objective=NLL() + 4 * KL(),
    ...     epochs=2,
    ...     random_state=0,
    ... ).fit(load_digits().images)
    >>> model.objective_
    NLL() + 4 * KL()
    """

    latent: Latent | None = None
    objective: Objective | Term | None = None

    def recipe(self) -> Recipe:
        """Return what was named."""
        for name, kind in (("latent", Latent), ("objective", Objective | Term)):
            value = getattr(self, name)
            if not isinstance(value, kind | None):
                raise CompositionError(
                    f"{name}={value!r} was given; expected None, or a part such as "
                    f"{'Gaussian(16)' if kind is Latent else 'NLL() + 4 * KL()'}."
                )
        return Recipe(latent=self.latent or Point(16), objective=self.objective or NLL())
