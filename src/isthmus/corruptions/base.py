"""Corruption: what the encoder sees, when it is not the clean x."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Self, get_args

import torch
from torch import Tensor

from isthmus.errors import CompositionError
from isthmus.part import Part
from isthmus.space import Batch, Space, Support

Strength = float | tuple[float, float]
"""How much damage is done: as much to every row, or drawn for each from ``(low, high)``."""


class Corruption(Part, ABC):
    """A random damage ``c(x~ | x)``; the target stays clean.

    Denoising autoencoders are trained to undo it (Vincent et al., 2008, "Extracting and
    composing robust features with denoising autoencoders"). A member says what becomes of the
    numbers, `damaged`; cells that are unknown stay so: they are zero before and after, and must
    never reach a known one. One that hides cells, rather than change them, says so where the
    encoder is told which are known, `seen`.

    Attributes
    ----------
    accepts
        Every support whose values it can damage and leave values that the encoder can take:
        all, unless the member says otherwise.
    hides
        Whether cells are lost whole, so that they can only be told from the others.
    space
        The space that it was made for by `on`.
    """

    accepts: tuple[Support, ...] = get_args(Support)
    hides: bool = False
    space: Space

    def on(self, space: Space) -> Self:
        """Return the corruption made anew for ``space``.

        Raises
        ------
        CompositionError
            If it can't damage the values of ``space``.
        """
        if space.support not in self.accepts:
            raise CompositionError(
                f"{self!r} damages {' or '.join(self.accepts)} values, and the data are "
                f"{space.support}. Use Masking(0.25), or leave corruption=None."
            )
        made = self.fresh()
        made.space = space
        made.build()
        return made

    def build(self) -> None:
        """Make what depends on the space."""

    def forward(self, batch: Batch) -> Tensor:
        """Return ``x~``, ``(B, *E)``, from a fresh draw."""
        return self.seen(batch).x

    def seen(self, batch: Batch) -> Batch:
        """Return what the encoder sees, from a fresh draw: ``x~``, and which cells are known."""
        x = self._damaged(batch)
        x = x if batch.observed is None else x.where(batch.observed, 0.0)
        return replace(batch, x=x)

    def _damaged(self, batch: Batch) -> Tensor:
        return self.damaged(batch.x)

    @abstractmethod
    def damaged(self, x: Tensor) -> Tensor:
        """Return what becomes of ``x``, ``(B, *E)``, from a fresh draw."""


def drawn(strength: tuple[float, float], x: Tensor) -> float | Tensor:
    """Return a strength for each row of ``x``, to be broadcast: one number where it is fixed."""
    low, high = strength
    if low == high:
        return low
    return low + (high - low) * torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device)


def hidden(batch: Batch, lost: Tensor) -> Batch:
    """Return the batch without the cells that are ``lost``, ``(B, *E)``: zero, and unknown."""
    known = ~lost if batch.observed is None else batch.observed & ~lost
    return replace(batch, x=batch.x.where(known, 0.0), observed=known)
