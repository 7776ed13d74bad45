"""Recipe: a family's equation, and what stands in where nobody said anything."""

from dataclasses import dataclass

from isthmus.backbones import LSTM, Backbone, Dense
from isthmus.codec import Codec
from isthmus.corruptions import Corruption
from isthmus.errors import CompositionError
from isthmus.latents import Latent
from isthmus.likelihoods import Bernoulli, Categorical, Likelihood, Mixed, Normal
from isthmus.objectives import Objective, Term
from isthmus.space import Series, Space, Vector


@dataclass(frozen=True)
class Recipe:
    """A family's equation, and what it prefers where the user said nothing.

    Attributes
    ----------
    latent, objective
        The equation: what codes are, and what is minimised.
    likelihood, corruption, backbone
        What the family prefers; None: it has no preference.
    forgetting
        The share of rows whose context is hidden at each step of training.

    Examples
    --------
    >>> from isthmus import NLL, Point
    >>> Recipe(latent=Point(2), objective=NLL()).objective
    NLL()
    """

    latent: Latent
    objective: Objective | Term
    likelihood: Likelihood | None = None
    corruption: Corruption | None = None
    backbone: Backbone | None = None
    forgetting: float = 0.0

    def composed(
        self,
        space: Space,
        context: int = 0,
        likelihood: Likelihood | None = None,
        corruption: Corruption | None = None,
        backbone: Backbone | None = None,
    ) -> tuple[Codec, Objective]:
        """Return the networks and the objective for ``space``, untrained.

        What the user chose comes first, then what the family prefers, then what suits the data.

        Raises
        ------
        CompositionError
            If the objective needs a density that the latent doesn't have.
        """
        objective = 1 * self.objective
        if objective.bounds_density and not self.latent.has_density:
            raise CompositionError(
                f"{objective!r} needs a latent with a density; {self.latent!r} has none. "
                "Use latent=Gaussian(d), or leave the terms with a prior out."
            )
        damage = corruption or self.corruption
        codec = Codec(
            space,
            self.latent,
            likelihood or self.likelihood or _likelihood_for(space, objective, damage),
            backbone or self.backbone or _backbone_for(space),
            damage,
            context,
            self.forgetting,
        )
        return codec, objective.on(codec)


def _backbone_for(space: Space) -> Backbone:
    """Return the networks that suit the data."""
    # Dense layers have weights for each token at each step of a text: hundreds of millions.
    if isinstance(space, Series) and space.support == "categories":
        return LSTM(128)
    return Dense()


def _likelihood_for(
    space: Space, objective: Objective, corruption: Corruption | None
) -> Likelihood:
    """Return the likelihood that suits the data, and the objective."""
    if space.support == "binary":
        return Bernoulli()
    if space.support == "categories":
        return Categorical()
    if space.support == "mixed":
        # A number that a code copies for nothing would have its scale fall until it drowns the
        # categories: on Adult, 8 codes then tell 78 % of them, and at unit scale 92 %. Where codes
        # cost nats, or cells are hidden, the scale comes to rest at what can't be told.
        hides = corruption is not None and corruption.hides
        return Mixed() if objective.bounds_density or hides else Mixed(1.0)
    # Against a prior the scale decides what a detail is worth; alone it changes nothing.
    if objective.bounds_density:
        return Normal("feature" if isinstance(space, Vector) else "shared")
    return Normal()
