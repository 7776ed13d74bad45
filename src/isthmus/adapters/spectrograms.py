"""Spectrograms: how loud each pitch is, frame by frame, and the wave that sounds so."""

import numpy as np

OVERLAP = 4
"""How many frames hold a sample."""
SQUARES = 1.5
"""What the squares of their Hann windows add up to, at every sample."""
ROUNDS = 32


def spectrum(wave: np.ndarray, frame: int) -> np.ndarray:
    """Return the complex spectrum of each frame: ``(steps, frame / 2 + 1)``.

    Frames are a quarter of one apart, the first and the last mostly beyond the ends.

    Examples
    --------
    >>> spectrum(np.sin(np.arange(64)), 16).shape
    (19, 9)
    """
    hop = frame // OVERLAP
    whole = frame + (steps_of(len(wave), frame) - 1) * hop
    padded = np.zeros(whole)
    padded[frame - hop :][: len(wave)] = wave
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    return np.fft.rfft(frames * _hann(frame))


def wave_of(spectra: np.ndarray, frame: int, samples: int) -> np.ndarray:
    """Return the wave of so many samples whose spectrum comes nearest, ``(samples,)``.

    Examples
    --------
    >>> wave = np.sin(np.arange(64))
    >>> bool(np.allclose(wave_of(spectrum(wave, 16), 16, 64), wave))
    True
    """
    hop = frame // OVERLAP
    frames = np.fft.irfft(spectra, n=frame) * _hann(frame)
    whole = np.zeros(frame + (len(frames) - 1) * hop)
    for first in range(OVERLAP):  # every fourth frame follows the one before
        part = frames[first::OVERLAP].ravel()
        whole[first * hop : first * hop + len(part)] += part
    return whole[frame - hop :][:samples] / SQUARES


def steps_of(samples: int, frame: int) -> int:
    """Return how many frames such a wave has.

    Examples
    --------
    >>> steps_of(64, 16)
    19
    """
    return -(-samples // (frame // OVERLAP)) + OVERLAP - 1


def samples_of(steps: int, frame: int) -> int:
    """Return how many samples make so many frames, at most.

    Examples
    --------
    >>> samples_of(19, 16)
    64
    """
    return (steps - OVERLAP + 1) * (frame // OVERLAP)


def heard(loudness: np.ndarray, frame: int, samples: int) -> np.ndarray:
    """Return a wave that is as loud as that at each pitch: phases are found, from random ones.

    By turns the wave whose spectrum comes nearest, and that wave's phases (Griffin and Lim, 1984,
    "Signal estimation from modified short-time Fourier transform").
    """
    phases = np.exp(2j * np.pi * np.random.default_rng(0).random(loudness.shape))
    for _ in range(ROUNDS):
        found = spectrum(wave_of(loudness * phases, frame, samples), frame)
        phases = found / np.maximum(np.abs(found), 1e-12)
    return wave_of(loudness * phases, frame, samples)


def _hann(frame: int) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
