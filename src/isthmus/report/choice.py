"""Choice: which rows and which columns to show, where not all of them fit."""

import numpy as np

from isthmus.report.subject import Subject

COLUMNS = 12
NUMBERS = 2**23
"""At most how many numbers of x to hold at once."""


def spread(subject: Subject, most: int) -> np.ndarray:
    """Return an even choice of rows, from every label where there are labels."""
    most = affordable(subject, most)
    order = np.arange(len(subject.survey))
    if subject.labels is not None:
        order = np.argsort(subject.labels.astype(str), kind="stable")
    places = np.linspace(0, len(order) - 1, min(most, len(order)))
    return order[places.round().astype(int)]


def affordable(subject: Subject, most: int) -> int:
    """Return how many rows to hold at once, of ``most`` that would be nice."""
    return min(most, max(8, NUMBERS // subject.model.codec_.space.size))


def columns(subject: Subject, most: int = COLUMNS) -> np.ndarray:
    """Return which columns to show: all, or an even choice from the best told to the worst."""
    unexplained = subject.survey.features.unexplained.ravel()
    if len(unexplained) <= most:
        return np.arange(len(unexplained))
    order = np.argsort(unexplained, kind="stable")
    return np.sort(order[np.linspace(0, len(order) - 1, most).round().astype(int)])


def clause(shown: int, there_are: int) -> str:
    """Return a sentence that says how many columns are shown, if not all.

    Examples
    --------
    >>> clause(3, 3)
    ''
    """
    if shown == there_are:
        return ""
    return (
        f" {shown} of {there_are:,} columns are shown, chosen evenly from the best told to the "
        "worst."
    )
