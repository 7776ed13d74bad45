"""Backbone: the network that an encoder and its mirrored decoder are made of."""

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol, runtime_checkable

from torch import Size, Tensor, nn

from isthmus.errors import CompositionError
from isthmus.part import Part
from isthmus.space import Image, Series, Space, Table, Vector

# What a user asks for to have data taken for those of a kind.
ADAPTERS: dict[type[Space], str] = {
    Vector: "Vectors()",
    Image: "Images()",
    Series: "Sequences()",
    Table: "Tables()",
}


class Backbone(Part, ABC):
    """A recipe for two networks: an encoder, and the decoder that mirrors it.

    Networks are plain functions of tensors. They know neither what their numbers will
    mean (the latent and the likelihood do) nor how they are trained.

    Attributes
    ----------
    spaces
        The kinds of x that it can take: all, unless the member says otherwise.
    """

    spaces: ClassVar[tuple[type[Space], ...]] = (Vector, Image, Series, Table)

    def check(self, space: Space) -> None:
        """Raise `CompositionError` if the backbone can't take ``space``."""
        if not isinstance(space, self.spaces):
            kinds = " or ".join(each.__name__ for each in self.spaces)
            adapters = " or ".join(ADAPTERS[each] for each in self.spaces)
            raise CompositionError(
                f"{self!r} was given for {space!r}; expected {kinds}. Use Dense(), which takes "
                f"everything; or, where the data are such, adapter={adapters}."
            )

    @abstractmethod
    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, *E)`` and ``(B, context)`` to ``(B, out, *G)``."""

    @abstractmethod
    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code, *G)`` and ``(B, context)`` to ``(B, *raw_shape)``."""

    def grid(self, space: Space) -> tuple[int, ...]:
        """Return the latent grid ``*G``: none, unless the member keeps one."""
        return ()

    def tie(self, encoder: nn.Module, decoder: nn.Module) -> None:
        """Have the two networks share weights, where the backbone ties them."""

    def begin(self, embedding: Tensor | None, encoder: nn.Module, decoder: nn.Module) -> None:
        """Set where the two networks begin, where that of one depends on the other.

        Parameters
        ----------
        embedding
            What stands for each category in the first channels of what the encoder sees,
            ``(levels, channels)``; None: x itself stands there.
        encoder, decoder
            Those that the backbone made.
        """


@runtime_checkable
class Linear(Protocol):
    """A decoder that is one linear map of the code, or can tell that it is none."""

    def columns(self) -> Tensor | None:
        """Return what each number of the code is multiplied by, ``(code, numbers)``, if linear."""
        ...
