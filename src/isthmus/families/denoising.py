"""The denoising autoencoder."""

from dataclasses import dataclass

from isthmus.corruptions import Masking
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Point
from isthmus.objectives import NLL
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class DenoisingAutoencoder(BaseAutoencoder):
    """The denoising autoencoder: it sees damaged rows, and gives back the clean ones.

    Minimises ``E_x E_{x~ ~ c(x~ | x)} [-log p(x | z)]``, ``z = f(x~)`` (Vincent et al., 2008,
    "Extracting and composing robust features with denoising autoencoders"). What is lost can be
    told only from what it hangs together with, so that is what codes come to hold.

    The damage is ``Masking((0.0, 0.8))`` unless ``corruption`` names another: from rows of which
    most is gone, codes learn what hangs together; from those that are whole, as they will be in
    use, to give them back well.

    Parameters
    ----------
    latent_dim
        The code size, ``d``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import Occlusion
    >>> X = load_digits().images
    >>> model = DenoisingAutoencoder(latent_dim=8, epochs=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (1797, 8)
    >>> DenoisingAutoencoder(corruption=Occlusion((0.2, 0.5)), epochs=2).fit(X).codec_.corruption
    Occlusion((0.2, 0.5))
    """

    latent_dim: int = 16

    def recipe(self) -> Recipe:
        """Return ``NLL()`` over a point, from damaged rows."""
        return Recipe(
            latent=Point(self.latent_dim), objective=NLL(), corruption=Masking((0.0, 0.8))
        )
