"""Synthesis: synthetic rows beside real ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from isthmus.report import associations, beside
from isthmus.report.blocks import (
    Block,
    Cell,
    Key,
    Legend,
    Marked,
    Panel,
    Panels,
    Section,
    Table,
    Tables,
    Words,
)
from isthmus.report.drawing import ACCENT, FAINT, GROUPS, css
from isthmus.report.figures import number, percent, plural
from isthmus.report.frames import as_frame, kinds_of, said
from isthmus.report.page import Head, html
from isthmus.tasks.generation import Generator
from isthmus.tasks.privacy import Closeness, Privacy

ROWS, COLUMNS = 8, 8
"""How many synthetic rows, and how many of their columns, are shown."""
RELATED = 14
"""How many columns' associations are drawn, at most."""
PAIRS = 6
"""How many pairs of columns are named whose association differs most."""


@dataclass(frozen=True)
class Likeness:
    """Synthetic rows beside real ones.

    Attributes
    ----------
    generator, source
        What the page is about.
    synthetic, real
        The tables.
    kinds
        What each column is.
    privacy
        How close the synthetic rows come to the real ones; None: not told.
    """

    generator: Generator
    source: str
    synthetic: pd.DataFrame
    real: pd.DataFrame
    kinds: dict[str, str]
    privacy: Privacy | None


def page(
    generator: Generator,
    synthetic: Any,
    real: Any,
    source: str = "",
    privacy: Privacy | None = None,
) -> str:
    """Return the page as HTML."""
    made, known = as_frame(synthetic), as_frame(real)
    adapter = generator.model_.adapter_
    found = Likeness(generator, source, made, known, kinds_of(made, adapter), privacy)
    sections = [_columns(found), _together(found), _privacy(found), _rows(found)]
    told = [section for section in sections if section is not None]
    return html(Head("Synthetic rows", source, _facts(found)), told)


def _columns(found: Likeness) -> Section:
    drawn, many = beside.panels(found.real, found.synthetic, found.kinds)
    lead = "How often each value occurs in the real rows and in the synthetic ones."
    lead += (
        f" The {len(drawn)} columns furthest apart, of {many}."
        if many > len(drawn)
        else " Those furthest apart come first."
    )
    keys = Legend([Key(css(FAINT), "real", "block"), Key(css(ACCENT), "synthetic", "line")])
    return Section("columns", "Columns", lead, [keys, Panels(drawn, beside.WIDTH)])


def _together(found: Likeness) -> Section | None:
    """Return how strongly columns go together: in the real rows, and in the synthetic ones."""
    if len(found.kinds) < 2:
        return None
    real = associations.associations(found.real, found.kinds)
    made = associations.associations(found.synthetic, found.kinds)
    places = associations.strongest(real, RELATED)
    names = [list(found.kinds)[at] for at in places.tolist()]
    square = np.ix_(places, places)
    drawings = [
        Panel(associations.matrix(values[square], names, f"Associations, {what}"), what)
        for values, what in ((real, "real"), (made, "synthetic"))
    ]
    pairs = np.tril_indices(len(real), -1)
    lead = (
        "How strongly columns go together: two of numbers by rank correlation, numbers with "
        "categories by the correlation ratio, two of categories by Cramér's V. On average over "
        f"all {plural(len(pairs[0]), 'pair')} the two tables differ by "
        f"{number(float(np.abs(real - made)[pairs].mean()), 2)}."
    )
    if len(names) < len(real):
        lead += f" The {len(names)} columns with most to do with others are drawn."
    keys = Legend(
        [
            Key(css(ACCENT), "go together", "block"),
            Key(css(GROUPS[1]), "one falls as the other rises", "block"),
        ]
    )
    blocks = [keys, Panels(drawings, 340), _furthest(found, real, made)]
    return Section("together", "Correlations", lead, blocks)


def _furthest(found: Likeness, real: np.ndarray, made: np.ndarray) -> Block:
    names, (rows, columns) = list(found.kinds), np.tril_indices(len(real), -1)
    off = np.abs(real - made)[rows, columns]
    most = np.argsort(-off, kind="stable")[:PAIRS]
    lines = [
        [
            f"{names[columns[at]]} and {names[rows[at]]}",
            *(number(float(each[rows[at], columns[at]]), 2) for each in (real, made)),
        ]
        for at in most.tolist()
    ]
    title = "The pairs that differ most"
    return Tables([Table(["columns", "real", "synthetic"], lines, title)])


def _privacy(found: Likeness) -> Section | None:
    if found.privacy is None:
        return None
    held = found.privacy.held_out
    sides = [
        ("synthetic", found.privacy.synthetic),
        *([("real, not learned from", held)] if held else []),
    ]
    rows = [[name, *_told(each)] for name, each in sides]
    lead = (
        "How far rows are from the closest real row that was learned from: in standard deviations "
        "of numbers, where two categories that differ are 1 apart. "
    )
    lead += (
        "Synthetic rows that are closer than other real rows, or copies more often, give rows away."
        if held
        else "What is close depends on the table: real rows that were held out would tell it."
    )
    head = ["rows", "median", "closest twentieth", "exact copies", "looked at"]
    return Section("privacy", "Privacy", lead, [Tables([Table(head, rows)])])


def _told(each: Closeness) -> list[str]:
    copies = f"{percent(each.copies)}" if each.copies else "none"
    return [number(each.median), number(each.fifth), copies, f"{each.rows:,}"]


def _rows(found: Likeness) -> Section:
    shown = found.synthetic.iloc[:ROWS, :COLUMNS]
    rows = [
        [Cell(str(at + 1)), *(Cell(said(value)) for value in row)]
        for at, row in enumerate(shown.itertuples(index=False, name=None))
    ]
    lead = "The first of them, as they were drawn."
    if len(found.synthetic.columns) > COLUMNS:
        lead += f" {COLUMNS} of {len(found.synthetic.columns)} columns."
    if not rows:
        return Section("rows", "Synthetic rows", "", [Words("There are none.")])
    head = ["row", *(str(name) for name in shown.columns)]
    return Section("rows", "Synthetic rows", lead, [Marked(head, rows)])


def _facts(found: Likeness) -> list[tuple[str, str]]:
    told = [
        ("synthetic rows", f"{len(found.synthetic):,}"),
        ("real rows", f"{len(found.real):,}"),
        ("columns", f"{len(found.kinds):,}"),
        ("prior", type(found.generator.prior_).__name__),
    ]
    if found.privacy is not None:
        copies = found.privacy.synthetic.copies
        told.append(("copies", percent(copies) if copies else "none"))
    return told
