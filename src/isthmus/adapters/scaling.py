"""Scaling: which values columns of numbers take, and how they are brought to one scale."""

from collections.abc import Callable

import numpy as np
from sklearn.preprocessing import StandardScaler

from isthmus.errors import DataError, SupportError
from isthmus.space import Support

MOST_LEVELS = 65_536
"""How many categories a column may have: each takes a number for every row and column."""


def found(values: np.ndarray) -> Support:
    """Return ``"binary"`` where there is nothing but 0 and 1, else ``"real"``."""
    if not _binary(values[:100]):  # tells most data at once
        return "real"
    return "binary" if _binary(values) and not np.isnan(values).all() else "real"


def counted(values: np.ndarray) -> int:
    """Return how many categories there are, counted from 0 to the greatest."""
    if np.isnan(values).all():
        raise DataError("No category is known: there is nothing but NaN. Expected some numbers.")
    top = int(np.nanmax(values))
    if top >= MOST_LEVELS:
        raise DataError(
            f"The categories run up to {top}; expected whole numbers from 0 to {MOST_LEVELS - 1} "
            "at most. Number them from 0 without gaps, or drop a column that is no category."
        )
    return top + 1


def check_support(values: np.ndarray, support: Support, levels: int = 0) -> None:
    """Raise `SupportError` if a known value is none that ``support`` has."""
    if support == "real" or _supported(values, support, levels):
        return
    low, high = np.nanmin(values), np.nanmax(values)
    expected = {
        "unit": "numbers from 0 to 1",
        "binary": "nothing but 0 and 1",
        "categories": "whole numbers from 0" + (f" to {levels - 1}" if levels else ""),
        "mixed": "rows of a table, which adapter=Tables() reads",
    }[support]
    raise SupportError(
        f"The values run from {low:g} to {high:g}; expected {expected}. Rescale them, or "
        "choose a likelihood that takes them, such as Normal()."
    )


def standard(values: np.ndarray, name: Callable[[int], str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the spread of each column of ``(n, d)``; 1 where there is no spread.

    ``name`` says what the user calls a column, such as "Column 3".
    """
    with np.errstate(invalid="ignore", over="ignore"):  # both are looked after below
        scaler = StandardScaler().fit(values)
    unknown = np.isnan(values).all(axis=0)
    mean = np.where(unknown, 0.0, np.asarray(scaler.mean_))
    scale = np.where(unknown, 1.0, np.asarray(scaler.scale_))
    wild = ~np.isfinite(scale) | ~np.isfinite(mean)
    if wild.any():
        raise DataError(
            f"{name(int(wild.argmax()))} spreads too far for its variance to be a number. Scale "
            "it down, or take its logarithm."
        )
    return mean, scale


def standardised(
    values: np.ndarray, mean: np.ndarray, scale: np.ndarray, name: Callable[[int], str]
) -> np.ndarray:
    """Return ``(n, d)`` in standard units, in single precision.

    Raises
    ------
    DataError
        If a finite value is too large for 32 bits once it is scaled.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # looked after below
        scaled = ((values - mean) / scale).astype(np.float32)
        fine = np.isfinite(scaled.sum(dtype=np.float64))
    if not fine and (beyond := np.isinf(scaled)).any():
        raise DataError(
            f"{name(int(beyond.any(axis=0).argmax()))} holds a value so far from those that were "
            "fitted that it overflows. Look for a wrong one, or bring the data to another unit."
        )
    return scaled


def _binary(values: np.ndarray) -> bool:
    return bool(((values == 0) | (values == 1) | (values != values)).all())  # NaN


def _supported(values: np.ndarray, support: Support, levels: int) -> bool:
    if support == "binary":
        return _binary(values)
    # What is not known is nothing that could be wrong: comparisons with NaN are turned round.
    if support == "unit":
        return not ((values < 0) | (values > 1)).any()
    top = levels - 1 if levels else np.inf
    whole = (values == np.rint(values)) | np.isnan(values)
    return bool(whole.all()) and not ((values < 0) | (values > top)).any()
