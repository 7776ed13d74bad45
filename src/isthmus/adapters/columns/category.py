"""Category: one of several values, with a bucket for those that are rare or new."""

from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from isthmus.adapters.columns.base import Column, share_of_holes
from isthmus.adapters.columns.ticks import from_ticks, to_ticks
from isthmus.adapters.reading import Given

RARE, MANY = 5, 50
"""A value that stands fewer than so many times is rare, beyond the so many commonest."""


class Category(Column):
    """Values of which there are several: a cell of one category for each, and one for others.

    Values that were rare in training, beyond ``max_levels``, or not there at all, share the last
    category. It comes back as the commonest of the rare ones, or where there were none as the
    commonest of all: a value that the column has, and never a name of our own.

    Attributes
    ----------
    levels
        The values that have a category of their own: in the order of the dtype, or else the
        commonest first. Times are in whole units since their origin.
    rare
        How many others there were.
    other
        What the last category comes back as.
    unit, zone
        The unit of times, and their zone.
    """

    type: Literal["category"] = "category"
    levels: list[str] | list[bool] | list[int] | list[float] = Field(min_length=1)
    rare: int = Field(ge=0)
    other: str | bool | int | float
    unit: str | None = None
    zone: str | None = None

    @classmethod
    def fit(cls, given: Given, max_levels: int) -> "Category":
        """Learn the values, and which of them are rare."""
        holes, given = share_of_holes(given), given.among()
        assert given.levels is not None
        counts = np.bincount(given.values[given.values >= 0], minlength=len(given.levels))
        present = np.flatnonzero(counts)
        order = present[np.argsort(-counts[present], kind="stable")]
        common = (counts[order] >= RARE) | (np.arange(len(order)) < MANY)
        kept = order[common][:max_levels]
        left = np.setdiff1d(order, kept)
        other = left[np.argmax(counts[left])] if len(left) else kept[0]
        kept = np.sort(kept) if given.declared else kept
        levels, unit = _plain(given.levels)
        return cls(
            name=given.name,
            kind="category",
            holds=given.holds,
            holes=holes,
            levels=[levels[place] for place in kept],
            rare=len(left),
            other=levels[other],
            unit=unit,
            zone=given.zone,
        )

    @property
    def cells(self) -> tuple[int, ...]:
        return (len(self.levels) + 1,)

    @property
    def found(self) -> str:
        if len(self.levels) == 1 and not self.rare:
            return f"constant: {self.value(self.levels[0])}"
        rare = f", {self.rare:,} rare ones as one" if self.rare else ""
        first = ", ".join(str(self.value(each)) for each in self.levels[:3])
        more = ", …" if len(self.levels) > 3 else ""
        return f"{len(self.levels):,} levels: {first}{more}{rare}"

    def value(self, level: Any) -> Any:
        """Return a level as the value that it stands for."""
        return level if self.unit is None else from_ticks(level, self.holds, self.unit)

    def read(self, given: Given) -> np.ndarray:
        self.expect(given, self.holds, *_near(self.holds))
        if given.holds == "nothing":
            return np.full(len(given.values), -1, np.int8)
        given = given.among()
        assert given.levels is not None
        levels = given.levels if self.unit is None else to_ticks(given.levels, self.unit)
        found = self._index.get_indexer(levels.astype(object))
        codes = np.where(found < 0, len(self.levels), found)
        small = np.min_scalar_type(-len(self.levels) - 1)
        return np.append(codes, -1).astype(small)[given.values]

    def encode(self, values: np.ndarray) -> np.ndarray:
        codes = values.astype(np.float32)
        return np.where(codes < 0, np.float32(np.nan), codes)[:, None]

    def decode(self, x: np.ndarray) -> np.ndarray:
        codes = np.rint(x[:, 0]).clip(0, len(self.levels)).astype(np.int64)
        return self._values[codes]

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.levels, dtype=object)  # where 3 and 3.0 are the same

    @cached_property
    def _values(self) -> np.ndarray:
        every = [*self.levels, self.other]
        if self.unit is None:
            kinds = {"text": object, "truth": np.bool_}
            return np.array(every, dtype=kinds.get(self.holds))
        return from_ticks(np.array(every, dtype=np.int64), self.holds, self.unit)


def _plain(levels: np.ndarray) -> tuple[list[Any], str | None]:
    """Return levels as plain data, and the unit of times."""
    if levels.dtype.kind in "mM":
        unit = np.datetime_data(levels.dtype)[0]
        return levels.astype(np.int64).tolist(), unit
    values = levels.tolist()
    if levels.dtype.kind == "f" and all(value.is_integer() for value in values):
        return [int(value) for value in values], None
    return values, None


def _near(holds: str) -> tuple[Any, ...]:
    """Return what else may stand for what a column holds."""
    near = {"truth": ("number",), "date": ("moment",), "moment": ("date",)}
    return near.get(holds, ())
