"""Tabular: rows of a table of many kinds of columns, as people read them."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from torch import Tensor

from isthmus.report.blocks import Table
from isthmus.report.figures import number
from isthmus.report.subject import Subject

COLUMNS = 8
"""How many columns stand side by side, at most."""


def places(subject: Subject) -> list[tuple[str, slice]]:
    """Return the columns of which anything is known, with their cells."""
    found: Any = subject.model.adapter_
    return [(name, cells) for name, cells in found.cells_ if cells.start < cells.stop]


def numbers(subject: Subject) -> list[str]:
    """Return the columns that are numbers."""
    kinds: Any = subject.model.adapter_
    return [
        name
        for name, cells in places(subject)
        if kinds.kinds_[name] in ("number", "count") and _kinds(subject)[cells.start] == 1
    ]


def lost(subject: Subject) -> np.ndarray:
    """Return the share of each column that reconstructions miss, ``(columns,)``.

    Of the variance where its first cell is a number, of the rows where it is a category.
    """
    features, kinds = subject.survey.features, _kinds(subject)
    first = [cells.start for _, cells in places(subject)]
    return np.array(
        [features.unexplained[at] if kinds[at] == 1 else features.wrong[at] for at in first]
    )


def chosen(subject: Subject, most: int = COLUMNS) -> list[str]:
    """Return which columns to show: all, or an even choice from the best told to the worst."""
    names = [name for name, _ in places(subject)]
    if len(names) <= most:
        return names
    order = np.argsort(lost(subject), kind="stable")
    shown = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
    return [names[at] for at in np.sort(shown).tolist()]


def values(subject: Subject, x: Tensor) -> dict[str, list[Any]]:
    """Return rows ``(n, cells)`` in the user's units, column by column."""
    frame: Any = nw.from_native(subject.model.adapter_.inverse_transform(x), eager_only=True)
    return {str(name): frame[name].to_list() for name in frame.columns}


def words(value: Any) -> str:
    """Return a value as people read it.

    Examples
    --------
    >>> words(3.14159), words(12000), words("yes"), words(None), words(pd.Timestamp("2026-05-17"))
    ('3.14', '12,000', 'yes', 'unknown', '2026-05-17')
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return "unknown"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).removesuffix(" 00:00:00")


def lines(
    subject: Subject, x: Tensor, columns: Sequence[str], known: Tensor | None = None
) -> list[list[str]]:
    """Return the rows of x in words, of these columns; ``known`` says which cells are."""
    cells, there = dict(places(subject)), values(subject, x)
    said = [[words(value) for value in there[name]] for name in columns]
    if known is not None:
        for name, column in zip(columns, said, strict=True):
            for row in (~known[:, cells[name].start]).nonzero().flatten().tolist():
                column[row] = "unknown"
    return [list(row) for row in zip(*said, strict=True)]


def table(
    subject: Subject, x: Tensor, names: Sequence[str], title: str, corner: str = "row"
) -> Table:
    """Return rows as a table of a choice of columns, each row called by a name."""
    columns = chosen(subject)
    said = lines(subject, x, columns)
    rows = [[name, *line] for name, line in zip(names, said, strict=True)]
    return Table([corner, *columns], rows, title)


def _kinds(subject: Subject) -> tuple[int, ...]:
    space: Any = subject.model.codec_.space
    return space.kinds
