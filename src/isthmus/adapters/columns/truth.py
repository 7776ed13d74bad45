"""Truth: yes or no."""

from typing import Literal

import numpy as np

from isthmus.adapters.columns.base import Column, share_of_holes
from isthmus.adapters.reading import Given
from isthmus.errors import DataError


class Truth(Column):
    """Truth values, or numbers that are 0 and 1: a cell of two categories."""

    type: Literal["truth"] = "truth"
    share: float

    @classmethod
    def fit(cls, given: Given) -> "Truth":
        """Learn the share of what is true."""
        column = cls(
            name=given.name,
            kind="boolean",
            holds=given.holds,
            holes=share_of_holes(given),
            share=float(np.nanmean(given.plain().values)),
        )
        column.read(given)
        return column

    @property
    def cells(self) -> tuple[int, ...]:
        return (2,)

    @property
    def found(self) -> str:
        return f"{self.share:.1%} true"

    def read(self, given: Given) -> np.ndarray:
        self.expect(given, "truth", "number")
        values = given.plain().values.astype(np.float32)
        odd = ~((values == 0) | (values == 1) | np.isnan(values))
        if odd.any():
            raise DataError(
                f"Column {self.name} is one of truth values, and holds {values[odd][0]:g}; "
                f"expected True and False, or 0 and 1. Say kinds={{{self.name!r}: 'category'}} "
                "if it holds others."
            )
        return values

    def encode(self, values: np.ndarray) -> np.ndarray:
        return values[:, None]

    def decode(self, x: np.ndarray) -> np.ndarray:
        return x[:, 0] >= 0.5
