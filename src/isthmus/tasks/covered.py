"""Covered: where rows differ from what a model draws in their stead."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import (
    binary_closing,
    binary_dilation,
    binary_fill_holes,
    binary_propagation,
    label,
    maximum_filter,
    minimum_filter,
    uniform_filter,
)

from isthmus.estimator import BaseAutoencoder

NEAR, WIDE, NARROW = 3, 5, 3
"""Within how many cells a side what is drawn may be out of place; and over how many differences
are averaged, to find a cover and to find its rim: two less of each in small pictures."""
SMALL = 16
"""How many cells a side make a picture small."""
RIM = 0.5
"""From which share of the threshold places belong to a cover that they touch."""
SPECK = 4
"""So few cells together are no cover."""


def residuals(finder: BaseAutoencoder, X: Any, drawn_from: Any = None) -> list[np.ndarray]:
    """Return how far each place is from what it should be.

    That is how far it lies outside what is drawn there and next to it, from the least to the
    greatest, so that an edge that is drawn a little out of place counts for nothing.

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
        For each row an array of its sides, in units of the adapted data, averaged over channels.
    """
    adapter = finder.adapter_
    batch = adapter.transform(X)
    drawn = adapter.transform(finder.reconstruct(X if drawn_from is None else drawn_from)).x
    sides = drawn.shape[2:]
    window = (1, 1, *[suited(NEAR, sides)] * len(sides))
    here = batch.x.double().numpy()
    above = here - maximum_filter(drawn.double().numpy(), window)
    below = minimum_filter(drawn.double().numpy(), window) - here
    apart = np.maximum(0.0, np.maximum(above, below))
    if batch.observed is not None:
        apart = np.where(batch.observed.numpy(), apart, 0.0)
    return list(apart.mean(1))


def threshold(found: list[np.ndarray], rate: float) -> float:
    """Return what differences, averaged, reach anywhere in only that share of whole rows."""
    return float(np.quantile([averaged(each, WIDE).max() for each in found], 1 - rate))


def found(finder: BaseAutoencoder, X: Any, drawn_from: Any, limit: float) -> list[np.ndarray]:
    """Return where each row is covered: truth values of its sides.

    Where averaged differences lie above the limit, and, of what hangs together with that, where
    they lie above half of it; in small pictures the former alone.
    """
    rows: list[np.ndarray] = []
    for far, row in zip(residuals(finder, X, drawn_from), X, strict=True):
        sure = averaged(far, WIDE) > limit
        likely: Any = sure
        if min(far.shape) >= SMALL:  # in few cells everything hangs together
            likely = binary_propagation(sure, mask=sure | (averaged(far, NARROW) > RIM * limit))
        rows.append(mended(likely)[: len(row)])  # series may be of several lengths
    return rows


def averaged(far: np.ndarray, cells: int) -> np.ndarray:
    """Return the mean over so many cells a side, round each; fewer in small pictures."""
    return uniform_filter(far, suited(cells, far.shape), mode="nearest")


def suited(cells: int, sides: Sequence[int]) -> int:
    """Return a number of cells that suits such sides."""
    return cells if min(sides) >= SMALL else cells - 2


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
    return np.asarray(binary_dilation(kept))[inner]
