"""Adapter: between the user's own kind of data and a Batch."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Tensor

from isthmus.errors import DataError
from isthmus.space import Batch, Space, Support

PART = 4096
"""How many rows are brought back to the user's units at once."""


@runtime_checkable
class Rows(Protocol):
    """Checked data, still the user's: it has a length and can be sliced, and no more."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice, /) -> Any: ...


class Adapter(BaseEstimator, ABC):
    """A transformer between the user's data and `Batch`: scaling is fitted, and undone.

    Users never scale by hand, and what comes back is in their units, of their kind.

    Parameters
    ----------
    support
        The values to bring the data to; None: found from the data.

    Attributes
    ----------
    space_ : Space
        What x is, after `fit`.
    """

    support: Support | None
    space_: Space

    def __init__(self, support: Support | None = None) -> None:
        self.support = support

    @abstractmethod
    def fit(self, X: Any) -> Self:
        """Learn the space and the scaling of ``X``."""

    @abstractmethod
    def rows(self, X: Any) -> Rows:
        """Check ``X`` against what was fitted, and return it in a form that can be sliced."""

    @abstractmethod
    def batch(self, rows: Any) -> Batch:
        """Bring a slice of checked rows to torch, scaled."""

    @abstractmethod
    def inverse_transform(self, x: Tensor, like: Any = None) -> Any:
        """Return ``(n, *E)`` as the kind of data that ``like``, or else the fitted X, is."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""

    @abstractmethod
    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""

    @abstractmethod
    def one(self, row: Any) -> Any:
        """Return a single row as data of length one."""

    def log_volume(self, x: Tensor) -> Tensor:
        """Return ``log |dx / dX|`` of each cell at ``x``, ``(n, *E)``, broadcast over that.

        A density of x times this volume is a density in the user's units; where the values are
        discrete, it is for the likelihood to know that there is no density.
        """
        return torch.zeros(())

    def fit_transform(self, X: Any) -> Batch:
        """Learn from ``X``, and bring it to torch."""
        return self.fit(X).transform(X)

    def transform(self, X: Any) -> Batch:
        """Check, scale and bring all of ``X`` to torch."""
        return self.batch(self.rows(X))


def plain(X: Any) -> Any:
    """Return lists, tensors and masked arrays as plain arrays, and anything else as it is."""
    try:
        if isinstance(X, Tensor):
            still = X.detach().cpu()
            return (still.float() if still.dtype == torch.bfloat16 else still).numpy()
        if isinstance(X, np.ma.MaskedArray):  # what is masked is unknown
            return np.ma.filled(X.astype(np.result_type(X.dtype, np.float32)), np.nan)
        if isinstance(X, list | tuple):
            return np.asarray([plain(each) if isinstance(each, Tensor) else each for each in X])
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"A {type(X).__name__} was given that makes no array: {error} Expected rows, or "
            "pictures, that are all of one size: bring them to one. Series may differ in length: "
            "give a list of arrays, (steps,) or (steps, channels) each, of the same channels."
        ) from error
    return X


def dtype_of(like: Any, fitted: str) -> np.dtype[Any]:
    """Return the dtype of ``like`` where it is an array or a tensor of numbers, else the fitted."""
    values = plain(like) if isinstance(like, Tensor) else like
    known = isinstance(values, np.ndarray) and values.dtype.kind in "buif"
    return values.dtype if known else np.dtype(fitted)


def has_holes(values: np.ndarray) -> bool:
    """Return whether there is any NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):  # tells most data at once
            return False
    return bool(np.isnan(values).any())


def known(values: np.ndarray, holes: bool) -> tuple[Tensor, Tensor | None]:
    """Return values with zeros for NaN, and which are known where there are ``holes``."""
    if not holes and not has_holes(values):
        return torch.from_numpy(values), None
    missing = np.isnan(values)
    filled = np.where(missing, np.float32(0), values)
    return torch.from_numpy(filled), torch.from_numpy(~missing)


def in_parts(x: Tensor, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return ``change`` of ``x`` in double precision, a part of the rows at a time.

    A million rows then need no second million in double precision beside them.
    """
    parts = (change(part.double().cpu().numpy()) for part in x.split(PART))
    first = next(parts)
    whole = np.empty((len(x), *first.shape[1:]), first.dtype)
    whole[: len(first)] = first
    for place, part in enumerate(parts, start=1):
        whole[place * PART : place * PART + len(part)] = part
    return whole


def cast(values: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Return ``values`` as ``dtype``: rounded and kept in range where it is one of integers."""
    if dtype.kind == "b":
        return values >= 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        top = float(limits.max)
        if int(top) > limits.max:  # 64 bits: the nearest float is one too many
            top = float(np.nextafter(top, 0))
        return np.clip(np.rint(values), float(limits.min), top).astype(dtype)
    return values.astype(dtype if dtype.kind == "f" else np.float64)


def check_finite(values: np.ndarray, where: str) -> None:
    """Raise `DataError` if ``values`` holds an infinity."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row = int(infinite[0][0])
        raise DataError(
            f"{where} holds infinity or -infinity: {len(infinite)} of them, the first in row "
            f"{row}{_column(infinite[0])}. Expected finite numbers, or NaN where a value is "
            "unknown: replace them by either."
        )


def single(rows: Any) -> Any:
    """Return ``rows`` if it is one row."""
    if len(rows) != 1:
        raise DataError(f"{len(rows)} rows were given where one was expected: pick one of them.")
    return rows


def check_enough(n: int) -> None:
    """Raise `DataError` where there is nothing to learn from."""
    if n < 2:
        raise DataError(
            f"{n} sample{'s' * (n != 1)} was given to fit; an autoencoder learns what rows have "
            "in common, and needs at least 2."
        )


def _column(place: np.ndarray) -> str:
    return f", column {int(place[1])}" if len(place) == 2 else ""
