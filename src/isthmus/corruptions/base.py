"""Corruption: what the encoder sees, when it is not the clean x."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self, get_args

from torch import Tensor

from isthmus.errors import CompositionError
from isthmus.part import Part
from isthmus.space import Batch, Space, Support


class Corruption(Part, ABC):
    """A random damage ``c(x~ | x)``; the target stays clean.

    Denoising autoencoders are trained to undo it (Vincent et al., 2008, "Extracting and
    composing robust features with denoising autoencoders"). A member must never let an
    unknown cell reach a known one.

    Attributes
    ----------
    accepts
        Every support whose values it can damage and leave values that the encoder can take:
        all, unless the member says otherwise.
    """

    accepts: ClassVar[tuple[Support, ...]] = get_args(Support)

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
        return self.fresh()

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """Return ``x~``, ``(B, *E)``, from a fresh draw."""
