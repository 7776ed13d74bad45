"""Windows: a long series cut into pieces that overlap, and put back together."""

from typing import Any

import numpy as np

from isthmus.adapters.base import plain
from isthmus.errors import DataError
from isthmus.ranges import whole


def starts(steps: int, size: int, stride: int) -> np.ndarray:
    """Return where windows begin so that every step is in one: the last ends with the series.

    Examples
    --------
    >>> starts(10, size=4, stride=4)
    array([0, 4, 6])
    """
    places = np.arange(0, steps - size + 1, stride)
    return places if places[-1] == steps - size else np.append(places, steps - size)


def windows(x: Any, size: int, stride: int = 1) -> np.ndarray:
    """Return pieces of one long series: ``(n, size)`` of ``(t,)``, ``(n, size, c)`` of ``(t, c)``.

    The i-th begins at step ``i stride``; the last ends with the series, so that none of it is
    left out. With a stride of 1 it is a view, which takes no memory. `overlap` puts pieces back
    together.

    Parameters
    ----------
    x
        One series.
    size
        How many steps a window has.
    stride
        From how many steps to the next one begins: 1 to ``size``.

    Raises
    ------
    DataError
        If it is no series, or shorter than a window.

    Examples
    --------
    >>> windows([1.0, 2.0, 3.0, 4.0, 5.0], size=2, stride=2)
    array([[1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    values = np.asarray(plain(x))
    size, stride = _checked(size, stride)
    if values.ndim not in (1, 2):
        raise DataError(
            f"A series of shape {values.shape} was given; expected one, (steps,) or "
            "(steps, channels): cut several one by one."
        )
    if len(values) < size:
        raise DataError(
            f"A series of {len(values)} steps was given, to be cut into windows of {size}; "
            "expected as many steps at least. Use smaller windows, or leave the series out."
        )
    pieces = np.moveaxis(np.lib.stride_tricks.sliding_window_view(values, size, axis=0), -1, 1)
    return pieces if stride == 1 else pieces[starts(len(values), size, stride)]


def overlap(pieces: Any, steps: int, stride: int = 1) -> np.ndarray:
    """Return one series of windows that overlap, each step the mean of those that hold it.

    Parameters
    ----------
    pieces
        ``(n, size)`` or ``(n, size, c)``, as `windows` cuts them.
    steps
        How many steps the series has.
    stride
        What `windows` was given.

    Returns
    -------
    ndarray
        ``(steps,)`` or ``(steps, c)``.

    Raises
    ------
    DataError
        If there are more or fewer windows than such a series is cut into.

    Examples
    --------
    >>> x = np.arange(5.0)
    >>> overlap(windows(x, 3) + [-1, 0, 1], steps=5)
    array([-1. ,  0.5,  2. ,  3.5,  5. ])
    """
    values = np.asarray(plain(pieces))
    size, stride = _checked(values.shape[1] if values.ndim > 1 else 0, stride)
    places = starts(steps, size, stride) if steps >= size else np.empty(0, np.intp)
    if len(places) != len(values):
        raise DataError(
            f"{len(values)} windows of {size} steps, {stride} apart, were given for a series of "
            f"{steps}, which is cut into {len(places)}. Give the size and stride they were cut by."
        )
    total, many = np.zeros((steps, *values.shape[2:])), np.zeros(steps)
    for offset in range(size):  # places differ from one another, so that each sum counts
        total[places + offset] += values[:, offset]
        many[places + offset] += 1
    return total / many.reshape(-1, *[1] * (total.ndim - 1))


def _checked(size: Any, stride: Any) -> tuple[int, int]:
    example = "windows(x, size=64, stride=16)"
    size = whole("size", size, 1, example=example)
    # With larger strides there would be steps that no window holds.
    return size, whole("stride", stride, 1, size, example=example)
