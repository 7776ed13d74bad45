"""Cutting: which stretches of long series are learned from, and in which windows."""

from math import ceil

import numpy as np

from isthmus.adapters.windows import windows
from isthmus.errors import DataError

WINDOW = 64
MOST = 8_000
"""How many windows are learned from, at most."""
ASIDE = 0.2


def fitting(series: list[np.ndarray], window: int | None) -> int:
    """Return the window: no longer than the shortest series, and shorter than one that is alone."""
    shortest, alone = min(map(len, series)), len(series) == 1  # a single window has no others
    wanted = window or min(WINDOW, max(shortest // 2 if alone else shortest, 2))
    if shortest < wanted + alone:
        raise DataError(
            f"A series of {shortest} steps was given to learn from, in windows of {wanted}; "
            f"expected {wanted + alone} at least. Leave it out, or say window="
            f"{max(shortest - alone, 2)}."
        )
    return wanted


def divided(
    series: list[np.ndarray], window: int | None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return what is learned from, and the ends that are kept aside to count false alarms in."""
    cuts = [len(each) - int(ASIDE * len(each)) for each in series]
    learnt = [each[:cut] for each, cut in zip(series, cuts, strict=True)]
    aside = [each[cut:] for each, cut in zip(series, cuts, strict=True)]
    size = fitting(learnt, window)
    long = [each for each in aside if len(each) >= size]
    if not long:
        raise DataError(
            f"false_alarms was given, and a fifth of the longest series has "
            f"{max(map(len, aside))} steps, fewer than a window of {size}. Give longer series, "
            "smaller windows, or a contamination instead."
        )
    return learnt, long


def pieces(series: list[np.ndarray], window: int, stride: int) -> np.ndarray:
    """Return the windows to learn from, ``(n, window, c)``: at larger strides where too many."""
    many = sum(len(each) - window + 1 for each in series)
    stride = max(stride, ceil(many / MOST))
    return np.concatenate([windows(each, window, stride).astype(np.float32) for each in series])
