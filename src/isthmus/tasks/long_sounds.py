"""Long sounds: learned in pieces, and made over in pieces that overlap."""

from typing import Any

import numpy as np

from isthmus.adapters import Sounds
from isthmus.adapters.base import cast
from isthmus.adapters.sound_files import read
from isthmus.adapters.sounds import dtype_of_samples
from isthmus.estimator import BaseAutoencoder

STEPS = 128
"""How many frames make a piece, at most."""


def pieces(adapter: Sounds, X: Any) -> list[np.ndarray]:
    """Return sounds in pieces of one length as nearly as may be, and tell the adapter their rate.

    Examples
    --------
    >>> [len(each) for each in pieces(Sounds(rate=8000, frame=8), [np.zeros(2000), np.zeros(90)])]
    [1000, 1000, 90]
    """
    waves, adapter.rate = read(X, adapter.rate)
    most = STEPS * adapter.frame
    return [part for wave in waves for part in np.array_split(wave, -(-len(wave) // most))]


def restored(model: BaseAutoencoder, X: Any) -> Any:
    """Return what a model of sounds makes of ``X``: of what is too long for it, piece by piece."""
    adapter: Any = model.adapter_
    waves, _ = read(X, adapter.rate_)
    if max(map(len, waves)) <= adapter.longest:
        return model.reconstruct(X)
    dtype = np.dtype(dtype_of_samples(X))
    made = [cast(_long(model, wave, adapter.longest), dtype) for wave in waves]
    return np.stack(made) if isinstance(X, np.ndarray) else made


def _long(model: BaseAutoencoder, wave: np.ndarray, most: int) -> np.ndarray:
    """Return the weighted mean of what pieces become; one counts most in its middle."""
    last = max(len(wave) - most, 0)
    starts = [*range(0, last, max(most // 2, 1)), last]
    parts = model.reconstruct([wave[at : at + most] for at in starts])
    weights = np.minimum(np.arange(most) + 1, most - np.arange(most))
    total, weight = np.zeros(len(wave)), np.zeros(len(wave))
    for at, part in zip(starts, parts, strict=True):
        total[at : at + most] += part * weights[: len(part)]
        weight[at : at + most] += weights[: len(part)]
    return total / weight
