"""Column: what one column of a table became, in cells of x, and back."""

from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from isthmus.adapters.reading import WORDS, Given, Holds
from isthmus.errors import DataError

Kind = Literal["number", "count", "boolean", "category", "date"]
"""What a column means: a number, a whole one from 0, yes or no, one of several, or a time."""

Level = str | bool | int | float


class Column(BaseModel, ABC):
    """A fitted column: it reads values, makes cells of them, and values of cells.

    What it learned are its fields, which pydantic checks when they come from a file.

    Attributes
    ----------
    name
        What the user calls it.
    kind
        What it means.
    holds
        What its values are.
    holes
        The share of unknown cells in training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: str
    kind: Kind
    holds: Holds
    holes: float = 0.0

    @property
    @abstractmethod
    def cells(self) -> tuple[int, ...]:
        """How many categories each of its cells has; 1 for a number."""

    @property
    @abstractmethod
    def found(self) -> str:
        """What was found in it, in words."""

    @abstractmethod
    def read(self, given: Given) -> np.ndarray:
        """Return values as the column keeps them, compact, checked: ``(n,)``."""

    @abstractmethod
    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return cells ``(n, cells)`` of values that were read, NaN where they are unknown."""

    @abstractmethod
    def decode(self, x: np.ndarray) -> np.ndarray:
        """Return values of what the column holds, ``(n,)``, from cells ``(n, cells)``."""

    def log_volume(self, x: np.ndarray) -> np.ndarray:
        """Return ``log |dx / dX|`` of each cell, ``(n, cells)``: zero for categories."""
        return np.zeros_like(x)

    @property
    def transform(self) -> str:
        """The formula that its values go through."""
        return ""

    def expect(self, given: Given, *holds: Holds) -> None:
        """Raise `DataError` where the column now holds something else than in fit."""
        if given.holds not in (*holds, "nothing"):
            raise DataError(
                f"Column {self.name} held {WORDS[self.holds]} in fit, and now holds "
                f"{WORDS[given.holds]}, such as {_example(given)!r}. {self._remedy(given)}"
            )

    def _remedy(self, given: Given) -> str:
        ways = {
            "number": "pd.to_numeric(df[{0!r}])",
            "date": "pd.to_datetime(df[{0!r}])",
            "moment": "pd.to_datetime(df[{0!r}])",
            "duration": "pd.to_timedelta(df[{0!r}])",
            "text": "df[{0!r}].astype(str)",
        }
        way = ways.get(self.holds, "").format(self.name)
        return f"Make it what it was{', for example with ' + way if way else ''}."


def _example(given: Given) -> Any:
    first = given.values[given.known][0]
    value = given.levels[first] if given.levels is not None else first
    return value.item() if isinstance(value, np.generic) and value.dtype.kind != "M" else str(value)


def share_of_holes(given: Given) -> float:
    """Return the share of unknown cells."""
    return float(1 - given.known.mean()) if len(given.values) else 0.0
