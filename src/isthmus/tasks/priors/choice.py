"""Which priors to fit: the one that was named, or all that suit the size of a code."""

from typing import Any

from isthmus.errors import CompositionError
from isthmus.tasks.priors.autoregressive import Autoregressive
from isthmus.tasks.priors.base import Prior
from isthmus.tasks.priors.mixture import Mixture
from isthmus.tasks.priors.standard import Standard

LONGEST = 64
"""Up to what size codes are modelled one number after the other."""
NAMED: dict[str, type[Prior]] = {
    "autoregressive": Autoregressive,
    "mixture": Mixture,
    "standard": Standard,
}


def candidates(prior: Any, size: int) -> list[Prior]:
    """Return the priors to try on codes of ``size`` numbers.

    Raises
    ------
    CompositionError
        If there is no such prior.
    """
    if isinstance(prior, Prior):
        return [prior]
    if isinstance(prior, str) and prior == "auto":
        return [Mixture(), Autoregressive()] if size <= LONGEST else [Mixture()]
    if isinstance(prior, str) and prior in NAMED:
        return [NAMED[prior]()]
    raise CompositionError(
        f"prior={prior!r} was given; expected 'auto', one of {', '.join(map(repr, NAMED))}, or a "
        "Prior, as in prior=Mixture(50)."
    )
