"""Imputation: where the holes are, and what was put into them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from isthmus.report import beside
from isthmus.report.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Key,
    Legend,
    Marked,
    Panels,
    Section,
    Words,
)
from isthmus.report.drawing import ACCENT, FAINT, css
from isthmus.report.figures import number, percent, plural
from isthmus.report.frames import NUMBERS, amounts, as_frame, called, kinds_of, said
from isthmus.report.page import Head, html
from isthmus.tasks.imputation import Imputer

ROWS, COLUMNS, BARS = 10, 8, 20
"""How many rows and columns are shown, and of how many columns holes are told, at most."""


@dataclass(frozen=True)
class Filling:
    """A table before and after.

    Attributes
    ----------
    imputer, source
        What the page is about.
    before, after
        The table, with holes and without.
    holes
        Which cells were unknown.
    kinds
        What each column is.
    draws
        Other tables that it might have been.
    """

    imputer: Imputer
    source: str
    before: Any
    after: Any
    holes: Any
    kinds: dict[str, str]
    draws: Sequence[pd.DataFrame]


def page(imputer: Imputer, X: Any, filled: Any, source: str = "", draws: Sequence[Any] = ()) -> str:
    """Return the page as HTML."""
    before, after = as_frame(X), as_frame(filled)
    found = Filling(
        imputer,
        source,
        before,
        after,
        before.isna(),
        kinds_of(before, imputer.adapter_),
        [as_frame(each) for each in draws],
    )
    sections = [_holes(found), _rows(found), _distributions(found), _trust(found)]
    return html(Head("Holes filled", source, _facts(found)), sections)


def _holes(found: Filling) -> Section:
    share, count = found.holes.mean(), found.holes.sum()
    names = [str(name) for name in share.sort_values(ascending=False, kind="stable").index]
    bars = [
        Bar(name, float(share[name]), [percent(float(share[name])), f"{int(count[name]):,}"])
        for name in names[:BARS]
        if count[name]
    ]
    if not bars:
        return Section("holes", "Holes", "", [Words("There are none: nothing was changed.")])
    whole = int((count == 0).sum())
    lead = "The share of each column that was unknown." + (
        f" {plural(whole, 'column')} {'has' if whole == 1 else 'have'} no holes." if whole else ""
    )
    if (more := int((count > 0).sum()) - len(bars)) > 0:
        lead += (
            f" {plural(more, 'column')} with fewer holes {'is' if more == 1 else 'are'} left out."
        )
    return Section("holes", "Holes", lead, [Bars(["column", "unknown", "cells"], bars)])


def _rows(found: Filling) -> Section:
    """Return the rows with the most holes, what was put in marked."""
    many = found.holes.sum(axis=1).to_numpy()
    rows = np.argsort(-many, kind="stable")[: min(ROWS, int((many > 0).sum()))]
    holed = found.holes.iloc[rows].sum().to_numpy()
    places = np.sort(np.argsort(-holed, kind="stable")[:COLUMNS]).tolist()
    table = [
        [
            Cell(called(found.after.index, row)),
            *(_cell(found, row, at) for at in places),
        ]
        for row in rows.tolist()
    ]
    lead = "The rows with the most holes; what was put in is marked."
    if found.draws:
        lead += f" Below it, how far {plural(len(found.draws), 'draw')} of it reach."
    if not table:
        return Section("rows", "Rows", "", [Words("No row has a hole.")])
    head = ["row", *(str(found.after.columns[at]) for at in places)]
    return Section("rows", "Rows", lead, [Marked(head, table)])


def _cell(found: Filling, row: int, at: int) -> Cell:
    text = said(found.after.iat[row, at])
    if not found.holes.iat[row, at]:
        return Cell(text)
    return Cell(text, 0.35, _reach(found, row, at), "was unknown")


def _reach(found: Filling, row: int, at: int) -> str:
    """Return what the draws have there, from the least to the most, or the commonest."""
    drawn = pd.Series([each.iat[row, at] for each in found.draws], dtype=object).dropna()
    if drawn.empty:
        return ""
    if found.kinds[str(found.after.columns[at])] in NUMBERS:
        low, high = said(drawn.min()), said(drawn.max())
        return low if low == high else f"{low} to {high}"
    same = sum(each == found.after.iat[row, at] for each in drawn.tolist())
    return f"{same} of {len(drawn)} draws"


def _distributions(found: Filling) -> Section:
    """Return each column's known values beside those that were put in."""
    put: Any = pd.DataFrame(
        {name: found.after[name].where(found.holes[name]) for name in found.after.columns}
    )
    drawn, many = beside.panels(found.before, put, found.kinds)
    if not drawn:
        return Section("distributions", "Before and after", "", [Words("Nothing was put in.")])
    lead = (
        "What each column held where it was known, and what was put into its holes. They need not "
        "agree: rows with holes may be of another sort, and means lie closer together than "
        "values; draws do not."
    )
    if many > len(drawn):
        lead += f" The {len(drawn)} furthest apart, of {many}."
    keys = Legend([Key(css(FAINT), "known", "block"), Key(css(ACCENT), "put in", "line")])
    blocks: list[Block] = [keys, Panels(drawn, beside.WIDTH)]
    if spread := _spreads(found, put):
        blocks.append(spread)
    return Section("distributions", "Before and after", lead, blocks)


def _spreads(found: Filling, put: Any) -> Block | None:
    """Return the mean and the spread of numbers, where they were known and where they were put."""
    rows: list[list[Cell]] = []
    for name, kind in found.kinds.items():
        if kind not in ("number", "count") or not put[name].notna().any():
            continue
        sides = (found.before[name], put[name], found.after[name])
        values = [amounts(each, kind) for each in sides]
        told = [(number(float(each.mean())), number(float(each.std()))) for each in values]
        rows.append([Cell(name), *(Cell(f"{mean} ± {spread}") for mean, spread in told)])
    if not rows:
        return None
    return Marked(["column", "known", "put in", "all"], rows[:BARS], "Mean ± standard deviation")


def _trust(found: Filling) -> Section:
    weights = found.imputer.weights_
    bars = [
        Bar(name, weight, [percent(weight), percent(1 - weight)])
        for name, weight in sorted(weights.items(), key=lambda each: -each[1])
    ]
    lead = (
        f"For each column {plural(len(found.imputer.models_), 'network')} and a joint normal "
        "distribution were weighed by what they told of cells that were hidden from both."
    )
    if len(bars) > BARS:
        lead += f" The first {BARS} of {len(bars)} columns."
    head = ["column", "networks", "joint normal"]
    return Section("trust", "Who was believed", lead, [Bars(head, bars[:BARS])])


def _facts(found: Filling) -> list[tuple[str, str]]:
    many = int(found.holes.to_numpy().sum())
    left = int(found.after.isna().to_numpy().sum())
    return [
        ("rows", f"{len(found.after):,}"),
        ("columns", f"{len(found.after.columns):,}"),
        ("holes", f"{many:,}"),
        ("share", percent(many / max(1, found.holes.size))),
        *([("left open", f"{left:,}")] if left else []),
        *([("draws", f"{len(found.draws):,}")] if found.draws else []),
    ]
