"""Conditions: what rows are conditioned on, as numbers that a network can take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import narwhals as nw
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from isthmus.adapters import facts as told
from isthmus.adapters.base import plain
from isthmus.adapters.scaling import standard, standardised
from isthmus.errors import DataError

Label = str | int | float | bool
MOST_LABELS = 50
"""Whole numbers of more different values than these are taken as numbers, not as labels."""


@dataclass(frozen=True)
class Labels:
    """A column of labels: ``known`` of them, one number each, all zero where it is unknown."""

    known: tuple[Label, ...]

    @property
    def size(self) -> int:
        """How many numbers it takes."""
        return len(self.known)

    def encoded(self, values: np.ndarray, name: str) -> np.ndarray:
        """Return ``(n, size)``, one-hot."""
        places = {label: place for place, label in enumerate(self.known)}
        there = ~pd.isna(values)
        new = {value for value in values[there] if value not in places}
        if new:
            raise DataError(
                f"The condition {name!r} holds {_label(min(new, key=str), name)!r}, which was not "
                f"there in fit; expected one of {', '.join(map(repr, self.known[:10]))}, or NaN if "
                "unknown."
            )
        wide = np.zeros((len(values), self.size), np.float32)
        wide[there, [places[value] for value in values[there]]] = 1
        return wide


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: the number, standardised, and whether it is known."""

    mean: float
    scale: float
    size: int = 2

    def encoded(self, values: np.ndarray, name: str) -> np.ndarray:
        """Return ``(n, 2)``."""
        numbers = _numbers(values, name)[:, None]
        mean, scale = np.array([self.mean]), np.array([self.scale])
        scaled = standardised(numbers, mean, scale, lambda _: f"The condition {name!r}")
        there = ~np.isnan(scaled)
        return np.hstack([np.where(there, scaled, 0), there]).astype(np.float32)


class Conditions:
    """Labels, numbers, or several columns of them, turned into a context ``(n, C)``.

    Texts, truth values, and whole numbers of up to 50 different values are labels; other
    numbers are numbers. NaN or None is a condition that is not known.

    Attributes
    ----------
    columns_
        What each column is, by name.

    Examples
    --------
    >>> conditions = Conditions().fit(["cat", "dog", "cat"])
    >>> conditions.transform(["dog", None], rows=2)
    tensor([[0., 1.],
            [0., 0.]])
    """

    columns_: dict[str, Labels | Numbers]

    def fit(self, y: Any) -> Self:
        """Learn what each column of ``y`` is."""
        self.columns_ = {name: _kind(values, name) for name, values in _columns(y).items()}
        return self

    @property
    def size(self) -> int:
        """How many numbers a context holds, ``C``."""
        return sum(column.size for column in self.columns_.values())

    def transform(self, y: Any, rows: int) -> Tensor:
        """Return ``(rows, C)``; a single label, number or mapping stands for every row.

        Raises
        ------
        DataError
            If ``y`` is of another length, or holds labels or columns that were not fitted.
        """
        given = self._given(y)
        for name, values in given.items():
            if len(values) not in (1, rows):
                raise DataError(
                    f"The condition {name!r} has {len(values)} values for {rows} rows; expected "
                    "one a row, or one alone for all of them."
                )
        nothing = np.full(1, None, dtype=object)
        wide = [
            np.broadcast_to(column.encoded(given.get(name, nothing), name), (rows, column.size))
            for name, column in self.columns_.items()
        ]
        return torch.from_numpy(np.concatenate(wide, axis=1))

    def is_one(self, y: Any) -> bool:
        """Return whether ``y`` is a single condition, which can stand for every row."""
        return all(len(values) == 1 for values in self._given(y).values())

    def facts(self) -> list[dict[str, Any]]:
        """Return what was learned, as plain data."""
        return [
            {"name": name, "labels": list(each.known)}
            if isinstance(each, Labels)
            else {"name": name, "mean": each.mean, "scale": each.scale}
            for name, each in self.columns_.items()
        ]

    def restore(self, facts: list[dict[str, Any]]) -> Self:
        """Take over what `facts` returned."""
        self.columns_ = {str(each["name"]): _restored(each) for each in facts}
        return self

    def _wanted(self) -> str:
        if len(self.columns_) == 1:
            return "one value, or one for each row"
        return f"a dict, or a table of {len(self.columns_)} columns, of one row or of all"

    def _given(self, y: Any) -> dict[str, np.ndarray]:
        """Return the columns of ``y`` by the names that were fitted."""
        if isinstance(y, Mapping):
            columns = {str(name): np.atleast_1d(_array(each)) for name, each in y.items()}
        elif isinstance(y, Label) or _array(y).ndim == 0:
            columns = {"y": _array([y])}
        else:
            columns = _columns(y)
        if len(columns) == 1 == len(self.columns_) and not isinstance(y, Mapping):
            columns = dict(zip(self.columns_, columns.values(), strict=True))
        if new := [name for name in columns if name not in self.columns_]:
            raise DataError(
                f"The condition {new[0]!r} was given; expected "
                f"{' and '.join(map(repr, self.columns_))}, as in fit. Give {self._wanted()}."
            )
        return columns


