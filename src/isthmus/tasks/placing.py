"""Placing: codes brought to two numbers, and new ones put among them."""

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from isthmus.errors import DataError, require

FEWEST = 8
"""Below so many different codes there are no neighbourhoods to keep."""


class Plane:
    """Codes of two numbers as they are; of others, what varies most.

    Attributes
    ----------
    mean, axes
        ``(d,)`` and ``(2, d)``: places are ``(z - mean) axes^T``.
    """

    def fit(self, codes: np.ndarray) -> np.ndarray:
        """Return a place for each of the codes ``(n, d)``: ``(n, 2)``."""
        self.take(codes, codes)
        return self.place(codes)

    def place(self, codes: np.ndarray) -> np.ndarray:
        """Return places of new codes among those that were fitted."""
        return (codes - self.mean) @ self.axes.T

    def take(self, codes: np.ndarray, places: np.ndarray) -> None:
        """Take over what `fit` was given, and what it returned."""
        size = codes.shape[1]
        if size <= 2:
            self.mean, self.axes = np.zeros(size), np.eye(2, size)
            return
        self.mean = codes.mean(0)
        # Of one thread, whose sums always have one order.
        with threadpool_limits(limits=1):
            _, vectors = np.linalg.eigh(np.cov(codes.T))
        axes = vectors.T[:-3:-1]
        # The sign of an axis is anybody's guess: its largest part is to point up.
        self.axes = axes * np.sign(axes[np.arange(2), np.abs(axes).argmax(1)])[:, None]

    def codes(self, places: np.ndarray) -> np.ndarray:
        """Return the codes at places of the plane: ``(n, 2) -> (n, d)``."""
        return places @ self.axes + self.mean


class Neighbourhoods:
    """t-SNE: near codes stay near (van der Maaten and Hinton, 2008), by openTSNE.

    New codes are put where their nearest are, and moved by the same forces while all others
    stay (Poličar, Stražar and Zupan, 2021).

    Parameters
    ----------
    perplexity
        About how many neighbours a code keeps.
    seed
        Of its few draws.
    """

    embedding: Any

    def __init__(self, perplexity: float, seed: int) -> None:
        self.perplexity = perplexity
        self.seed = seed

    def fit(self, codes: np.ndarray) -> np.ndarray:
        """Return a place for each of the different codes ``(n, d)``: ``(n, 2)``."""
        if len(codes) < FEWEST:
            raise DataError(
                f"{len(codes)} different codes were given; t-SNE needs at least {FEWEST}. Use "
                "method='codes', or give more rows."
            )
        tsne = require("openTSNE", "maps").TSNE(
            perplexity=self._near(codes), initialization="pca", n_jobs=1, random_state=self.seed
        )
        with threadpool_limits(limits=1):
            places = np.array(tsne.fit(_wide(codes)))
        # Placing moves the middle of what there is to nought: let it be there already.
        places -= (places.min(0) + places.max(0)) / 2
        self.take(codes, places)
        return places

    def place(self, codes: np.ndarray) -> np.ndarray:
        """Return places of new codes among those that were fitted."""
        if not len(codes):
            return np.empty((0, 2))
        near = min(5, self._near(self.known))
        many = min(25, len(self.known) - 1)
        with threadpool_limits(limits=1):
            return np.array(self.embedding.transform(_wide(codes), perplexity=near, k=many))

    def take(self, codes: np.ndarray, places: np.ndarray) -> None:
        """Take over what `fit` was given, and what it returned."""
        tsne = require("openTSNE", "maps")
        affinities = tsne.affinity.PerplexityBasedNN(
            _wide(codes), perplexity=self._near(codes), n_jobs=1, random_state=self.seed
        )
        self.known = codes
        self.embedding = tsne.TSNEEmbedding(
            places.copy(), affinities, n_jobs=1, random_state=self.seed
        )

    def _near(self, codes: np.ndarray) -> float:
        return min(self.perplexity, (len(codes) - 1) / 3)


def _wide(codes: np.ndarray) -> np.ndarray:
    """Return codes of two numbers at least, of which a map can begin."""
    return np.pad(codes, ((0, 0), (0, max(0, 2 - codes.shape[1]))))


Placer = Plane | Neighbourhoods
