"""Intrinsic dimension: how many numbers tell where a row lies among the others."""

from math import ceil
from typing import Any, NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

from isthmus.adapters import Adapter, adapter_for
from isthmus.errors import CompositionError, DataError
from isthmus.ranges import whole
from isthmus.space import Batch, Space, Table
from isthmus.tasks.scores.layout import Layout

ROWS = 5_000
"""Of how many rows the neighbours are looked for, at most."""
FEWEST = 30
"""So many different rows there must be."""
NEAR, FAR = 10, 20
"""Between which neighbours Levina and Bickel measure."""
KEPT = 0.9
"""The share of rows that Facco et al. fit to: the rest may be alone."""
TIED = 1e-5
"""By less than that the logarithms of distances that are equal differ, by rounding."""
DRAWS = 200
"""How often the rows are drawn anew to tell the spread."""


class Dimension(NamedTuple):
    """An intrinsic dimension.

    Attributes
    ----------
    estimate
        How many.
    spread
        Its standard deviation, of the draw of the rows. It knows nothing of what bends, noise
        or too few rows for so many dimensions do to the estimate.
    rows
        How many different rows it was estimated from.
    method
        By which method.
    """

    estimate: float
    spread: float
    rows: int
    method: str

    @property
    def latent_dim(self) -> int:
        """The estimate as a size of codes: the nearest whole number.

        A manifold of ``m`` dimensions that closes on itself, such as a sphere, needs more
        numbers than ``m`` to be told without a cut, and never more than ``2 m`` (Whitney).
        """
        return max(1, round(self.estimate))


def intrinsic_dimension(X: Any, method: str = "twonn", *, rows: int = ROWS) -> Dimension:
    """Estimate how many dimensions the manifold has that rows lie on.

    ``"twonn"``: the ratio ``r_2 / r_1`` of the distances to a row's two nearest has the
    distribution ``P(ratio > t) = t^-m`` where rows are even that near: ``m`` is the slope of
    ``-log P`` over ``log t`` (Facco et al., 2017, arXiv:1803.06992). It looks closest, so bends
    matter least, and noise most.

    ``"mle"``: the likeliest ``m`` of a Poisson process,
    ``1 / m = mean_i mean_j log(r_k(i) / r_j(i))`` over a row's ``j < k`` nearest, for ``k`` from
    10 to 20 (Levina and Bickel, 2004; the mean over rows as MacKay and Ghahramani, 2005, have it).

    Both tell too little from about ten dimensions up, where thousands of rows are few.

    Parameters
    ----------
    X
        Rows of any kind that models take; distances are between rows as a model would see them,
        numbers scaled.
    method
        ``"twonn"`` or ``"mle"``.
    rows
        At most so many are looked at, evenly spread among all.

    Raises
    ------
    DataError
        If there are fewer than 30 different rows; for ``"twonn"`` also if they lie on a grid.

    Examples
    --------
    >>> import numpy as np
    >>> from isthmus import intrinsic_dimension
    >>> plane = np.random.default_rng(0).normal(size=(2000, 2))
    >>> X = plane @ [[1, 2, 0, 1], [0, 1, 1, 3]]  # two dimensions, laid into four
    >>> found = intrinsic_dimension(X)
    >>> round(found.estimate, 1), found.latent_dim
    (2.0, 2)
    """
    adapter = adapter_for(X)
    return of_rows(adapter.fit(X), X, method, rows)


def of_rows(adapter: Adapter, X: Any, method: str = "twonn", rows: int = ROWS) -> Dimension:
    """Return the dimension of rows as a fitted adapter brings them to torch."""
    if method not in ("twonn", "mle"):
        raise CompositionError(f"method={method!r} was given; expected 'twonn' or 'mle'.")
    whole("rows", rows, FEWEST, example="rows=5000")
    given = adapter.rows(X)
    some = adapter.batch(given[:: ceil(len(given) / rows)])
    return of_points(points(some, adapter.space_), method)


def of_points(x: np.ndarray, method: str = "twonn") -> Dimension:
    """Return the dimension of points ``(n, d)``."""
    different = np.unique(x, axis=0)
    if len(different) < FEWEST:
        raise DataError(
            f"{len(different)} different rows were given; the neighbours of at least {FEWEST} are "
            "needed to tell a dimension. Give more rows."
        )
    many = 2 if method == "twonn" else min(FAR, len(different) - 1)
    # The nearest of all is the row itself.
    near = NearestNeighbors(n_neighbors=many + 1).fit(different).kneighbors()[0][:, :many]
    near = near[near[:, 0] > 0]
    estimate = _two_nearest if method == "twonn" else _likeliest
    terms = _ratios(near) if method == "twonn" else _local(near)
    again = np.random.default_rng(0).integers(len(terms), size=(DRAWS, len(terms)))
    spread = float(np.std([estimate(terms[each]) for each in again]))
    return Dimension(estimate(terms), spread, len(different), method)


def points(batch: Batch, space: Space) -> np.ndarray:
    """Return rows as points ``(n, F)``: numbers as they are scaled, categories apart."""
    if isinstance(space, Table) or space.support == "categories":
        layout = Layout()
        layout.learn(batch, space)
        return layout(batch)[0].double().numpy()
    return batch.x.flatten(1).double().numpy()


def _ratios(near: np.ndarray) -> np.ndarray:
    """Return ``log(r_2 / r_1)`` of each row, checked: where all are nought there is no slope."""
    logs = np.log(near[:, 1] / near[:, 0])
    if np.median(logs) < TIED:
        raise DataError(
            "Of more than half the rows the nearest two are equally far, as on a grid: they tell "
            "no dimension. Use method='mle', which looks further out."
        )
    return logs


def _two_nearest(logs: np.ndarray) -> float:
    """Return the slope of ``-log(1 - F)`` over ``log t``, through nought, of the lower ones."""
    kept = np.sort(logs)[: int(KEPT * len(logs))]
    height = -np.log1p(-np.arange(1, len(kept) + 1) / (len(logs) + 1))
    return float(kept @ height / max(kept @ kept, 1e-12))


def _local(near: np.ndarray) -> np.ndarray:
    """Return the inverse of each row's own estimate, for each k: ``(n, K)``."""
    logs = np.log(near)
    least, most = min(NEAR, near.shape[1]), near.shape[1]
    # Of inverses the mean is right as it is; of estimates it would be too large.
    columns = [
        (logs[:, k - 1 : k] - logs[:, : k - 1]).sum(1) / (k - 1) for k in range(least, most + 1)
    ]
    return np.stack(columns, axis=1)


def _likeliest(inverse: np.ndarray) -> float:
    return float((1 / np.maximum(inverse.mean(0), 1e-12)).mean())
