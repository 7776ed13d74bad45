"""Reconstructions: originals beside what comes back."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from isthmus.report import choice, phrases, tabular, waves
from isthmus.report.blocks import (
    Block,
    Panel,
    Panels,
    Section,
    Strip,
    Strips,
    Table,
    Tables,
)
from isthmus.report.drawing import ACCENT, FAINT, svg
from isthmus.report.figures import percent
from isthmus.report.pictures import a_line, picture, shown_width
from isthmus.report.subject import Look, Subject

LINES = 5
"""How many lines of pairs."""
POINTS = 160
ROWS = 8


def section(subject: Subject) -> Section:
    """Return the chapter on what comes back."""
    views = {"pictures": _pictures, "series": _series, "columns": _columns, "table": _table}
    lead, blocks = views[subject.kind](subject)
    return Section("reconstruction", "Originals and reconstructions", lead, blocks)


def pairs(look: Look, names: list[str]) -> list[Strip]:
    """Return each original with its reconstruction at its right."""
    return [
        Strip(
            [
                picture(look.x[at], f"{name}, original", look.observed[at]),
                picture(look.reconstruction[at], f"{name}, reconstruction"),
            ]
        )
        for at, name in enumerate(names)
    ]


def scatter(original: np.ndarray, returned: np.ndarray, name: str) -> Markup:
    """Draw one column's originals against what comes back."""

    def draw(axes: Axes) -> None:
        ends = [min(original.min(), returned.min()), max(original.max(), returned.max())]
        axes.plot(ends, ends, color=FAINT, linewidth=1.5, zorder=0)
        axes.scatter(original, returned, s=8, color=ACCENT, alpha=0.55, linewidths=0)
        axes.locator_params(nbins=3)

    return svg(draw, 160, 150, f"{name}: reconstruction by original")


def _pictures(subject: Subject) -> tuple[str, list[Block]]:
    width = shown_width(subject.model.codec_.space.shape[-1])
    which = choice.spread(subject, LINES * a_line(2 * width + 2, gap=11))
    look = subject.look(which)
    strips = pairs(look, [subject.called(each) for each in which.tolist()])
    lead = "Each pair is a picture, at the left, and what its code alone brings back, at the right."
    return lead, [Strips(strips, width)]


def _series(subject: Subject) -> tuple[str, list[Block]]:
    which = np.sort(choice.spread(subject, waves.rows_for(subject, LINES)))
    names = [subject.called(each) for each in which.tolist()]
    lead = "Each row of plots is a series along its steps, and over it what its code brings back."
    if len(waves.channels(subject)) == 1:
        lead = "Each plot is a series along its steps, and over it what its code brings back."
    if phrases.are_shown(subject):
        lead = "Beside each text stands what its code brings back."
    return lead + waves.clause(subject), waves.beside(subject, subject.look(which), names)


def _table(subject: Subject) -> tuple[str, list[Block]]:
    which = np.sort(choice.spread(subject, ROWS))
    look, columns = subject.look(which), tabular.chosen(subject)
    there = tabular.lines(subject, look.x, columns, look.observed)
    back = tabular.lines(subject, look.reconstruction, columns)
    rows: list[list[str]] = []
    for at, place in enumerate(which.tolist()):
        rows += [[subject.called(place), *there[at]], ["what comes back", *back[at]]]
    lead = "Below each row stands what its code brings back; what was unknown is filled."
    count = len(tabular.places(subject))
    return lead + choice.clause(len(columns), count), [Tables([Table(["row", *columns], rows)])]


def _columns(subject: Subject) -> tuple[str, list[Block]]:
    look = subject.look(np.sort(choice.spread(subject, POINTS)))
    original, returned = subject.in_units(look.x), subject.in_units(look.reconstruction)
    known, told = look.observed.numpy(), 1 - subject.survey.features.unexplained
    columns = choice.columns(subject)
    panels = [
        Panel(
            scatter(original[known[:, at], at], returned[known[:, at], at], subject.columns[at]),
            subject.columns[at],
            percent(max(0.0, float(told[at]))),
        )
        for at in columns.tolist()
        if known[:, at].any()
    ]
    lead = (
        "Each point is a row: what it held runs to the right, what its code brings back upward. "
        "On the line nothing is lost; the percentage is the share of the variance that comes back."
    )
    return lead + choice.clause(len(columns), len(subject.columns)), [Panels(panels, 160)]
