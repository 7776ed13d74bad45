"""AnyOf: one of several kinds of damage, drawn for each row."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from isthmus.corruptions.base import Corruption
from isthmus.errors import CompositionError
from isthmus.space import Batch, Space

EXAMPLE = "AnyOf((Occlusion(0.25), Masking(0.5)))"


class AnyOf(Corruption):
    """Each row is damaged in one of several ways, all as likely.

    A model that has met several kinds of damage undoes each of them, and others better.

    Parameters
    ----------
    ways
        Corruptions, one or more.

    Examples
    --------
    >>> from isthmus import Masking, Noise
    >>> from isthmus.space import Vector
    >>> either = AnyOf((Masking(1.0), Noise(0.0))).on(Vector(2))
    >>> either(Batch(torch.ones(50, 2))).sum(1).unique()
    tensor([0., 2.])
    """

    def __init__(self, ways: Sequence[Corruption]) -> None:
        super().__init__()
        given: Any = ways
        fine = isinstance(given, tuple | list) and len(ways) > 0
        if not fine or not all(isinstance(each, Corruption) for each in given):
            raise CompositionError(
                f"ways={ways!r} was given; expected corruptions, one or more, as in {EXAMPLE}."
            )
        self.ways = nn.ModuleList(ways)
        self.hides = any(each.hides for each in ways)
        self.accepts = tuple(
            support
            for support in Corruption.accepts
            if all(support in each.accepts for each in ways)
        )

    def on(self, space: Space) -> Self:
        """Return the corruption made anew for ``space``, each of its ways in turn."""
        made = super().on(space)
        made.ways = nn.ModuleList([each.on(space) for each in self._each()])
        return made

    def damaged(self, x: Tensor) -> Tensor:
        """Return what becomes of ``x``, row by row."""
        return self.seen(Batch(x)).x

    def seen(self, batch: Batch) -> Batch:
        """Return the batch, each row damaged in one way."""
        found = [each.seen(batch) for each in self._each()]
        way = torch.randint(len(found), (len(batch),), device=batch.x.device)
        rows = way.reshape(-1, *[1] * (batch.x.dim() - 1))
        x, told = found[0].x, any(each.observed is not None for each in found)
        observed = _known(found[0]) if told else None
        for at, each in enumerate(found[1:], start=1):
            x = each.x.where(rows == at, x)
            observed = None if observed is None else _known(each).where(rows == at, observed)
        return replace(batch, x=x, observed=observed)

    def _each(self) -> list[Corruption]:
        return [each for each in self.ways if isinstance(each, Corruption)]


def _known(batch: Batch) -> Tensor:
    return torch.ones_like(batch.x, dtype=torch.bool) if batch.observed is None else batch.observed
