"""Vectors: rows of numbers, as arrays or frames."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils.validation import validate_data
from torch import Tensor

from isthmus.adapters import facts as told
from isthmus.adapters.base import (
    Adapter,
    cast,
    check_enough,
    check_finite,
    dtype_of,
    has_holes,
    in_parts,
    known,
    plain,
    single,
)
from isthmus.adapters.frames import Frame, check_labels, frame_of, row_frame
from isthmus.adapters.scaling import check_support, counted, found, standard, standardised
from isthmus.errors import DataError
from isthmus.space import Batch, Support, Vector


class Vectors(Adapter):
    """Rows of numbers ``(n, features)``: arrays, pandas, polars or other frames.

    Real columns are standardised, ``x = (X - mean) / std``, a constant column to zero; data
    of nothing but 0 and 1 stay as they are. NaN is a value that is not known.

    Parameters
    ----------
    support
        ``"real"``, ``"unit"``, ``"binary"``, ``"categories"`` (whole numbers from 0), or
        None: ``"binary"`` if there is nothing but 0 and 1, else ``"real"``.

    Examples
    --------
    >>> import numpy as np
    >>> adapter = Vectors().fit(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> adapter.transform(np.array([[3.0, 20.0]])).x
    tensor([[1., 0.]])
    >>> adapter.inverse_transform(torch.tensor([[1.0, 0.0]]))
    array([[ 3., 20.]])
    """

    def fit(self, X: Any) -> Self:
        """Learn names, dtypes, the support, and each column's mean and spread."""
        self._learned(X)
        return self

    def fit_transform(self, X: Any) -> Batch:
        """Do both, looking at each value once."""
        return self.batch(self._learned(X))

    def _learned(self, X: Any) -> np.ndarray:
        frame = frame_of(X)
        self.frame_ = frame and check_labels(frame)
        values = self._checked(X, reset=True)
        check_enough(len(values))
        self.dtype_ = values.dtype.name
        support: Support = self.support or found(values)
        if self.support is not None:
            check_support(values, support)
        levels = counted(values) if support == "categories" else 0
        holes = has_holes(values)
        self.space_ = Vector(values.shape[1], support=support, levels=levels, holes=holes)
        self.mean_: np.ndarray = np.zeros(values.shape[1])
        self.scale_: np.ndarray = np.ones(values.shape[1])
        if support == "real":
            self.mean_, self.scale_ = standard(values, self._named)
        return values

    def rows(self, X: Any) -> np.ndarray:
        """Return ``X`` as an array, checked: numbers, finite, the columns that were fitted."""
        if hasattr(X, "columns"):
            frame_of(X)
        values = self._checked(X, reset=False)
        check_support(values, self.space_.support, self.space_.levels)
        return values

    def batch(self, rows: np.ndarray) -> Batch:
        """Return ``(n, features)``, standardised."""
        if self.space_.support == "real":
            values = standardised(rows, self.mean_, self.scale_, self._named)
        else:
            values = rows.astype(np.float32)
        return Batch(*known(values, self.space_.holes))

    def inverse_transform(self, x: Tensor, like: Any = None) -> Any:
        """Return rows in the user's units, names and dtypes; a tensor comes back as an array."""
        frame = self.frame_ if like is None else frame_of(like)
        if frame is not None:
            units = zip(x.cpu().unbind(1), self.scale_, self.mean_, strict=True)
            return frame.filled((each.double().numpy() * s + m for each, s, m in units), like)
        dtype = dtype_of(like, self.dtype_)
        return in_parts(x, lambda values: cast(values * self.scale_ + self.mean_, dtype))

    def one(self, row: Any) -> Any:
        """Return a row, a labelled series or a table of one row as a table of one row."""
        names = list(getattr(self, "feature_names_in_", []))
        if hasattr(row, "to_frame") and hasattr(row, "index"):
            own = list(row.index)
            names = own if all(isinstance(each, str) for each in own) else names or own
            return row_frame(self._of_length(row, len(names)), names)
        row = row if hasattr(row, "columns") else np.asarray(plain(row))
        if not isinstance(row, np.ndarray):
            return single(row)
        only = single(row[None] if row.ndim == 1 else row)
        fits = names and only.ndim == 2
        return row_frame(self._of_length(only[0].tolist(), len(names)), names) if fits else only

    def _of_length(self, row: Any, n: int) -> Any:
        if len(row) != n:
            raise DataError(f"A row of {len(row)} values was given.\n{self._expected(False)}")
        return row

    def log_volume(self, x: Tensor) -> Tensor:
        """Return ``-log std`` of each column."""
        return -torch.from_numpy(np.log(self.scale_))

    @property
    def columns_(self) -> list[str]:
        """The columns' names, or their places where they have none."""
        names = self.frame_.columns if self.frame_ else range(self.n_features_in_)
        return [str(each) for each in names]

    def _named(self, column: int) -> str:
        return f"Column {self.columns_[column]}"

    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""
        return {
            "mean": self.mean_.tolist(),
            "scale": self.scale_.tolist(),
            "dtype": self.dtype_,
            "frame": asdict(self.frame_) if self.frame_ else None,
            "names": list(getattr(self, "feature_names_in_", [])),
        }

    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""
        n = self._features()
        self.mean_ = told.numbers(facts["mean"], "mean", n)
        self.scale_ = told.numbers(facts["scale"], "scale", n)
        told.expect(bool((self.scale_ > 0).all()), "scale holds a number that is not above zero.")
        self.dtype_ = told.dtype_name(facts["dtype"])
        self.frame_ = _frame(facts["frame"], n) if facts["frame"] else None
        self.n_features_in_ = n
        if facts["names"]:
            names = told.labels(facts["names"], "names", n, (str,))
            self.feature_names_in_ = np.array(names, dtype=object)
        return self

    def _features(self) -> int:
        told.expect(isinstance(self.space_, Vector), f"it is {self.space_!r}; expected a Vector.")
        return self.space_.size

    def _checked(self, X: Any, reset: bool) -> np.ndarray:
        # Infinities get our own message, which says where; holes are welcome.
        how: Any = {"dtype": "numeric", "ensure_all_finite": False, "ensure_min_samples": 0}
        try:
            values: Any = validate_data(self, plain(X), reset=reset, **how)
        except ValueError as error:
            raise DataError(f"{str(error).strip()}\n{self._expected(reset)}") from error
        if values.dtype.kind not in "buif":
            raise DataError(
                f"Values of dtype {values.dtype} were given; expected plain numbers. Turn them "
                "into some, such as dates into days since a first one."
            )
        if not len(values):
            raise DataError("0 rows were given; expected at least one. Is the table empty?")
        check_finite(values, "X")
        return values

    def _expected(self, reset: bool) -> str:
        if reset:
            return "Expected a table of numbers, (n, features)."
        return (
            f"Expected the {self.n_features_in_} columns that were fitted, in their order: "
            f"{', '.join(self.columns_[:20])}{', …' if self.n_features_in_ > 20 else ''}. Select "
            "or rename them, or fit a model to the columns of now."
        )


def _frame(facts: Any, n: int) -> Frame:
    """Return the kind of frame that a file tells of."""
    frame = Frame(**facts)
    library: Any = frame.library
    told.expect(isinstance(library, str), "the frame's library is not named.")
    told.distinct(told.labels(frame.columns, "columns", n, (str, int)), "columns")
    told.labels(frame.dtypes, "dtypes", n, (str,))
    return frame
