"""Marginals: numbers that are drawn, brought to the values that a column really takes."""

from typing import Self

import torch
from torch import Tensor

from isthmus.space import Batch, Space, Table, Vector

GRID = 1000
"""How many quantiles tell what a column looks like."""
FEWEST = 50
"""From fewer known values no column's look is learned."""


class Marginals:
    """For each cell that is a number, the map from how it is drawn to how it is.

    ``x -> F_real^-1(F_drawn(x))`` by quantiles: it keeps the order of the rows, and with it what
    goes with what, and brings back what a smooth density can't draw: values that many rows share,
    such as a gain of 0, whole numbers, ends beyond which there is nothing. The quantiles are
    those at (i + 1/2) / 1000: the outermost values, which may be one person's, stay out of it.

    Attributes
    ----------
    drawn, real
        The quantiles of each cell, ``(cells, 1000)``.
    known
        Whether a cell has any, ``(cells,)``.

    Examples
    --------
    >>> real = torch.zeros(100, 1)
    >>> marginals = Marginals.fitted(torch.randn(100, 1), Batch(real), Vector(1))
    >>> marginals(torch.tensor([[0.3]]))
    tensor([[0.]])
    """

    def __init__(self, drawn: Tensor, real: Tensor, known: Tensor) -> None:
        if not drawn.shape == real.shape == (len(known), GRID):
            raise ValueError(
                f"quantiles of shapes {drawn.shape} and {real.shape} don't go together"
            )
        self.drawn, self.real, self.known = drawn, real, known

    @classmethod
    def fitted(cls, drawn: Tensor, real: Batch, space: Space) -> Self:
        """Return the maps from draws ``(m, cells)`` to the rows that they should be like."""
        if isinstance(space, Table):
            places = space.numbers
        else:
            places = tuple(range(space.size)) if isinstance(space, Vector) else ()
        tables = torch.zeros(2, space.size, GRID)
        known = torch.zeros(space.size, dtype=torch.bool)
        for cell in places:
            values = real.x[:, cell]
            values = values if real.observed is None else values[real.observed[:, cell]]
            if len(values) >= FEWEST:
                known[cell] = True
                tables[:, cell] = torch.stack([_quantiles(drawn[:, cell]), _quantiles(values)])
        return cls(tables[0], tables[1], known)

    def __call__(self, x: Tensor) -> Tensor:
        """Return draws ``(n, cells)`` brought to what the columns look like."""
        cells = [
            _mapped(x[:, cell], self.drawn[cell], self.real[cell]) if known else x[:, cell]
            for cell, known in enumerate(self.known.tolist())
        ]
        return torch.stack(cells, dim=1)

    def tensors(self) -> dict[str, Tensor]:
        """Return all that was learned."""
        return {"drawn": self.drawn, "real": self.real, "known": self.known}


def _quantiles(values: Tensor) -> Tensor:
    """Return values that stand at the quantiles, each one that there is."""
    share = (torch.arange(GRID) + 0.5) / GRID
    return values.sort().values[(share * len(values)).long()]


def _mapped(x: Tensor, drawn: Tensor, real: Tensor) -> Tensor:
    """Return where ``x`` lies among ``drawn``, between the same two of ``real``."""
    above = torch.searchsorted(drawn, x.contiguous()).clamp(1, GRID - 1)
    low, high = drawn[above - 1], drawn[above]
    share = ((x - low) / (high - low).clamp(min=1e-12)).clamp(0, 1)
    return real[above - 1].lerp(real[above], share)
