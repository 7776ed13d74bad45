"""Thresholds: below which score a row is called an anomaly."""

from math import floor

import numpy as np

from isthmus.errors import CompositionError, DataError
from isthmus.ranges import number


def checked(contamination: object, false_alarms: object) -> None:
    """Raise `CompositionError` if the two say what can't be, or both say something."""
    if contamination != "auto":
        number("contamination", contamination, 0, 0.5, without=(0,), example="contamination=0.01")
    if false_alarms is None:
        return
    number("false_alarms", false_alarms, 0, 1, without=(0, 1), example="false_alarms=0.01")
    if contamination != "auto":
        raise CompositionError(
            f"contamination={contamination!r} and false_alarms={false_alarms!r} were both given; "
            "expected one of them: a share of the training rows, or of clean rows kept aside."
        )


def fence(scores: np.ndarray) -> float:
    """Return Tukey's lower fence, ``Q1 - 1.5 (Q3 - Q1)``: "Exploratory data analysis", 1977."""
    low, high = np.quantile(scores, [0.25, 0.75])
    return float(low - 1.5 * (high - low))


def share(scores: np.ndarray, contamination: float) -> float:
    """Return what that share of the scores lies below."""
    return float(np.percentile(scores, 100 * contamination))


def conformal(scores: np.ndarray, rate: float) -> float:
    """Return below what at most that share of new rows falls, on average, if they are alike.

    The ``floor(rate (n + 1))``-th lowest of ``n`` scores of rows that took no part in training
    (Bates et al., 2023, arXiv:2104.08279); alarms are given strictly below it.
    """
    place = floor(rate * (len(scores) + 1))
    if place < 1:
        raise DataError(
            f"false_alarms={rate:g} was given, and {len(scores)} rows are kept aside to tell it "
            f"by; expected {int(np.ceil(1 / rate)) - 1} at least. Allow more false alarms, or fit "
            "to more rows."
        )
    return float(np.sort(scores)[place - 1])
