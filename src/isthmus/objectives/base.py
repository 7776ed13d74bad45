"""Term and Objective: what is minimised, as an algebra.

``NLL() + 4 * KL()`` is an `Objective`: it prints as itself, reports each term by name,
and is written to JSON as it prints.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

import torch
from torch import Tensor, nn

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.objectives.schedules import Schedule
from isthmus.part import Part, changed
from isthmus.ranges import number

Weight = float | Schedule


class Term(Part, ABC):
    """One summand of the objective, in nats per example.

    A term sums over features, never over the batch: it returns ``(B,)``, or ``()`` where
    only the batch as a whole has a value.

    Attributes
    ----------
    fits_prior
        Whether minimising it makes the codes look like draws from the prior, so that
        draws from the prior can be decoded.
    bounds_density
        Whether it weighs the likelihood against the prior in nats, so that the scale of
        the likelihood matters and should be learned.
    of_batch
        Whether only the batch as a whole has a value: the term then returns ``()``, and has no
        part in the score of a row.
    speed, momentum
        How fast the parameters that the term itself owns learn, in learning rates, and how
        much of their first moment Adam keeps.

    Examples
    --------
    >>> class Sparsity(Term):
    ...     "The absolute code, summed: ``sum_d |z_d|``."
    ...
    ...     def forward(self, codec, trace):
    ...         return trace.z.abs().flatten(1).sum(1)
    >>> from isthmus import NLL
    >>> NLL() + 0.1 * Sparsity()
    NLL() + 0.1 * Sparsity()
    """

    fits_prior: ClassVar[bool] = False
    bounds_density: ClassVar[bool] = False
    of_batch: ClassVar[bool] = False
    speed: ClassVar[float] = 1.0
    momentum: ClassVar[float] = 0.9

    def on(self, codec: Codec) -> Self:
        """Return the term made anew for ``codec``.

        Raises
        ------
        CompositionError
            If the term means nothing for such a codec.
        """
        made = self.fresh()
        made.build(codec)
        return made

    def build(self, codec: Codec) -> None:
        """Check that the term fits the codec, and make the parameters that depend on it."""

    @abstractmethod
    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return the term, ``(B,)`` or ``()``, in nats."""

    def __mul__(self, weight: Weight) -> "Objective":
        return Objective(((weight, self),))

    __rmul__ = __mul__

    def __add__(self, other: "Term | Objective") -> "Objective":
        return 1 * self + other if _summand(other) else NotImplemented


@dataclass(frozen=True)
class Nats:
    """The value of an objective on one batch.

    Attributes
    ----------
    terms
        Each term by name, unweighted: ``(B,)`` or ``()``.
    weights
        Its weight at this moment of training.
    """

    terms: dict[str, Tensor]
    weights: dict[str, float]

    @cached_property
    def means(self) -> list[Tensor]:
        """Each term's mean over the batch, unweighted, in the order of `terms`."""
        return [term.mean() if term.dim() else term for term in self.terms.values()]

    @cached_property
    def total(self) -> Tensor:
        """The weighted sum, averaged over the batch: what training minimises."""
        return self._sum(self.means)

    @property
    def figures(self) -> Tensor:
        """The total, then each term's mean: ``(T + 1,)``."""
        return torch.stack([self.total, *self.means]).detach()

    @property
    def rows(self) -> Tensor:
        """The weighted sum of every term that has a value for each row: ``(B,)``."""
        zero = torch.zeros(())
        return self._sum([term if term.dim() else zero for term in self.terms.values()])

    def _sum(self, values: Sequence[Tensor]) -> Tensor:
        weights = self.weights.values()
        pairs = zip(weights, values, strict=True)
        first, *others = [value if weight == 1 else weight * value for weight, value in pairs]
        return sum(others, start=first)


