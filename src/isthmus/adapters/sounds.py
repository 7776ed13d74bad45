"""Sounds: clips as series, of spectra or of frames of the wave."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import Tensor

from isthmus.adapters import facts as told
from isthmus.adapters.base import Adapter, cast, check_enough, single
from isthmus.adapters.sequences import Sequences
from isthmus.adapters.sound_files import read
from isthmus.adapters.spectrograms import (
    OVERLAP,
    heard,
    samples_of,
    spectrum,
    steps_of,
    wave_of,
)
from isthmus.errors import CompositionError, DataError, SupportError
from isthmus.ranges import whole
from isthmus.space import Batch, Series, Support

REPRESENTATIONS = ("spectrogram", "waveform")
FLOOR = 1e-4
"""What is fainter than the loudest by that is silence: 80 decibels."""


class Sounds(Adapter):
    """Sounds: a folder or a list of WAV or FLAC files, or arrays of samples.

    As a spectrogram, each step holds how loud each pitch is, ``log(|STFT| + floor)``, by a Hann
    window of ``frame`` samples that moves on by a quarter of it. It can be inverted: with the
    phases of the sound that was given, where there is one, as for `reconstruct`; else phases that
    agree with one another are found (Griffin and Lim, 1984). As a waveform, each step holds the
    next ``frame`` samples themselves. Both are standardised, and may differ in length.

    Of several channels the mean is taken. Files of different rates are brought to one. What comes
    back are arrays of samples, one for each sound, at the rate ``rate_``; what is generated is as
    long as the longest of training. Densities are of what a step holds. Files need
    ``pip install 'isthmus[sound]'``.

    Parameters
    ----------
    support
        ``"real"``, or None, which means the same.
    rate
        Samples a second to bring files to, or that arrays have; None: as most files have.
    frame
        How many samples are seen together: a multiple of 4.
    representation
        ``"spectrogram"`` or ``"waveform"``.

    Attributes
    ----------
    rate_ : int or None
        Samples a second of what comes back.

    Examples
    --------
    >>> import numpy as np
    >>> tones = [np.sin(np.arange(600) * pitch) for pitch in (0.1, 0.2, 0.4)]
    >>> adapter = Sounds(rate=8000, frame=64).fit(tones)
    >>> adapter.space_
    Series(33, 41)
    >>> again = adapter.inverse_transform(adapter.transform(tones).x, like=tones)
    >>> bool(np.abs(again[0] - tones[0]).max() < 0.01)
    True
    """

    def __init__(
        self,
        support: Support | None = None,
        rate: int | None = None,
        frame: int = 256,
        representation: str = "spectrogram",
    ) -> None:
        super().__init__(support)
        self.rate = rate
        self.frame = frame
        self.representation = representation

    def fit(self, X: Any) -> Self:
        """Learn the rate, the longest sound, and how loud each pitch is, or each sample."""
        self._check()
        waves, self.rate_ = read(X, self.rate)
        check_enough(len(waves))
        self.listed_, self.dtype_ = not isinstance(X, np.ndarray), dtype_of_samples(X)
        loudest = max(np.abs(self._spectrum(each)).max() for each in waves) if self._sees else 0.0
        self.floor_ = FLOOR * float(loudest) or 1.0
        self.series_ = Sequences("real").fit(self._series(waves))
        self.space_ = self.series_.space_
        return self

    def rows(self, X: Any) -> list[np.ndarray]:
        """Return the waves, checked: mixed down, at the rate that was fitted, and no longer."""
        waves, _ = read(X, self.rate_)
        most = max(map(len, waves))
        if most > self.longest:
            raise DataError(
                f"A sound of {most:,} samples was given; the model was fitted to "
                f"{self.longest:,} at most. Cut it into several, or fit a model to sounds "
                "that are as long."
            )
        return waves

    def batch(self, rows: list[np.ndarray]) -> Batch:
        """Return ``(n, bins or frame, steps)``, standardised; after an end nothing is known."""
        return self.series_.batch(self.series_.rows(self._series(rows)))

    def inverse_transform(self, x: Tensor, like: Any = None) -> Any:
        """Return waves as a list, or an array: with the phases and lengths of ``like``, if any."""
        series = np.asarray(self.series_.inverse_transform(x, like=None))
        waves: list[Any] = [None] * len(x) if like is None else read(like, self.rate_)[0]
        dtype = np.dtype(self.dtype_ if like is None else dtype_of_samples(like))
        pairs = zip(series, waves, strict=True)
        made = [cast(self._wave(each, wave), dtype) for each, wave in pairs]
        listed = self.listed_ if like is None else not isinstance(like, np.ndarray)
        return made if listed else np.stack(made)

    def one(self, row: Any) -> Any:
        """Return a sound, or sounds of which there is one, as data of length one."""
        if isinstance(row, str | Path):
            return single(read(row, self.rate_)[0])
        if isinstance(row, list | tuple) and not np.isscalar(row[0]):
            return single(row)
        if isinstance(row, np.ndarray) and row.ndim > 1 and not self.listed_:
            return single(row)
        return [row] if self.listed_ else np.asarray(row)[None]

    def log_volume(self, x: Tensor) -> Tensor:
        """Return ``-log std`` of each number of a step, ``(bins or frame, 1)``."""
        return self.series_.log_volume(x)

    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""
        return {
            "rate": self.rate_,
            "floor": self.floor_,
            "dtype": self.dtype_,
            "listed": self.listed_,
            "series": self.series_.facts(),
        }

    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""
        space, rate = self.space_, facts["rate"]
        self._check()
        channels = self.frame // 2 + 1 if self._sees else self.frame
        fits = isinstance(space, Series) and space.channels == channels
        told.expect(fits, f"it is {space!r}; expected a Series of {channels} channels.")
        told.expect(rate is None or (isinstance(rate, int) and rate > 0), f"rate is {rate!r}.")
        self.rate_, self.floor_ = rate, told.number(facts["floor"], "floor")
        told.expect(self.floor_ > 0, f"floor is {self.floor_}; expected one above zero.")
        self.dtype_ = told.dtype_name(facts["dtype"])
        self.listed_ = told.flag(facts["listed"], "listed")
        self.series_ = Sequences("real")
        self.series_.space_ = space
        self.series_.restore(facts["series"])
        return self

    @property
    def longest(self) -> int:
        """How many samples a sound may have, at most."""
        return self._samples(self.space_.shape[1])

    @property
    def _sees(self) -> bool:
        """Whether steps are spectra."""
        return self.representation == "spectrogram"

    def _check(self) -> None:
        frame = whole("frame", self.frame, 8, example="Sounds(frame=256)")
        if frame % OVERLAP:
            raise CompositionError(
                f"frame={frame} was given; expected a multiple of {OVERLAP}, as in "
                f"Sounds(frame={frame + -frame % OVERLAP})."
            )
        if self.rate is not None:
            whole("rate", self.rate, 1, example="Sounds(rate=16000)")
        if self.representation not in REPRESENTATIONS:
            raise CompositionError(
                f"representation={self.representation!r} was given; expected one of "
                f"{', '.join(REPRESENTATIONS)}."
            )
        if self.support not in (None, "real"):
            raise SupportError(
                f"Sounds were asked for as {self.support!r} values; they are real numbers. Leave "
                "likelihood=None, or use Normal() or Laplace()."
            )

    def _steps(self, samples: int) -> int:
        return steps_of(samples, self.frame) if self._sees else -(-samples // self.frame)

    def _samples(self, steps: int) -> int:
        return samples_of(steps, self.frame) if self._sees else steps * self.frame

    def _spectrum(self, wave: np.ndarray) -> np.ndarray:
        return spectrum(wave, self.frame)

    def _series(self, waves: list[np.ndarray]) -> list[np.ndarray]:
        """Return what the steps of each wave hold: ``(steps, bins or frame)``."""
        if self._sees:
            return [np.log(np.abs(self._spectrum(each)) + self.floor_) for each in waves]
        filled = [np.pad(each, (0, -len(each) % self.frame)) for each in waves]
        return [each.reshape(-1, self.frame) for each in filled]

    def _wave(self, steps: np.ndarray, like: np.ndarray | None) -> np.ndarray:
        """Return the wave of ``(steps, bins or frame)``, as long as ``like`` if there is one."""
        samples = self._samples(len(steps)) if like is None else len(like)
        if not self._sees:
            return steps.ravel()[:samples]
        loud = np.maximum(np.exp(steps[: self._steps(samples)]) - self.floor_, 0)
        if like is None:
            return heard(loud, self.frame, samples)
        phases = np.exp(1j * np.angle(self._spectrum(like)))
        return wave_of(loud * phases, self.frame, samples)


def dtype_of_samples(X: Any) -> str:
    """Return the dtype of samples that are given as arrays; files have 32-bit floats."""
    first = X[0] if isinstance(X, list | tuple) and len(X) else X
    dtype: Any = getattr(first, "dtype", None)
    known = isinstance(dtype, np.dtype) and dtype.kind in "buif"  # pyright: ignore[reportUnknownMemberType]
    return dtype.name if known else "float32"
