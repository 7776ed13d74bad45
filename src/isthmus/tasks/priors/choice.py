"""Which priors to fit: the one that was named, or all that suit the size of a code."""

from math import prod
from typing import Any

from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.latents import Latent, Quantised
from isthmus.tasks.priors.autoregressive import Autoregressive
from isthmus.tasks.priors.base import Prior
from isthmus.tasks.priors.discrete import Discrete
from isthmus.tasks.priors.mixture import Mixture
from isthmus.tasks.priors.standard import Standard

LONGEST = 64
"""Up to what size codes are modelled one number after the other."""
NAMED: dict[str, type[Prior]] = {
    "autoregressive": Autoregressive,
    "discrete": Discrete,
    "mixture": Mixture,
    "standard": Standard,
}


def check(prior: Any, latent: Latent | None) -> None:
    """Raise `CompositionError` if there is no such prior, or not for codes of this latent."""
    if not isinstance(prior, Prior) and prior != "auto" and prior not in NAMED:
        raise CompositionError(
            f"prior={prior!r} was given; expected 'auto', one of {', '.join(map(repr, NAMED))}, "
            "or a Prior, as in prior=Mixture(50)."
        )
    if latent is not None and prior != "auto":
        (prior if isinstance(prior, Prior) else NAMED[prior]()).check(latent)


def candidates(prior: str | Prior, codec: Codec) -> list[Prior]:
    """Return the priors to try on codes of this codec."""
    if isinstance(prior, Prior):
        tried = [prior]
    elif prior != "auto":
        tried = [NAMED[prior]()]
    elif isinstance(codec.latent, Quantised):
        tried = [Discrete()]
    else:
        tried = [Mixture(), Autoregressive()] if prod(codec.code_shape) <= LONGEST else [Mixture()]
    return [each.on(codec) for each in tried]