class Objective(Part):
    """A weighted sum of terms: what training minimises, in nats per example.

    ``number * term``, ``schedule * term`` and ``term + term`` build one.

    Parameters
    ----------
    weighted
        Pairs of a weight, a number of 0 or more or a `Schedule`, and a term.

    Examples
    --------
    >>> from isthmus import KL, NLL
    >>> objective = NLL() + 4 * KL()
    >>> objective
    NLL() + 4 * KL()
    >>> objective.set_params(KL=2)
    NLL() + 2 * KL()
    """

    def __init__(self, weighted: Sequence[tuple[Weight, Term]]) -> None:
        super().__init__()
        weighted = _pairs(weighted)
        names = [type(term).__name__ for _, term in weighted]
        if len(set(names)) < len(names):
            raise CompositionError(
                f"The objective names a term twice: {', '.join(names)}. Add up their weights."
            )
        self.weights = {name: weight for name, (weight, _) in zip(names, weighted, strict=True)}
        self.terms = nn.ModuleDict(
            {name: term for name, (_, term) in zip(names, weighted, strict=True)}
        )

    def on(self, codec: Codec) -> Self:
        """Return the objective made anew for ``codec``, each term in its turn."""
        made = self.fresh()
        made.terms = nn.ModuleDict(
            {name: term.on(codec) for name, term in zip(self.weights, self._members(), strict=True)}
        )
        return made

    def forward(self, codec: Codec, trace: Trace, progress: float = 1.0) -> Nats:
        """Return every term, with its weight at ``progress`` through training."""
        return self.weighed(self.values(codec, trace), progress)

    def values(self, codec: Codec, trace: Trace) -> list[Tensor]:
        """Return every term, unweighted: ``(B,)`` or ``()``.

        On a pass whose code was not drawn, made to score rows, what has a value for the batch
        alone is left out: zero.
        """
        return [
            trace.input.new_zeros(()) if term.of_batch and not trace.drawn else term(codec, trace)
            for term in self._members()
        ]

    def weighed(self, values: Sequence[Tensor], progress: float) -> Nats:
        """Return what `values` found, with the weights at ``progress`` through training."""
        weights = self.at(progress)
        return Nats(dict(zip(weights, values, strict=True)), weights)

    def at(self, progress: float) -> dict[str, float]:
        """Return each term's weight at ``progress`` through training, by the term's name."""
        return {name: _at(weight, progress) for name, weight in self.weights.items()}

    @property
    def fits_prior(self) -> bool:
        """Whether draws from the prior can be decoded: a term that weighs nothing has no say."""
        return any(term.fits_prior for term in self._heard())

    @property
    def bounds_density(self) -> bool:
        """Whether the likelihood is weighed against the prior, in nats."""
        return any(term.bounds_density for term in self._heard())

    @property
    def of_batch(self) -> bool:
        """Whether a term has a value for the batch alone, which depends on how large it is."""
        return any(term.of_batch for term in self._members())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return each term's weight by the term's name, and the terms' own parameters."""
        params: dict[str, Any] = dict(self.weights)
        if deep:
            for term in self._members():
                inner = term.get_params()
                params.update({f"{type(term).__name__}__{key}": inner[key] for key in inner})
        return params

    def set_params(self, **params: Any) -> Self:
        """Change weights by ``NAME=weight``, terms by ``NAME__parameter=value``."""
        weights, terms = dict(self.weights), dict(zip(self.weights, self._members(), strict=True))
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in weights:
                known = ", ".join(weights)
                raise ValueError(f"{self!r} has no term {name!r}; it has: {known}.")
            if inner:
                terms[name] = changed(terms[name], inner, value)
            else:
                weights[name] = value
        return self.become(type(self)(tuple(zip(weights.values(), terms.values(), strict=True))))

    def __add__(self, other: "Term | Objective") -> "Objective":
        if not _summand(other):
            return NotImplemented
        right = 1 * other
        return Objective((*self.arguments["weighted"], *right.arguments["weighted"]))

    def __mul__(self, factor: Weight) -> "Objective":
        return Objective(
            tuple((_product(factor, weight), term) for weight, term in self.arguments["weighted"])
        )

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return " + ".join(
            f"{term!r}" if weight == 1 else f"{weight!r} * {term!r}"
            for weight, term in self.arguments["weighted"]
        )

    def groups(self) -> list[tuple[Term, list[nn.Parameter]]]:
        """Return each term that owns parameters, with them."""
        owned = [(term, list(term.parameters())) for term in self._members()]
        return [(term, each) for term, each in owned if each]

    def _members(self) -> list[Term]:
        return [term for term in self.terms.values() if isinstance(term, Term)]

    def _heard(self) -> list[Term]:
        """Return the terms that weigh anything once training is through."""
        pairs = zip(self.weights.values(), self._members(), strict=True)
        return [term for weight, term in pairs if _at(weight, 1.0) != 0]


def _summand(value: Any) -> bool:
    return isinstance(value, Term | Objective)


def _pairs(weighted: Any) -> list[tuple[Weight, Term]]:
    """Return the pairs that an objective is made of, each looked at."""
    pairs = cast("list[Any]", list(weighted)) if isinstance(weighted, tuple | list) else []
    fine = [isinstance(each, tuple | list) and len(each) == 2 for each in pairs]
    if not pairs or not all(fine) or not all(isinstance(term, Term) for _, term in pairs):
        raise CompositionError(
            f"An objective of {weighted!r} was asked for; expected one pair or more of a weight "
            "and a term. Write it as a sum, as in NLL() + 4 * KL()."
        )
    return [(_weight(weight), term) for weight, term in pairs]


def _weight(weight: Any) -> Weight:
    if isinstance(weight, Schedule):
        return weight
    return number("weight", weight, 0, example="4 * KL(), or WarmUp(0.2) * KL()")


def _product(factor: Weight, weight: Weight) -> Weight:
    factor = _weight(factor)
    if not isinstance(factor, Schedule):
        return factor * weight
    if isinstance(weight, Schedule):
        raise CompositionError(
            f"{factor!r} was given to weigh a term that {weight!r} weighs already; expected one "
            "schedule for each term. Give the term one of the two."
        )
    return weight * factor


def _at(weight: Weight, progress: float) -> float:
    return weight(progress) if isinstance(weight, Schedule) else weight
