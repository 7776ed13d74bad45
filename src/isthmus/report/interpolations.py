"""Interpolations: the straight line between two codes, decoded."""

import numpy as np
import torch
from markupsafe import Markup
from matplotlib.axes import Axes
from torch import Tensor

from isthmus.report import choice, tabular, waves
from isthmus.report.blocks import (
    Block,
    Key,
    Legend,
    Panel,
    Panels,
    Section,
    Strip,
    Strips,
    Table,
    Tables,
    Words,
)
from isthmus.report.drawing import FAINT, MUTED, RAMP, css, svg
from isthmus.report.pictures import picture
from isthmus.report.subject import Subject

TITLE = "From one row to another"
PAIRS, STEPS = 5, 11
MOST, NAMED = 100, 40
"""How many columns have room for a point, and for their names."""


def section(subject: Subject) -> Section:
    """Return the chapter on the way from one row to another."""
    pairs = ends(subject, PAIRS if subject.pictures else 2)
    if not pairs:
        return Section("interpolation", TITLE, "", [Words("There are too few rows to go between.")])
    views = {"pictures": _pictures, "series": _series, "columns": _columns, "table": _table}
    lead, blocks = views[subject.kind](subject, pairs)
    if subject.context is not None:
        lead += " What the rows are conditioned on goes along with the code."
    return Section("interpolation", TITLE, lead, blocks)


def ends(subject: Subject, most: int) -> list[tuple[int, int]]:
    """Return pairs of ordinary rows whose codes lie apart, and whose labels differ."""
    survey = subject.survey
    ordinary = np.flatnonzero(survey.scores >= np.quantile(survey.scores, 0.25))
    chosen = subject.generator().permutation(ordinary)[: 40 * most]
    pairs: list[tuple[int, int]] = []
    while len(chosen) >= 2 and len(pairs) < most:
        first, others = int(chosen[0]), chosen[1:]
        second = _opposite(subject, first, others)
        pairs.append((first, second))
        chosen = others[others != second]
    return pairs


def _opposite(subject: Subject, first: int, others: np.ndarray) -> int:
    """Return a row of another label, where there is one, whose code lies rather far."""
    if subject.labels is not None:
        unlike = others[subject.labels[others] != subject.labels[first]]
        others = unlike if len(unlike) else others
    codes = subject.survey.codes
    order = np.argsort(np.linalg.norm(codes[others] - codes[first], axis=1), kind="stable")
    # The farthest of all would be an odd one.
    return int(others[order[int(0.8 * (len(others) - 1))]])


def lines(x: np.ndarray, names: list[str], words: str) -> Markup:
    """Draw each step, ``(steps, features)`` standardised, as a line across the columns."""

    def draw(axes: Axes) -> None:
        axes.axhline(0, color=FAINT, linewidth=1)
        for at, row in enumerate(x):
            colour = RAMP[round(at * (len(RAMP) - 1) / (len(x) - 1))]
            outer = at in (0, len(x) - 1)
            axes.plot(row, color=colour, linewidth=2 if outer else 1, marker="o", markersize=3)
        axes.set_ylabel("standard deviations")
        axes.locator_params(axis="y", nbins=5)
        if len(names) <= NAMED:
            short = [name if len(name) <= 24 else name[:23] + "…" for name in names]
            axes.set_xticks(range(len(names)), short, rotation=90 if len(names) > 6 else 0)
            axes.tick_params(axis="x", labelcolor=MUTED, length=0)

    return svg(draw, 720, 380, words)


def _between(subject: Subject, pair: tuple[int, int]) -> Tensor:
    here, there = subject.survey.codes[list(pair)]
    share = np.linspace(0, 1, STEPS)[:, None]
    ends, context = subject.condition(np.array(pair)), None
    if ends is not None:
        context = torch.lerp(ends[:1], ends[1:], torch.from_numpy(share).float())
    return subject.decode(here + share * (there - here), context=context)


def _pictures(subject: Subject, pairs: list[tuple[int, int]]) -> tuple[str, list[Block]]:
    strips: list[Strip] = []
    for pair in pairs:
        look, steps = subject.look(np.array(pair)), _between(subject, pair)
        names = [subject.called(each) for each in pair]
        outer = [
            picture(look.x[at], f"{name}, original", look.observed[at])
            for at, name in enumerate(names)
        ]
        inner = [picture(x, f"step {at + 1} of {STEPS}") for at, x in enumerate(steps)]
        strips.append(Strip([outer[0], *inner, outer[1]]))
    lead = (
        "The first and the last picture of each line are from the data; between them, the straight "
        "line from the code of the one to that of the other, decoded. A smooth change means that "
        "nearby codes are alike."
    )
    return lead, [Strips(strips, 56)]


def _series(subject: Subject, pairs: list[tuple[int, int]]) -> tuple[str, list[Block]]:
    shown = [
        waves.fan(
            subject, _between(subject, pair), " → ".join(subject.called(each) for each in pair)
        )
        for pair in pairs
    ]
    lead = (
        "Each line is a series along its steps; colours run along the straight line from the code "
        "of the first series to that of the last, decoded." + waves.clause(subject)
    )
    keys = [Key(css(colour), "") for colour in RAMP]
    return lead, [Legend(keys, ends=("first row", "last row")), *shown]


def _table(subject: Subject, pairs: list[tuple[int, int]]) -> tuple[str, list[Block]]:
    names = [f"step {at + 1}" for at in range(STEPS)]
    tables: list[Table] = []
    for pair in pairs:
        first, last = (subject.called(each) for each in pair)
        x = _between(subject, pair)
        tables.append(tabular.table(subject, x, names, f"{first} → {last}", "step"))
    lead = (
        "Each table is the straight line from the code of one row to that of another, decoded "
        "step by step."
    )
    shown, count = len(tabular.chosen(subject)), len(tabular.places(subject))
    return lead + choice.clause(shown, count), [Tables(tables)]


def _columns(subject: Subject, pairs: list[tuple[int, int]]) -> tuple[str, list[Block]]:
    columns, panels = choice.columns(subject, MOST), list[Panel]()
    names = [subject.columns[at] for at in columns.tolist()]
    for pair in pairs:
        first, last = (subject.called(each) for each in pair)
        x = _between(subject, pair).flatten(1).numpy()[:, columns]
        drawing = lines(x, names, f"Interpolation from {first} to {last}")
        panels.append(Panel(drawing, f"{first} → {last}"))
    lead = (
        "Each line is a row of the table, its columns standardised; colours run along the straight "
        "line from the code of the first row to that of the last, decoded."
    )
    lead += choice.clause(len(columns), len(subject.columns))
    keys = [Key(css(colour), "") for colour in RAMP]
    return lead, [
        Legend(keys, ends=("first row", "last row")),
        Panels(panels, 720, long=len(names) > 6),
    ]
