"""Cells: how a row of a table, numbers beside categories, enters an encoder."""

from math import sqrt

import torch
from torch import Size, Tensor, nn

from isthmus.space import Space, Table, Vector

ONE_HOT = 32
"""Up to how many categories are laid out one by one; more are embedded,"""
EMBEDDED = 32
"""in so many numbers each."""


class Cells(nn.Module):
    """Turn a row whose cells differ in kind into numbers that a network can take.

    First come the numbers as they are, then the categories one by one, all in the order of
    `Table.order`; then those of which there are many, as learned vectors, of a table of their
    own for each cell; then which cells are known. Of an unknown cell all is zero.

    Parameters
    ----------
    space
        What x is.

    Attributes
    ----------
    space
        What comes out.

    Examples
    --------
    >>> cells = Cells(Table((3, 1)))
    >>> cells(torch.tensor([[2.0, 0.5]])), cells.space
    (tensor([[0.5000, 0.0000, 0.0000, 1.0000, 1.0000, 1.0000]]), Vector(6))
    """

    numbers: Tensor
    owner: Tensor
    level: Tensor
    many: Tensor
    start: Tensor

    def __init__(self, space: Table) -> None:
        super().__init__()
        categories = space.order[len(space.numbers) :]
        few = [place for place in categories if space.kinds[place] <= ONE_HOT]
        many = [place for place in categories if space.kinds[place] > ONE_HOT]
        owner = [place for place in few for _ in range(space.kinds[place])]
        level = [float(each) for place in few for each in range(space.kinds[place])]
        self.register_buffer("numbers", torch.tensor(space.numbers, dtype=torch.long))
        self.register_buffer("owner", torch.tensor(owner, dtype=torch.long))
        self.register_buffer("level", torch.tensor(level))
        self.embedding = None
        if many:
            sizes = [space.kinds[place] for place in many]
            starts = [sum(sizes[:each]) for each in range(len(sizes))]
            self.register_buffer("many", torch.tensor(many))
            self.register_buffer("start", torch.tensor(starts))
            self.embedding = nn.Embedding(sum(sizes), EMBEDDED)
            # As long as the one 1 of a category that is laid out: no cell begins louder.
            nn.init.normal_(self.embedding.weight, std=1 / sqrt(EMBEDDED))
        self.space = Vector(len(space.numbers) + len(owner) + EMBEDDED * len(many) + space.size)

    def forward(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Return ``(B, features)`` from ``(B, cells)``."""
        known = torch.ones_like(x) if observed is None else observed.to(x.dtype)
        x = x if observed is None else x.where(observed, 0.0)
        parts = [x.index_select(1, self.numbers)]
        # No category is below zero: an unknown one is none of them.
        told = x if observed is None else x.where(observed, -1.0)
        parts.append((told.index_select(1, self.owner) == self.level).to(x.dtype))
        if self.embedding is not None:
            vectors = self.embedding(x.index_select(1, self.many).long() + self.start)
            there = known.index_select(1, self.many)
            parts.append((vectors * there[..., None]).flatten(1))
        return torch.cat([*parts, known], dim=1)


def mirrors(space: Space, raw_shape: Size) -> bool:
    """Whether what a `Stem` makes of x begins with just the numbers that the decoder writes."""
    if isinstance(space, Table):
        return max(space.kinds) <= ONE_HOT and tuple(raw_shape) == (sum(space.kinds),)
    # Of categories the stem lays out one number for each as well, in the same order.
    return tuple(raw_shape) in (space.shape, (space.levels, *space.shape))
