"""Stems: how x enters an encoder."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from isthmus.backbones.cells import EMBEDDED, ONE_HOT, Cells
from isthmus.space import Image, Series, Space, Table, Vector, lasting


class Stem(nn.Module):
    """Turn what x is into numbers that a network can take.

    Categories become one-hot channels, or learned vectors where there are many. Where cells
    may be unknown, the mask of the known ones is laid beside x, so that the encoder can tell
    a zero from a hole; where series may end early, one more channel says which steps are there.
    Of a row whose cells differ in kind, a `Table`, each is laid out in its own way: see `Cells`.

    Parameters
    ----------
    space
        What x is.

    Attributes
    ----------
    space
        What comes out: real numbers, with more features or channels than went in.
    """

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.cells = Cells(space) if isinstance(space, Table) else None
        self.levels = space.levels if space.support == "categories" else 1
        self.holes = space.holes
        self.ragged = isinstance(space, Series) and space.ragged
        if self.levels > ONE_HOT:
            self.embedding = nn.Embedding(self.levels, EMBEDDED)
        width = min(self.levels, EMBEDDED)
        widened = _widened(space, width + self.holes, self.ragged)
        self.space = widened if self.cells is None else self.cells.space

    @property
    def table(self) -> Tensor | None:
        """The learned vector of each category, ``(levels, EMBEDDED)``, where there are such."""
        return self.embedding.weight if self.levels > ONE_HOT else None

    def forward(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Return ``(B, C', *)`` from ``(B, C, *)``, unknown cells all zero."""
        if self.cells is not None:
            return self.cells(x, observed)
        values = x if self.levels == 1 else self._spread(x)
        if observed is not None:
            values = (values.unflatten(1, (-1, x.shape[1])) * observed[:, None]).flatten(1, 2)
        channels = [values]
        if self.holes:
            channels.append(torch.ones_like(x) if observed is None else observed.to(x.dtype))
        if self.ragged:
            channels.append(lasting(x, observed))
        return channels[0] if len(channels) == 1 else torch.cat(channels, dim=1)

    def _spread(self, x: Tensor) -> Tensor:
        """Return each category as numbers: ``(B, width C, *)``."""
        if self.levels > ONE_HOT:
            wide = self.embedding(x.long())
        else:
            wide = one_hot(x.long(), self.levels).to(x.device).float()
        return wide.movedim(-1, 1).flatten(1, 2)


def _widened(space: Space, times: int, more: int) -> Space:
    """Return the space of real numbers with ``times`` the features or channels, and ``more``."""
    if times == 1 and not more:
        return space
    plain = replace(space, support="real", levels=0, holes=False)
    match plain:
        case Vector(features=features):
            return replace(plain, features=features * times)
        case Image(channels=channels) | Series(channels=channels):
            return replace(plain, channels=channels * times + more)
        case _:
            return plain
