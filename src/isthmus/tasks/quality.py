"""Quality: how near what was restored comes to what was there."""

from typing import Any

import numpy as np
from scipy.ndimage import correlate1d

from isthmus.adapters.base import plain
from isthmus.errors import DataError

WINDOW, SPREAD = 11, 1.5
"""The window that structure is compared in: its side, and the standard deviation of its weights."""
K1, K2 = 0.01, 0.03


def psnr(clean: Any, found: Any, peak: float | None = None) -> np.ndarray:
    """Return the peak signal-to-noise ratio of each row: ``(n,)`` dB.

    ``10 log10(peak^2 / mean (found - clean)^2)``; infinite where the two are equal. NaN in
    ``clean`` doesn't count.

    Parameters
    ----------
    clean, found
        Pictures, series or rows: arrays ``(n, …)``, or lists of arrays, all alike.
    peak
        The greatest value that there can be; None: 255 or 65,535 for bytes and the like, 1 for
        floats within 0 and 1, else the range of ``clean``.

    Examples
    --------
    >>> psnr(np.zeros((1, 2, 2)), np.full((1, 2, 2), 0.1)).round(6)
    array([20.])
    """
    pairs = _pairs(clean, found)
    top = _peak(clean) if peak is None else float(peak)
    errors = np.array([np.nanmean((there - here) ** 2) for here, there in pairs])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(top**2 / errors)


def snr(clean: Any, found: Any) -> np.ndarray:
    """Return the signal-to-noise ratio of each row: ``(n,)`` dB.

    ``10 log10(sum clean^2 / sum (found - clean)^2)``; infinite where the two are equal. NaN in
    ``clean`` doesn't count.

    Examples
    --------
    >>> snr(np.ones((1, 4)), np.full((1, 4), 1.1)).round(6)
    array([20.])
    """
    pairs = _pairs(clean, found)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = [np.nansum(here**2) / np.nansum((there - here) ** 2) for here, there in pairs]
        return 10 * np.log10(np.array(ratios))


def ssim(clean: Any, found: Any, peak: float | None = None) -> np.ndarray:
    """Return the structural similarity of each picture: ``(n,)``, 1 where the two are equal.

    The mean over all places of ``(2 m_a m_b + c1) (2 s_ab + c2) / ((m_a^2 + m_b^2 + c1) (s_a^2 +
    s_b^2 + c2))``: means, variances and covariance under Gaussian weights of standard deviation
    1.5 in windows of 11 x 11 that lie within the picture, smaller ones in smaller pictures;
    ``c1 = (0.01 peak)^2``, ``c2 = (0.03 peak)^2`` (Wang, Bovik, Sheikh and Simoncelli, 2004,
    "Image quality assessment"). Channels are averaged.

    Parameters
    ----------
    clean, found
        Pictures ``(n, h, w)`` or ``(n, h, w, channels)``.
    peak
        As in `psnr`.

    Examples
    --------
    >>> pictures = np.random.default_rng(0).random((2, 16, 16))
    >>> ssim(pictures, pictures)
    array([1., 1.])
    """
    pairs = _pairs(clean, found)
    if pairs[0][0].ndim not in (2, 3):
        raise DataError(
            f"Rows of shape {pairs[0][0].shape} were given; expected pictures, (n, height, width) "
            "or (n, height, width, channels). Use psnr or snr."
        )
    top = _peak(clean) if peak is None else float(peak)
    return np.array([_similarity(here, there, top) for here, there in pairs])


def _similarity(a: np.ndarray, b: np.ndarray, peak: float) -> float:
    least = min(a.shape[:2])
    radius = min(WINDOW, least if least % 2 else least - 1) // 2
    places = np.arange(-radius, radius + 1)
    weights = np.exp(-(places**2) / (2 * SPREAD**2))
    weights /= weights.sum()

    def mean(values: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            values = correlate1d(values, weights, axis)
        return values[radius : len(values) - radius, radius : values.shape[1] - radius]

    m_a, m_b = mean(a), mean(b)
    s_a, s_b, s_ab = mean(a * a) - m_a**2, mean(b * b) - m_b**2, mean(a * b) - m_a * m_b
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    nearness = (2 * m_a * m_b + c1) / (m_a**2 + m_b**2 + c1)
    return float((nearness * (2 * s_ab + c2) / (s_a + s_b + c2)).mean())


def _pairs(clean: Any, found: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows of both, side by side, in double precision."""
    if len(clean) != len(found):
        raise DataError(
            f"{len(clean)} and {len(found)} rows were given; expected as many of one as of the "
            "other: what was restored, and the same rows as they were."
        )
    if not len(clean):
        raise DataError("0 rows were given; expected at least one.")
    pairs = [
        (np.asarray(plain(a), np.float64), np.asarray(plain(b), np.float64))
        for a, b in zip(_rows(clean), _rows(found), strict=True)
    ]
    for a, b in pairs:
        if a.shape != b.shape:
            raise DataError(
                f"Rows of shape {a.shape} and {b.shape} were given to be compared; expected both "
                "alike: bring them to one shape."
            )
    return pairs


def _rows(X: Any) -> Any:
    return X.to_numpy() if hasattr(X, "to_numpy") else X


def _peak(clean: Any) -> float:
    rows = [np.asarray(plain(each)) for each in _rows(clean)]
    if rows[0].dtype.kind in "ui" and rows[0].dtype.itemsize <= 2:
        return float(np.iinfo(rows[0].dtype).max)
    low = min(float(np.nanmin(each)) for each in rows)
    high = max(float(np.nanmax(each)) for each in rows)
    return 1.0 if low >= 0 and high <= 1 else high - low
