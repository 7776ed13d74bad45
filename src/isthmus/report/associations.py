"""Associations: how strongly columns of a table go together, whatever their kinds."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from scipy.stats import rankdata

from isthmus.report.drawing import ACCENT, FAINT, GROUPS, svg
from isthmus.report.frames import NUMBERS, amounts, said

ROWS = 5_000
"""At most how many rows are looked at."""
LEVELS = 20
"""How many values of a category are told apart."""
FEWEST = 3
"""Of fewer rows that know both columns nothing is said."""


def associations(frame: pd.DataFrame, kinds: Mapping[str, str]) -> np.ndarray:
    """Return how strongly each two columns go together, ``(columns, columns)``.

    Two of numbers by Spearman's rank correlation, from -1 to 1; numbers with a category by the
    correlation ratio of their ranks, two categories by Cramér's V, both from 0 to 1. Rows that
    don't know both have no say.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [9, 5, 4, 0], "c": ["u", "u", "v", "v"]})
    >>> found = associations(frame, {"a": "number", "b": "number", "c": "category"})
    >>> found.round(2).tolist()
    [[1.0, -1.0, 0.89], [-1.0, 1.0, 0.89], [0.89, 0.89, 1.0]]
    """
    some = frame.iloc[np.linspace(0, len(frame) - 1, min(len(frame), ROWS)).astype(int)]
    columns = [_values(some[name], kind) for name, kind in kinds.items()]
    ordered = [kind in NUMBERS for kind in kinds.values()]
    found = np.eye(len(columns))
    for at, ours in enumerate(columns):
        for other in range(at):
            value = _between(ours, columns[other], ordered[at], ordered[other])
            found[at, other] = found[other, at] = value
    return found


def strongest(found: np.ndarray, most: int) -> np.ndarray:
    """Return which columns to show: those with most to do with others, in their own order."""
    total = np.abs(found).sum(1)
    return np.sort(np.argsort(-total, kind="stable")[:most])


def matrix(values: np.ndarray, names: Sequence[str], words: str, width: int = 340) -> Markup:
    """Draw associations: the stronger, the more colour; ochre where they are below zero."""

    def draw(axes: Axes) -> None:
        n = len(names)
        for row in range(n):
            for column in range(n):
                value = float(values[row, column])
                colour = ACCENT if value >= 0 else GROUPS[1]
                box = (column + 0.04, row + 0.04)
                axes.add_patch(Rectangle(box, 0.92, 0.92, color=FAINT, alpha=0.35, linewidth=0))
                axes.add_patch(
                    Rectangle(
                        box, 0.92, 0.92, color=colour, alpha=min(1.0, abs(value)), linewidth=0
                    )
                )
        axes.set(xlim=(0, n), ylim=(n, 0), aspect="equal")
        axes.set_xticks(np.arange(n) + 0.5, [short(each) for each in names], rotation=90)
        axes.set_yticks(np.arange(n) + 0.5, [short(each) for each in names])
        axes.tick_params(length=0, labelsize=11 if n <= 10 else 9)
        axes.set_frame_on(False)

    return svg(draw, width, width, words)


def short(name: str, most: int = 14) -> str:
    """Return a name that fits beside a drawing."""
    return name if len(name) <= most else name[: most - 1] + "…"


def _values(column: pd.Series, kind: str) -> np.ndarray:
    """Return a number for each row, NaN where it isn't known: of categories which one it is."""
    known = column.notna().to_numpy()
    values = np.full(len(column), np.nan)
    if kind in NUMBERS:
        values[known] = amounts(column, kind)
        return values
    texts = [said(value) for value in column[known].tolist()]
    common = list(pd.Series(texts, dtype=object).value_counts().index[:LEVELS])
    place = {name: at for at, name in enumerate(common)}
    values[known] = [place.get(text, LEVELS) for text in texts]
    return values


def _between(ours: np.ndarray, theirs: np.ndarray, ordered: bool, both: bool) -> float:
    known = ~np.isnan(ours) & ~np.isnan(theirs)
    x, y = ours[known], theirs[known]
    if len(x) < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    if ordered and both:
        return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    if ordered or both:
        return _ratio(rankdata(x if ordered else y), y if ordered else x)
    return _cramer(x, y)


def _ratio(values: np.ndarray, groups: np.ndarray) -> float:
    """Return the root of the share of the variance that lies between groups."""
    _, place = np.unique(groups, return_inverse=True)
    counts = np.bincount(place)
    means = np.bincount(place, values) / counts
    between = (counts * (means - values.mean()) ** 2).sum()
    return float(np.sqrt(between / ((values - values.mean()) ** 2).sum()))


def _cramer(x: np.ndarray, y: np.ndarray) -> float:
    (_, row), (_, column) = (np.unique(each, return_inverse=True) for each in (x, y))
    table = np.zeros((row.max() + 1, column.max() + 1))
    np.add.at(table, (row, column), 1.0)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / len(x)
    squares = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(squares / len(x) / (min(table.shape) - 1)))
