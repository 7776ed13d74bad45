"""Backbone: the network that an encoder and its mirrored decoder are made of."""

from abc import ABC, abstractmethod

from torch import Size, nn

from isthmus.part import Part
from isthmus.space import Space


class Backbone(Part, ABC):
    """A recipe for two networks: an encoder, and the decoder that mirrors it.

    Networks are plain functions of tensors. They know neither what their numbers will
    mean (the latent and the likelihood do) nor how they are trained.
    """

    @abstractmethod
    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, *E)`` and ``(B, context)`` to ``(B, out, *G)``."""

    @abstractmethod
    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code, *G)`` and ``(B, context)`` to ``(B, *raw_shape)``."""
