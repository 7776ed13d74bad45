"""The range of an argument that is a number, checked where a part is made."""

import sys
from numbers import Integral, Real
from typing import Any

from isthmus.errors import CompositionError
from isthmus.part import plain

# Neither infinity nor what becomes one when it is made a float is a number here.
MOST = sys.float_info.max


def number(
    name: str,
    value: Any,
    low: float = -MOST,
    high: float = MOST,
    *,
    without: tuple[float, ...] = (),
    example: str,
) -> float:
    """Return ``value`` as a Python number, or say what it should have been.

    Parameters
    ----------
    name
        What the caller calls it.
    value
        What was given: anything.
    low, high
        Both belong to the range, but for those in ``without``.
    without
        Numbers that the range leaves out.
    example
        A call with a fitting number.

    Raises
    ------
    CompositionError
        If it is no number, is not finite, or lies outside the range.

    Examples
    --------
    >>> number("dropout", 0.5, 0, 1, without=(1,), example="dropout=0.1")
    0.5
    """
    value = plain(value)
    if _within(value, Real, low, high) and value not in without:
        return value if isinstance(value, int) else float(value)
    expected = f"a number{_range(low, high, without)}"
    raise CompositionError(f"{name}={value!r} was given; expected {expected}, as in {example}.")


def whole(name: str, value: Any, low: int, high: int | None = None, *, example: str) -> int:
    """Return ``value`` as an int from ``low`` to ``high``; like `number` in all else.

    Examples
    --------
    >>> whole("dim", 3, 1, example="Gaussian(16)")
    3
    """
    value = plain(value)
    if _within(value, Integral, low, MOST if high is None else high):
        return int(value)
    expected = f"at least {low}, a whole number" if high is None else f"{low} to {high}"
    raise CompositionError(f"{name}={value!r} was given; expected {expected}, as in {example}.")


def spread(
    name: str, value: Any, low: float = -MOST, high: float = MOST, *, example: str
) -> tuple[float, float]:
    """Return the range that ``value`` names: a number, both ends of which it is, or two.

    Raises
    ------
    CompositionError
        If it is neither a number nor two in order, from ``low`` to ``high``.

    Examples
    --------
    >>> spread("rate", 0.25, 0, 1, example="Masking(0.25)")
    (0.25, 0.25)
    >>> spread("rate", (0, 0.5), 0, 1, example="Masking(0.25)")
    (0, 0.5)
    """
    if not isinstance(value, tuple | list):
        end = number(name, value, low, high, example=example)
        return end, end
    ends: list[Any] = plain(list(value))  # pyright: ignore[reportUnknownArgumentType]
    if len(ends) == 2 and all(_within(each, Real, low, high) for each in ends):
        least, most = (number(name, each, example=example) for each in ends)
        if least <= most:
            return least, most
    raise CompositionError(
        f"{name}={value!r} was given; expected a number{_range(low, high, ())}, as in {example}, "
        "or two such in order, (low, high), to draw one for each row from."
    )


def _within(value: Any, kind: type, low: float, high: float) -> bool:
    # To Python True is 1; to whoever reads the call it is no number.
    return isinstance(value, kind) and not isinstance(value, bool) and bool(low <= value <= high)


def _range(low: float, high: float, without: tuple[float, ...]) -> str:
    if high == MOST:
        return f" above {low:g}" if low in without else "" if low == -MOST else f", {low:g} or more"
    start = "above" if low in without else "from"
    return f" {start} {low:g} {'up to, not with,' if high in without else 'to'} {high:g}"
