"""Corruption: what the encoder sees, when it is not the clean x."""

from abc import ABC, abstractmethod

from torch import Tensor

from isthmus.part import Part
from isthmus.space import Batch


class Corruption(Part, ABC):
    """A random damage ``c(x~ | x)``; the target stays clean.

    Denoising autoencoders are trained to undo it (Vincent et al., 2008, "Extracting and
    composing robust features with denoising autoencoders"). A member must never let an
    unknown cell reach a known one.
    """

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """Return ``x~``, ``(B, *E)``, from a fresh draw."""
