"""Score: an opinion on how strange a row is, said cell by cell where it can be."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from isthmus.estimator import BaseAutoencoder
from isthmus.part import Part
from isthmus.ranges import number
from isthmus.space import Batch, Space

Models = Sequence[BaseAutoencoder]


class Score(Part):
    """How strange a row is: 0 where there is nothing to say, higher the stranger.

    What it has learned are its buffers.

    Parameters
    ----------
    weight
        What it counts for beside others.
    """

    asks_models: ClassVar[bool] = False

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = number("weight", weight, 0, example="Residual(weight=2)")

    def needs_model(self, space: Space) -> bool:
        """Whether it can say nothing of rows of ``space`` without a fitted model."""
        return self.asks_models

    @abstractmethod
    def learn(self, models: Models, batch: Batch, space: Space) -> None:
        """Learn from rows what is usual; ``models`` are fitted, and on the CPU."""

    @abstractmethod
    def blame(self, models: Models, batch: Batch, own: bool) -> Tensor:
        """Return what each cell adds to the score, ``(B, cells)``, or ``(B, 1)`` for the row.

        None of it is below zero. With ``own`` the rows may be among those that it learned from.
        """

    def expected(self, models: Models, batch: Batch, own: bool) -> Tensor | None:
        """Return opinions on what would have been usual, ``(opinions, B, cells)``, or None.

        An opinion that is missing is NaN.
        """
        return None

    def keep(self, **tensors: Tensor) -> None:
        """Take tensors over as what it has learned."""
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)
