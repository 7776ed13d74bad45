"""Occlusion: a whole piece of x is hidden."""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption, Strength, hidden
from isthmus.errors import CompositionError
from isthmus.ranges import number, spread
from isthmus.space import Batch, Series, Space, lasting

EXAMPLE = "Occlusion(0.25) for a quarter of each side, Occlusion(8) for 8 cells"


class Occlusion(Corruption):
    """A block of a picture, a stretch of a series or a run of columns is hidden.

    Its place is drawn for each row, all places within x as likely; every channel is hidden
    there (Pathak et al., 2016, arXiv:1604.07379). What is left says what was there only if
    the encoder knows how neighbours hang together. A series that ends early is damaged within
    its own length. Where cells may be unknown and ``value`` is 0, hidden ones are: the encoder is
    told which.

    Parameters
    ----------
    size
        As a float, the share of each side, from 0 to 1; as an int, a number of cells along
        each side. Or two such, ``(low, high)``, to draw one for each row from.
    value
        What hidden cells hold: 0, black, or the mean of a column.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Batch
    >>> Occlusion(0.5)(Batch(torch.ones(3, 4))).sum(1)
    tensor([2., 2., 2.])
    >>> Occlusion(2)(Batch(torch.ones(1, 3, 5, 5))).sum((2, 3))
    tensor([[21., 21., 21.]])
    """

    hides = True

    def __init__(self, size: Strength = 0.25, value: float = 0.0) -> None:
        super().__init__()
        self.tells = self.ragged = False
        self.in_cells, self.size = _size(size)
        self.value = number("value", value, example="Occlusion(0.25, value=0.5)")

    def on(self, space: Space) -> Self:
        """Return the corruption made anew for ``space``."""
        if space.support == "categories" and self.value not in range(max(space.levels, 1)):
            raise CompositionError(
                f"value={self.value!r} was given, and the data are categories, from 0 to "
                f"{space.levels - 1}: name one of them, or leave value=0."
            )
        if space.support == "mixed" and self.value != 0:
            raise CompositionError(
                f"value={self.value!r} was given for a table whose cells differ in kind, which no "
                "one value fits: leave value=0, so that hidden cells are unknown."
            )
        made = super().on(space)
        made.tells = space.holes and self.value == 0
        made.ragged = isinstance(space, Series) and space.ragged
        return made

    def damaged(self, x: Tensor) -> Tensor:
        """Return x with a piece of each row hidden."""
        return x.masked_fill(self._piece(x, _sides(x)), self.value)

    def _damaged(self, batch: Batch) -> Tensor:
        return batch.x.masked_fill(self._lost(batch), self.value)

    def seen(self, batch: Batch) -> Batch:
        """Return the batch with a piece of each row hidden."""
        return hidden(batch, self._lost(batch)) if self.tells else super().seen(batch)

    def _lost(self, batch: Batch) -> Tensor:
        x = batch.x
        sides = [lasting(x, batch.observed).sum((1, 2))] if self.ragged else _sides(x)
        return self._piece(x, sides)

    def _piece(self, x: Tensor, sides: Sequence[int | Tensor]) -> Tensor:
        """Return which cells of each row are hidden, of ``sides``, or ``(B,)`` of them."""
        first = x.dim() - len(sides)  # channels, where there are any, lie before the sides
        size = self._drawn(len(x), x.device)
        piece = torch.ones((), dtype=torch.bool, device=x.device)
        for axis, side in enumerate(sides, first):
            cells = (size if self.in_cells else (size * side).round()).clamp(max=side)
            start = (torch.rand_like(size) * (side - cells + 1)).floor()
            place = torch.arange(x.shape[axis], device=x.device)
            within = (start[:, None] <= place) & (place < (start + cells)[:, None])
            shape = [len(x), *(-1 if each == axis else 1 for each in range(1, x.dim()))]
            piece = piece & within.reshape(shape)
        return piece.expand_as(x)

    def _drawn(self, rows: int, device: torch.device) -> Tensor:
        """Return the size for each row, ``(B,)``."""
        low, high = self.size
        if self.in_cells:
            return torch.randint(int(low), int(high) + 1, (rows,), device=device).float()
        return low + (high - low) * torch.rand(rows, device=device)


def _sides(x: Tensor) -> Sequence[int]:
    """Return the lengths along which a piece is hidden: channels lie before them."""
    return x.shape[1 if x.dim() == 2 else 2 :]


def _size(size: Any) -> tuple[bool, tuple[float, float]]:
    """Return whether ``size`` counts cells, and its range."""
    low, high = spread("size", size, 0, example=EXAMPLE)
    in_cells = isinstance(low, int) and isinstance(high, int)
    return in_cells, (low, high) if in_cells else spread("size", size, 0, 1, example=EXAMPLE)
