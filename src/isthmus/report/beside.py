"""Beside: how columns are distributed in one table and in another."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import matplotlib.dates
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from isthmus.report.blocks import Panel
from isthmus.report.drawing import ACCENT, FAINT, svg
from isthmus.report.figures import percent
from isthmus.report.frames import NUMBERS, amounts, said
from isthmus.report.samples import bins

MOST = 18
"""How many columns are drawn, at most."""
LEVELS = 5
"""How many values of a category are drawn."""
WIDTH, HEIGHT = 224, 140


def panels(first: Any, second: Any, kinds: Mapping[str, str]) -> tuple[list[Panel], int]:
    """Return a drawing for each column that both know something of, those furthest apart first.

    Beside it, how many there would be if there were room for all.
    """
    there = [name for name in kinds if first[name].notna().any() and second[name].notna().any()]
    far = {name: apart(first[name], second[name], kinds[name]) for name in there}
    order = sorted(there, key=lambda name: -far[name])
    drawn = [
        Panel(
            drawing(first[name], second[name], kinds[name], name),
            name,
            f"apart {percent(far[name])}",
        )
        for name in order[:MOST]
    ]
    return drawn, len(there)


def apart(first: pd.Series, second: pd.Series, kind: str) -> float:
    """Return how far two distributions are apart, from 0 to 1.

    Of numbers and dates the largest difference of the shares that lie below a value (Kolmogorov
    and Smirnov); of categories half of what all shares differ by (the total variation).

    Examples
    --------
    >>> apart(pd.Series(["a", "b"]), pd.Series(["a", "a"]), "category")
    0.5
    >>> apart(pd.Series([1.0, 2.0]), pd.Series([3.0, None]), "number")
    1.0
    """
    if kind in NUMBERS:
        ours, theirs = (np.sort(amounts(each, kind)) for each in (first, second))
        places = np.concatenate([ours, theirs])
        below = [np.searchsorted(each, places, "right") / len(each) for each in (ours, theirs)]
        return float(np.abs(below[0] - below[1]).max())
    ours, theirs = shares(first), shares(second)
    return sum(abs(ours.get(at, 0.0) - theirs.get(at, 0.0)) for at in {*ours, *theirs}) / 2


def shares(column: pd.Series) -> dict[str, float]:
    """Return which share of the known values each value has, by the words for it."""
    counts = Counter(said(value) for value in column.dropna().tolist())
    return {name: count / max(1, counts.total()) for name, count in counts.items()}


def drawing(first: pd.Series, second: pd.Series, kind: str, name: str) -> Markup:
    """Draw both distributions over one another."""
    if kind in NUMBERS:
        return _numbers(amounts(first, kind), amounts(second, kind), kind, name)
    return _levels(shares(first), shares(second), name)


def _numbers(first: np.ndarray, second: np.ndarray, kind: str, name: str) -> Markup:
    edges = bins(first)

    def draw(axes: Axes) -> None:
        for values, filled in ((first, True), (second, False)):
            inside = np.clip(values, edges[0], edges[-1])
            heights = np.histogram(inside, edges)[0] / max(1, len(values))
            colour = FAINT if filled else ACCENT
            axes.stairs(heights, edges, fill=filled, color=colour, linewidth=1.75)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if kind == "date":
            places = matplotlib.dates.AutoDateLocator(minticks=2, maxticks=4)
            axes.xaxis.set_major_locator(places)
            axes.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(places))
        else:
            axes.locator_params(axis="x", nbins=4)

    return svg(draw, WIDTH, HEIGHT, f"{name}: how often its values occur in both")


def _levels(first: Mapping[str, float], second: Mapping[str, float], name: str) -> Markup:
    commonest = sorted({*first, *second}, key=lambda at: -first.get(at, 0) - second.get(at, 0))
    shown = commonest[:LEVELS]
    rows = [(each, first.get(each, 0.0), second.get(each, 0.0)) for each in shown]
    if others := len(commonest) - len(shown):
        rest = [1 - sum(each.get(name, 0.0) for name in shown) for each in (first, second)]
        rows.append((f"{others} other{'s' * (others > 1)}", rest[0], rest[1]))

    def draw(axes: Axes) -> None:
        places = np.arange(len(rows))[::-1]
        axes.barh(places, [row[1] for row in rows], height=0.8, color=FAINT, linewidth=0)
        axes.barh(places, [row[2] for row in rows], height=0.3, color=ACCENT, linewidth=0)
        axes.set_yticks(places, [_short(row[0]) for row in rows])
        axes.set_xticks([])
        axes.tick_params(left=False)
        axes.spines["bottom"].set_visible(False)

    return svg(draw, WIDTH, HEIGHT, f"{name}: how often its values occur in both")


def _short(name: str, most: int = 15) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
