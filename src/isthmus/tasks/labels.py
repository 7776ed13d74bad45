"""Labels: which class each row is of, where that is known."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d
from torch import Tensor

from isthmus.adapters.base import plain
from isthmus.errors import DataError

UNKNOWN = -1


@dataclass(frozen=True)
class Labels:
    """Labels of rows.

    Attributes
    ----------
    classes
        The different ones, in order: ``(K,)``.
    places
        For each row its place among them, -1 where it has none: ``(n,)``.
    """

    classes: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, y: Any, rows: int) -> Self:
        """Read labels: -1, None and NaN stand for none.

        Raises
        ------
        DataError
            If they are too few or too many for the rows, or all of one class.
        """
        if y is None:
            raise DataError(
                "EncoderClassifier requires y to be passed, but the target y is None. Give "
                "fit(X, y) the label of each row, -1 or None where it is unknown."
            )
        given = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else plain(y))
        if isinstance(y, list | tuple) and given.dtype.kind in "US":
            given = np.array(y, dtype=object)  # numpy makes texts of None beside texts
        if given.ndim == 2 and given.shape[1] == 1:
            given = column_or_1d(given, warn=True)
        if given.ndim != 1 or len(given) != rows:
            raise DataError(
                f"Labels of shape {given.shape} were given for {rows} rows; expected one for each, "
                "-1 or None where it is unknown."
            )
        unknown = np.asarray(pd.isna(given), bool)
        unknown |= np.array([_is_unknown(each) for each in given], bool)
        there = given[~unknown]
        _check_discrete(there)
        classes = _sorted(there)
        if len(classes) < 2:
            found = "no class" if not len(classes) else f"the one class {classes.tolist()[0]!r}"
            raise DataError(
                f"The labels name {found}; expected 2 classes at least, and -1 or None only where "
                "a label is unknown."
            )
        places = np.full(rows, UNKNOWN)
        at = {label: place for place, label in enumerate(classes.tolist())}
        places[~unknown] = [at[label] for label in there.tolist()]
        return cls(classes, places)

    @classmethod
    def read(cls, classes: list[Any]) -> Self:
        """Return what `plain` told of, without rows."""
        return cls(np.array(classes), np.empty(0, int))

    @property
    def one_hot(self) -> Tensor:
        """``(n, K)``, all zero where there is no label."""
        wide = np.zeros((len(self.places), len(self.classes)), np.float32)
        known = self.places != UNKNOWN
        wide[known, self.places[known]] = 1
        return torch.from_numpy(wide)

    @property
    def given(self) -> np.ndarray:
        """The labels themselves, None where there is none: ``(n,)``.

        Whole numbers are such, so that a conditional model takes them for labels.
        """
        values = [None, *self.classes.tolist()]
        made = np.empty(len(self.places), dtype=object)
        made[:] = [values[place + 1] for place in self.places.tolist()]
        return made

    def plain(self) -> list[Any]:
        """Return the classes as JSON can hold them."""
        return self.classes.tolist()


def _is_unknown(label: Any) -> bool:
    return not isinstance(label, str) and bool(label == UNKNOWN)


def _check_discrete(there: np.ndarray) -> None:
    if there.dtype.kind != "f" or not len(there):
        return
    if np.isinf(there).any():
        raise DataError("A label is infinite; expected whole numbers, or texts.")
    check_classification_targets(there)


def _sorted(there: np.ndarray) -> np.ndarray:
    if there.dtype.kind != "O":
        found = np.unique(there)
        whole = found.dtype.kind == "f" and bool((found == found.round()).all())
        return found.astype(np.int64) if whole else found  # NaN beside numbers makes them floats
    known = set(there.tolist())
    try:
        return np.array(sorted(known))
    except TypeError as error:
        raise DataError(
            f"The labels are of several kinds: {error}. Expected texts, or whole numbers, alone."
        ) from error
