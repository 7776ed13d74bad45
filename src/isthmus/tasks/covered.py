"""Covered: where rows differ from what a model draws in their stead."""

from typing import Any

import numpy as np
from scipy.ndimage import (
    binary_closing,
    binary_dilation,
    binary_fill_holes,
    label,
    uniform_filter,
)

from isthmus.estimator import BaseAutoencoder

NEIGHBOURS = 3
"""Over how many cells a side differences are averaged."""
SPECK = 4
"""So few cells together are no cover."""


def residuals(finder: BaseAutoencoder, X: Any, drawn_from: Any = None) -> list[np.ndarray]:
    """Return how far each place is from what it should be, averaged over its neighbours.

    Parameters
    ----------
    finder
        A model that draws rows as they should be.
    X
        Rows.
    drawn_from
        The rows that it is to draw by, the same ones filled in; None: ``X``.

    Returns
    -------
    residuals
        For each row an array of its sides, in units of the adapted data.
    """
    adapter = finder.adapter_
    batch = adapter.transform(X)
    made = finder.reconstruct(X if drawn_from is None else drawn_from)
    apart = (adapter.transform(made).x - batch.x).abs()
    if batch.observed is not None:
        apart = apart.where(batch.observed, 0.0)
    return [
        uniform_filter(each, NEIGHBOURS, mode="nearest") for each in apart.mean(1).double().numpy()
    ]


def threshold(found: list[np.ndarray], rate: float) -> float:
    """Return what only that share of whole rows reaches anywhere."""
    return float(np.quantile([each.max() for each in found], 1 - rate))


def found(finder: BaseAutoencoder, X: Any, drawn_from: Any, limit: float) -> list[np.ndarray]:
    """Return where each row is covered: truth values of its sides."""
    each = residuals(finder, X, drawn_from)
    rows = [mended(far > limit) for far in each]
    sides = [len(row) for row in X]  # of several lengths, where series are
    return [row[:length] for row, length in zip(rows, sides, strict=True)]


def mended(rough: np.ndarray) -> np.ndarray:
    """Return a mask without specks and holes, with its rim."""
    if not rough.any():
        return rough
    whole: Any = binary_fill_holes(binary_closing(np.pad(rough, 1)))
    pieces: Any = label(whole)
    sizes = np.bincount(pieces[0].ravel())
    large = sizes >= SPECK
    large[0] = False
    kept: Any = large[pieces[0]]
    inner = tuple(slice(1, -1) for _ in range(rough.ndim))
    grown: Any = binary_dilation(kept)
    return grown[inner]
