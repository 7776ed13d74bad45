"""Fixed point: the functions that a coder needs, as tables of integers.

Whoever decodes must see the very distributions that the encoder saw, and a logarithm or a
product of matrices differs in its last bit between processors, libraries and batch sizes.
Here everything is an integer. A number ``v`` is held as ``round(v * ONE)``, a probability
as ``round(p * WHOLE)``, and the tables are computed with Python's integers, which are the same
everywhere.
"""

from functools import cache

import numpy as np

VERSION = 1
"""Of the arithmetic: whatever changes a single integer here makes another."""
BITS = 16
ONE = 1 << BITS
"""What stands for 1."""
WHOLE = 1 << 32
"""What stands for certainty."""
GUARD = 96
"""Bits after the point while a table is computed."""
LOG_WHOLE = 22
"""As far below 1 as ``exp`` is told, in nats."""
SIGMOID_STEP, SIGMOID_END = 6, 32
NORMAL_STEP, NORMAL_END = 8, 8
EXP_STEP = 7
"""Tables have ``2^step`` entries to 1, and reach to ``end``; between them lies a straight line."""
BINS = 12
"""Codes fall into ``2^BINS`` bins of equal mass under the prior."""


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return ``WHOLE sigmoid(x / ONE)``, an integer for each.

    Examples
    --------
    >>> sigmoid(np.array([0, ONE])) / WHOLE
    array([0.5       , 0.73105858])
    """
    return _symmetric(x, _sigmoids(), SIGMOID_STEP, SIGMOID_END)


def normal(x: np.ndarray) -> np.ndarray:
    """Return ``WHOLE Phi(x / ONE)``, the normal distribution function.

    Examples
    --------
    >>> normal(np.array([0, -ONE])) / WHOLE
    array([0.5       , 0.15865525])
    """
    return _symmetric(x, _normals(), NORMAL_STEP, NORMAL_END)


def exp(x: np.ndarray) -> np.ndarray:
    """Return ``WHOLE exp(x / ONE)`` for ``x`` up to 0; below ``-LOG_WHOLE`` it counts as that.

    Examples
    --------
    >>> exp(np.array([0, -ONE])) / WHOLE
    array([1.        , 0.36787944])
    """
    table = _exponentials()
    return _between(table, (x + LOG_WHOLE * ONE).clip(0, LOG_WHOLE * ONE), EXP_STEP)


def scaled(x: np.ndarray, log_scale: np.ndarray) -> np.ndarray:
    """Return ``x / exp(log_scale)``, all in units of ``ONE``; ``|x|`` at most ``32 ONE``.

    ``log_scale`` is held between -10 and 10.
    """
    # exp(-s) = exp(-s - 10) exp(10): the first is at most 1, and the products stay below 2^63.
    rate = exp(-log_scale.clip(-10 * ONE, 10 * ONE) - 10 * ONE)
    return (((x * rate) >> 17) * 44053) >> 16  # 44053 = 2 exp(10)


@cache
def edges() -> np.ndarray:
    """Return where the bins of equal mass begin, in units of ``ONE``: ``(2^BINS + 1,)``."""
    target = [(WHOLE >> BINS) * each for each in range(1 << BINS)]
    inner = np.searchsorted(_phi_everywhere(), np.array(target[1:]))
    far = NORMAL_END * ONE
    return np.concatenate([[-far], inner - far, [far]]).astype(np.int64)


@cache
def centres() -> np.ndarray:
    """Return the median of each bin under the prior, in units of ``ONE``: ``(2^BINS,)``."""
    half = WHOLE >> (BINS + 1)
    target = np.array([half * (2 * each + 1) for each in range(1 << BINS)])
    return np.searchsorted(_phi_everywhere(), target).astype(np.int64) - NORMAL_END * ONE


def _phi_everywhere() -> np.ndarray:
    return normal(np.arange(-NORMAL_END * ONE, NORMAL_END * ONE + 1))


def _symmetric(x: np.ndarray, table: np.ndarray, step: int, end: int) -> np.ndarray:
    """Return a distribution function that is told for ``x >= 0``: ``F(-x) = 1 - F(x)``."""
    above = _between(table, np.minimum(np.abs(x), end * ONE - 1), step)
    return np.where(x < 0, WHOLE - above, above)


def _between(table: np.ndarray, x: np.ndarray, step: int) -> np.ndarray:
    shift = BITS - step
    place = x >> shift
    left = table[place]
    return left + (((table[place + 1] - left) * (x & ((1 << shift) - 1))) >> shift)


@cache
def _exponentials() -> np.ndarray:
    n = LOG_WHOLE << EXP_STEP
    # The last twice: at 0 itself nothing lies beyond.
    return np.array([_rounded(_exp(-max(place, 0), EXP_STEP)) for place in range(n, -2, -1)])


@cache
def _sigmoids() -> np.ndarray:
    one = 1 << GUARD
    n = SIGMOID_END << SIGMOID_STEP
    below = (_exp(-place, SIGMOID_STEP) for place in range(n + 1))
    return np.array([_rounded((one << GUARD) // (one + each)) for each in below])


@cache
def _normals() -> np.ndarray:
    """Tabulate ``Phi`` by its density's integral, Simpson's rule on eight parts of each step."""
    parts = 8
    n = (NORMAL_END << NORMAL_STEP) * parts
    # exp(-x^2 / 2) with x = place / (parts 2^step): an exponent over a power of two.
    shift = 2 * (NORMAL_STEP + 3) + 1
    density = [_exp(-place * place, shift) for place in range(n + 1)]
    totals, total = [0], 0
    for first in range(0, n, parts):
        some = density[first : first + parts + 1]
        total += some[0] + 4 * sum(some[1:-1:2]) + 2 * sum(some[2:-1:2]) + some[-1]
        totals.append(total)
    # All of one side is a half, less the 6e-16 beyond the end: no root or pi is needed.
    half = WHOLE // 2
    return np.array([half + (half * each + total // 2) // total for each in totals])


def _exp(numerator: int, shift: int) -> int:
    """Return ``exp(numerator / 2^shift)``, of a number up to 0, with ``GUARD`` bits."""
    whole, part = divmod(-numerator, 1 << shift)
    # A power of 1/e by squaring, and the rest by its series.
    result, power = _series((part << GUARD) >> shift), _series(1 << GUARD)
    while whole:
        if whole & 1:
            result = (result * power) >> GUARD
        power = (power * power) >> GUARD
        whole >>= 1
    return result


@cache
def _series(x: int) -> int:
    """Return ``exp(-x)`` of ``0 <= x <= 1`` with ``GUARD`` bits."""
    total = term = 1 << GUARD
    place = 0
    while term:
        place += 1
        term = ((term * x) >> GUARD) // place
        total += -term if place % 2 else term
    return total


def _rounded(value: int) -> int:
    return (value * WHOLE + (1 << (GUARD - 1))) >> GUARD
