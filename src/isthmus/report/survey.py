"""Survey: what a model makes of many rows, without holding them all."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from isthmus.space import Batch


@dataclass(frozen=True)
class Features:
    """Figures for each number of x, over the rows where it is known; ``(*E,)`` each.

    Attributes
    ----------
    mean, variance
        Of the data.
    squared
        The mean squared error of the reconstructions.
    wrong
        The share of rows whose reconstruction is another whole number.
    nll
        What it costs, in nats.
    """

    mean: np.ndarray
    variance: np.ndarray
    squared: np.ndarray
    wrong: np.ndarray
    nll: np.ndarray

    @property
    def unexplained(self) -> np.ndarray:
        """The share of the variance that reconstructions miss; 0 where nothing varies."""
        varies = self.variance > 1e-12
        return np.divide(self.squared, self.variance, out=np.zeros_like(self.mean), where=varies)


@dataclass(frozen=True)
class Survey:
    """What a model makes of the rows that were looked at.

    Attributes
    ----------
    places
        Which rows of X they are, ``(n,)``, and of how many: ``total``.
    codes
        The mean of ``q(z | x)``: ``(n, d)``.
    scores
        The negative objective of each: ``(n,)`` nats.
    kl
        What each code tells, ``(n, d)`` nats; None where q has no density.
    features
        Figures for each number of x.
    entries
        Which entries of codebooks rows took, ``(n, groups, positions)``; None where codes
        are no such.
    """

    places: np.ndarray
    total: int
    codes: np.ndarray
    scores: np.ndarray
    kl: np.ndarray | None
    features: Features
    entries: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.places)


class Tally:
    """Sums for each number of x, batch by batch.

    Parameters
    ----------
    shape
        ``*E``.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.known = torch.zeros(shape, dtype=torch.float64)
        self.sums = torch.zeros(5, *shape, dtype=torch.float64)

    def add(self, batch: Batch, reconstruction: Tensor, nll: Tensor) -> None:
        """Count a batch in."""
        x, error = batch.x, reconstruction - batch.x
        known = torch.ones_like(x) if batch.observed is None else batch.observed.to(x.dtype)
        each = torch.stack([x, x**2, error**2, (error.round() != 0).to(x.dtype), nll])
        self.sums += (each * known).double().sum(1).cpu()
        self.known += known.double().sum(0).cpu()

    def features(self) -> Features:
        """Return what came of it."""
        mean, square, squared, wrong, nll = (self.sums / self.known.clamp(min=1)).numpy()
        variance = np.maximum(square - mean**2, 0)
        return Features(mean, variance, squared, wrong, nll)