def _columns(y: Any) -> dict[str, np.ndarray]:
    """Return each column of ``y`` by name."""
    native: Any = nw.from_native(y, eager_only=True, allow_series=True, pass_through=True)
    if isinstance(native, nw.DataFrame):
        return {str(name): _array(native[name].to_list()) for name in native.columns}
    if isinstance(native, nw.Series):
        return {str(native.name or "y"): _array(native.to_list())}
    values = _array(y)
    if values.ndim == 1:
        return {"y": values}
    if values.ndim == 2 and values.shape[1] == 1:
        return {"y": values[:, 0]}
    if values.ndim == 2:
        return {f"y{place}": column for place, column in enumerate(values.T)}
    raise DataError(
        f"Conditions of shape {values.shape} were given; expected one value a row, (n,), or a "
        "table of several columns."
    )


def _restored(facts: Mapping[str, Any]) -> Labels | Numbers:
    if "labels" not in facts:
        mean, scale = (told.number(facts[each], each) for each in ("mean", "scale"))
        return Numbers(mean, scale)
    known = facts["labels"]
    told.distinct(told.labels(known, "labels", len(known), (str, int, float)), "labels")
    return Labels(tuple(known))


def _array(values: Any) -> np.ndarray:
    array = np.asarray(plain(values))
    # numpy makes texts of numbers and None that stand beside texts: take them as they were.
    return np.array(values, dtype=object) if array.dtype.kind in "US" else array


def _kind(values: np.ndarray, name: str) -> Labels | Numbers:
    """Return what a column is, from the values that it holds."""
    there = values[~pd.isna(values)]
    if not len(there):
        raise DataError(f"The condition {name!r} holds no value at all: leave it out.")
    known = {_label(value, name) for value in there}
    numeric = not any(isinstance(label, str | bool) for label in known)
    if numeric and (len(known) > MOST_LABELS or any(isinstance(each, float) for each in known)):
        numbers = _numbers(there, name)[:, None]
        (mean,), (scale,) = standard(numbers, lambda _: f"The condition {name!r}")
        return Numbers(float(mean), float(scale))
    return Labels(tuple(sorted(known, key=lambda label: (isinstance(label, str), label))))


def _numbers(values: np.ndarray, name: str) -> np.ndarray:
    try:
        numbers = np.array([np.nan if pd.isna(each) else float(each) for each in values])
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The condition {name!r} was one of numbers in fit, and here holds something else: "
            f"{error}. Expected numbers, or NaN where it is unknown."
        ) from error
    if np.isinf(numbers).any():
        raise DataError(
            f"The condition {name!r} holds infinity; expected finite numbers, or NaN if unknown."
        )
    return numbers


def _label(value: Any, name: str) -> Label:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str | int | float | bool):
        return int(value) if isinstance(value, float) and value.is_integer() else value
    raise DataError(
        f"The condition {name!r} holds a {type(value).__name__}, {value!r}; expected texts, "
        "truth values or numbers."
    )
