"""Empty: a column of which nothing is known."""

from typing import Literal

import numpy as np

from isthmus.adapters.columns.base import Column
from isthmus.adapters.reading import Given


class Empty(Column):
    """A column of nothing but holes: it takes no cell, and comes back as it was, empty.

    So one empty column among thirty is no reason to stop; what it may hold later is passed over.
    """

    type: Literal["empty"] = "empty"

    @property
    def cells(self) -> tuple[int, ...]:
        return ()

    @property
    def found(self) -> str:
        return "nothing but holes: it tells nothing, and comes back empty"

    def read(self, given: Given) -> np.ndarray:
        return np.zeros(len(given.values), np.int8)

    def encode(self, values: np.ndarray) -> np.ndarray:
        return np.zeros((len(values), 0), np.float32)

    def decode(self, x: np.ndarray) -> np.ndarray:
        return np.full(len(x), np.nan)
