"""Window codes: how far the code of a window lies from those of training."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.covariance import ledoit_wolf


@dataclass(frozen=True)
class WindowCodes:
    """The squared Mahalanobis distance of a code from the mean code, over the code's size.

    ``(z - mu)' S^-1 (z - mu) / d``: about 1 for codes like those of training. ``S`` is their
    covariance, shrunk towards a multiple of the identity by as much as their number asks for
    (Ledoit and Wolf, 2004, J. Multivariate Analysis 88), so that it can be inverted.

    Attributes
    ----------
    mean, precision
        ``mu``, ``(d,)``, and ``S^-1``, ``(d, d)``.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.random.default_rng(0).normal(size=(500, 3))
    >>> near, far = WindowCodes.of(codes).distance(np.array([[0.0, 0, 0], [0, 9, 0]]))
    >>> bool(near < 1 < 20 < far)
    True
    """

    mean: np.ndarray
    precision: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray) -> Self:
        """Measure ``(n, d)`` codes."""
        covariance, _ = ledoit_wolf(codes)
        # Codes that are all alike have none: any other is then as far as its numbers say.
        some = np.eye(codes.shape[1]) * np.finfo(np.float32).eps
        return cls(codes.mean(0), np.linalg.inv(covariance + some))

    def distance(self, codes: np.ndarray) -> np.ndarray:
        """Return ``(n,)`` from ``(n, d)``."""
        apart = codes - self.mean
        return np.einsum("ij,jk,ik->i", apart, self.precision, apart) / len(self.mean)
