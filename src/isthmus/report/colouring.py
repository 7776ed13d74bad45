"""Colouring: labels become colours, and a legend that says which."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from isthmus.report.blocks import Key, Legend
from isthmus.report.drawing import ACCENT, GROUPS, MUTED, RAMP, css

MANY = 12
"""From how many different numbers on labels are read as an amount."""


@dataclass(frozen=True)
class Colouring:
    """A colour for each row.

    Attributes
    ----------
    colours
        Stand-in colours, ``(n,)``.
    groups
        Which rows have each name, where the labels are names.
    legend
        What the colours mean; None where there is but one.
    """

    colours: np.ndarray
    groups: dict[str, np.ndarray]
    legend: Legend | None


def colouring(labels: np.ndarray | None, rows: int) -> Colouring:
    """Return colours for labels: a ramp for amounts, one each for the commonest names.

    A label that is None is not known.

    Examples
    --------
    >>> [key.name for key in colouring(np.array([1, 0, 1]), 3).legend.keys]
    ['0', '1']
    """
    if labels is None:
        return Colouring(np.full(rows, ACCENT), {}, None)
    values = labels.tolist()
    known = {value for value in values if value is not None}
    if len(known) > MANY and all(isinstance(each, Real) for each in known):
        return _amounts(np.array(values, dtype=np.float64))
    return _names(values)


def _amounts(values: np.ndarray) -> Colouring:
    """Return a ramp, from the first to the last percentile."""
    low, high = np.nanquantile(values[np.isfinite(values)], [0.01, 0.99])
    shares = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    steps = np.nan_to_num(shares * (len(RAMP) - 1)).round().astype(int)
    colours = np.where(np.isfinite(values), np.array(RAMP)[steps], MUTED)
    keys = [Key(css(colour), "") for colour in RAMP]
    return Colouring(colours, {}, Legend(keys, ends=(f"{low:.4g}", f"{high:.4g}")))


def _names(values: Sequence[Any]) -> Colouring:
    """Return a colour for each name; the rarest share one where there are too many."""
    counts = Counter(value for value in values if value is not None)
    most = len(GROUPS) if len(counts) <= len(GROUPS) else len(GROUPS) - 1
    chosen = sorted((value for value, _ in counts.most_common(most)), key=_order)
    colour_of = dict(zip(chosen, GROUPS, strict=False))
    colours = np.array([colour_of.get(value, MUTED) for value in values])
    groups = {called(value): np.flatnonzero([each == value for each in values]) for value in chosen}
    keys = [Key(css(colour_of[value]), called(value)) for value in chosen]
    others = len(counts) - len(chosen)
    if others:
        keys.append(Key(css(MUTED), f"{others} others"))
    elif None in values:
        keys.append(Key(css(MUTED), "unknown"))
    return Colouring(colours, groups, Legend(keys))


def called(value: Any) -> str:
    """Return what a label is called.

    Examples
    --------
    >>> called(3.0), called("oak")
    ('3', 'oak')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def _order(value: Any) -> tuple[bool, Any]:
    return (True, value) if isinstance(value, Real) else (False, str(value))
