"""Sounds: folders of them, as commands read and write them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.adapters.sound_files import heading, read, sounds_in
from isthmus.errors import DataError, require
from isthmus.writing import whole_folder

CODING = "PCM_16"
"""How samples are written where nothing says more."""


def found(path: Path) -> list[Path]:
    """Return the sounds in a folder, or a file of one; they stay on disk until they are asked for.

    Raises
    ------
    DataError
        If one is none, or they are of several rates.
    """
    paths = sounds_in(path) if path.is_dir() else [path]
    rates = {heading(each).rate: each for each in paths}
    if len(rates) > 1:
        (a, first), (b, second) = list(rates.items())[:2]
        raise DataError(
            f"{path} holds sounds of {len(rates)} rates: {first} has {a:,} samples a second, "
            f"{second} has {b:,}. Expected one: bring them to it, or put them into folders of "
            "their own."
        )
    return paths


def checked(paths: list[Path]) -> list[Path]:
    """Return the paths of sounds, or raise `DataError` for one that can't be read to its end."""
    for path in paths:
        read([path], None)
    return paths


def rate(paths: list[Path]) -> int:
    """Return how many samples a second of sounds has that are of one rate."""
    return heading(paths[0]).rate


def check_rate(paths: list[Path], learnt: int | None) -> None:
    """Raise `DataError` where sounds would come back at another rate than they have."""
    if learnt not in (None, rate(paths)):
        raise DataError(
            f"{paths[0]} has {rate(paths):,} samples a second, and what is learnt from {learnt:,}; "
            "expected one rate. Bring one of them to that of the other."
        )


def write(
    folder: Path,
    waves: Sequence[Any],
    rate: int | None,
    names: Sequence[str] | None = None,
    like: Sequence[Path] | None = None,
) -> None:
    """Write sounds as WAV files, all or none.

    Parameters
    ----------
    folder
        Where to.
    waves
        ``(samples,)`` each.
    rate
        Samples a second.
    names
        The files, without their endings; None: numbers.
    like
        Files whose samples are of the depth to write; None: 16 bits.
    """
    package: Any = require("soundfile", "sound")
    if rate is None:
        raise DataError(
            "The model was fitted to arrays, and was not told how many samples a second has: fit "
            "it with Sounds(rate=...), or to files."
        )
    digits = len(str(len(waves) - 1))
    if names is None or len(set(names)) < len(waves):
        names = [f"{place:0{digits}}" for place in range(len(waves))]
    codings = [CODING] * len(waves) if like is None else [heading(each).coding for each in like]
    with whole_folder(folder) as made:
        for name, wave, coding in zip(names, waves, codings, strict=True):
            file = made / f"{name}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            depth = coding if package.check_format("WAV", coding) else CODING
            package.write(file, np.asarray(wave, np.float32), rate, subtype=depth)
