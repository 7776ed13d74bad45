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
    starts = [_starts(len(wave), adapter.longest) for wave in waves]
    parts = _cut(waves, starts, adapter.longest)
    found = iter(model.reconstruct(parts))  # all at once, which takes far less time than by turns
    dtype = np.dtype(dtype_of_samples(X))
    pairs = zip(waves, starts, strict=True)
    made = [cast(_joined(len(wave), {at: next(found) for at in own}), dtype) for wave, own in pairs]
    return np.stack(made) if isinstance(X, np.ndarray) else made


def _starts(samples: int, most: int) -> list[int]:
    """Return where pieces begin, half a piece apart."""
    last = max(samples - most, 0)
    return [*range(0, last, max(most // 2, 1)), last]


def _cut(waves: list[np.ndarray], starts: list[list[int]], most: int) -> list[np.ndarray]:
    pairs = zip(waves, starts, strict=True)
    return [wave[at : at + most] for wave, own in pairs for at in own]


def _joined(samples: int, parts: dict[int, np.ndarray]) -> np.ndarray:
    """Return the weighted mean of pieces, by where they begin; one counts most in its middle."""
    total, weight = np.zeros(samples), np.zeros(samples)
    for at, part in parts.items():
        places = np.arange(len(part))
        weights = np.minimum(places + 1, len(part) - places)
        total[at : at + len(part)] += part * weights
        weight[at : at + len(part)] += weights
    return total / weight
