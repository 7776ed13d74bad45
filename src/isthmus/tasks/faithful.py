"""Trustworthiness and continuity: how well a map keeps who is beside whom.

    T(k) = 1 - 2 / (n k (2n - 3k - 1)) sum_i sum_{j in U_k(i)} (r(i, j) - k)

``U_k(i)`` are the k nearest of i on the map that are not among its k nearest in the data, and
``r(i, j)`` is the place of j among the neighbours of i in the data (Venna and Kaski, 2001).
Continuity is the same with map and data exchanged: who was torn away, where trustworthiness
tells who was put beside.
"""

import numpy as np

from isthmus.errors import DataError
from isthmus.ranges import whole

EXACT, ASKED = 4_000, 2_000
"""Up to how many rows all are asked, and how many of more: each of them about all the others."""
NUMBERS = 2**25
"""At most how many distances at once."""


def trustworthiness(
    data: np.ndarray, places: np.ndarray, neighbours: int = 5, seed: int = 0
) -> float:
    """Return T(k) of ``places`` (n, 2) as a map of ``data`` (n, d).

    Of more than 4,000 rows 2,000 are asked about all the others, which estimates the same
    figure to about a thousandth.
    """
    n = len(data)
    whole("n_neighbors", neighbours, 1, example="n_neighbors=5")
    if neighbours >= n / 2:
        raise DataError(
            f"n_neighbors={neighbours} was given for {n} rows; expected less than half as many."
        )
    asked = np.arange(n)
    if n > EXACT:
        asked = np.sort(np.random.default_rng(seed).choice(n, ASKED, replace=False))
    data, places = _centred(data), _centred(places)
    lost = 0
    for some in np.array_split(asked, -(-len(asked) * n // NUMBERS)):
        beside = _distances(places, some)
        near = np.argpartition(beside, neighbours, axis=1)[:, :neighbours]
        lost += _out_of_place(_distances(data, some), near)
    return 1 - 2 * lost / (len(asked) * neighbours * (2 * n - 3 * neighbours - 1))


def continuity(data: np.ndarray, places: np.ndarray, neighbours: int = 5, seed: int = 0) -> float:
    """Return how far the nearest of the data are still near on the map, as T(k) has it."""
    return trustworthiness(places, data, neighbours, seed)


def _out_of_place(distances: np.ndarray, near: np.ndarray) -> int:
    """Return by how many places, added up, the ``near`` are farther than the k-th."""
    k, lost = near.shape[1], 0
    for at in range(k):
        mine = np.take_along_axis(distances, near[:, at : at + 1], axis=1)
        lost += int(np.maximum((distances < mine).sum(1) + 1 - k, 0).sum())
    return lost


def _distances(points: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Return squared distances ``(m, n)``; a row is infinitely far from itself."""
    squares = (points**2).sum(1)
    found = squares[some, None] + squares - 2 * points[some] @ points.T
    found[np.arange(len(some)), some] = np.inf
    return found


def _centred(points: np.ndarray) -> np.ndarray:
    """Return points about nought, where differences of squares lose the fewest digits."""
    found = points.astype(np.float64)
    # Of so many rows that some are asked, halves of the digits will do in half the time.
    return (found - found.mean(0)).astype(np.float64 if len(found) <= EXACT else np.float32)
