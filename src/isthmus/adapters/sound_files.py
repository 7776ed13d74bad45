"""Sounds as users have them: files, folders of files, and arrays; mixed down, at one rate."""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.adapters.base import check_finite, plain
from isthmus.errors import DataError, require

ENDINGS = (".wav", ".flac")
EXPECTED = (
    "expected a folder of WAV or FLAC files, a list of such files, or arrays of samples: (n, "
    "samples), or a list of (samples,) or (samples, channels)"
)
MOST_CHANNELS = 32
"""How many columns an array may have to be one sound of so many channels."""


@dataclass(frozen=True)
class Heading:
    """What a file says of its sound before it is decoded: samples a second, how many, and how."""

    path: Path
    rate: int
    samples: int
    coding: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.samples / self.rate


def heading(path: Path) -> Heading:
    """Return what a file says of its sound.

    Raises
    ------
    DataError
        If it is none.
    """
    with _opened(path) as file:
        return Heading(path, int(file.samplerate), int(file.frames), str(file.subtype))


def sounds_in(folder: Path) -> list[Path]:
    """Return the WAV and FLAC files in a folder, and in those inside it, in order."""
    return sorted(each for each in folder.rglob("*") if each.suffix.lower() in ENDINGS)


def are_sounds(X: Any) -> bool:
    """Return whether ``X`` names sounds: a folder or a file of such, or a list of paths."""
    if isinstance(X, list | tuple):
        paths: list[Any] = list(X)  # pyright: ignore[reportUnknownArgumentType]
        return bool(paths) and all(
            isinstance(each, Path) and each.suffix.lower() in ENDINGS for each in paths
        )
    if not isinstance(X, str | Path):
        return False
    path = Path(X)
    return path.suffix.lower() in ENDINGS or (path.is_dir() and bool(sounds_in(path)))


def read(X: Any, rate: int | None) -> tuple[list[np.ndarray], int | None]:
    """Return each sound as ``(samples,)`` of floats, and how many samples a second has.

    Files are brought to ``rate``, or else to the rate that most of them have; arrays are taken to
    be at ``rate``.
    """
    if (paths := _paths(X)) is not None:
        found = [_file(path) for path in paths]
        common = rate or Counter(each for _, each in found).most_common(1)[0][0]
        return [_resampled(wave, own, common) for wave, own in found], common
    given = _listed(X)
    if not given:
        raise DataError(f"0 sounds were given; {EXPECTED}.")
    return [_mixed(np.asarray(plain(each)), f"Sound {i}") for i, each in enumerate(given)], rate


def _paths(X: Any) -> list[Path] | None:
    """Return the files that ``X`` names, or None where it names none."""
    if isinstance(X, str | Path):
        path = Path(X)
        if not path.exists():
            raise DataError(f"{path} is not there; {EXPECTED}.")
        found = sounds_in(path) if path.is_dir() else [path]
        if not found:
            raise DataError(f"{path} holds no sound; expected files ending in .wav or .flac.")
        return found
    named = isinstance(X, list | tuple) and bool(X) and isinstance(X[0], str | Path)
    return [Path(each) for each in X] if named else None


def _listed(X: Any) -> Sequence[Any]:
    if isinstance(X, list | tuple):
        return list(X)  # pyright: ignore[reportUnknownArgumentType]
    values = plain(X)
    if not isinstance(values, np.ndarray) or values.ndim not in (2, 3):
        shape = f"of shape {values.shape} " if isinstance(values, np.ndarray) else ""
        raise DataError(
            f"A {type(X).__name__} {shape}was given; {EXPECTED}. One sound goes into brackets."
        )
    return list(values)


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    package: Any = require("soundfile", "sound")
    try:
        with package.SoundFile(path) as file:
            yield file
    except (OSError, RuntimeError, TypeError) as error:
        raise DataError(
            f"{path} can't be read as a sound: {error} Replace it, or leave it out."
        ) from error


def _file(path: Path) -> tuple[np.ndarray, int]:
    with _opened(path) as file:
        return _mixed(file.read(dtype="float32"), str(path)), int(file.samplerate)


def _mixed(wave: np.ndarray, name: str) -> np.ndarray:
    """Return one channel, the mean of all, of floats."""
    if wave.ndim not in (1, 2) or wave.dtype.kind not in "buif":
        raise DataError(f"{name} has the shape {wave.shape} and dtype {wave.dtype}; {EXPECTED}.")
    if not wave.size:
        raise DataError(f"{name} is empty; expected at least one sample: leave it out.")
    if wave.ndim == 2 and wave.shape[1] > MOST_CHANNELS:
        raise DataError(
            f"{name} has the shape {wave.shape}: {wave.shape[1]} channels; expected (samples, "
            f"channels), of {MOST_CHANNELS} at most. If they come first, turn it round: wave.T."
        )
    check_finite(wave, name)
    values = wave.astype(wave.dtype if wave.dtype == np.float32 else np.float64)
    if np.isnan(values).any():
        raise DataError(f"{name} holds NaN; expected samples that are known: cut it there.")
    return values if values.ndim == 1 else values.mean(axis=1)


def _resampled(wave: np.ndarray, own: int, rate: int) -> np.ndarray:
    if own == rate:
        return wave
    from scipy.signal import resample_poly  # slow to import, and seldom needed

    common = gcd(own, rate)
    found: Any = resample_poly(wave, rate // common, own // common)
    return found
