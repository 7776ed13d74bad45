"""The strangest rows, and what is strange about them."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from isthmus.report import tabular, waves
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
from isthmus.report.drawing import ACCENT, FAINT, MUTED, svg
from isthmus.report.figures import number, plural
from isthmus.report.pictures import heat, picture, shown_width
from isthmus.report.subject import Look, Subject

ROWS, CELLS, LINES = 9, 4, 4
READING = {
    "pictures": (
        "Beside each original stand its reconstruction and the difference: teal where the "
        "picture is brighter than expected, ochre where it is darker."
    ),
    "series": "Over each stands what its code brings back.",
    "columns": (
        "The cells named are those that cost the most: what they hold, and what was expected."
    ),
}
READING["table"] = READING["columns"]
"""How to read what is shown of them."""


def section(subject: Subject) -> Section:
    """Return the chapter on the rows that fit worst."""
    scores = subject.survey.scores
    worst = np.argsort(scores, kind="stable")[: _shown(subject)]
    look = subject.look(worst)
    unit = "" if subject.kind == "series" else " nats"  # a small plot has no room for it
    names = [
        f"{subject.called(at)}: {number(score, 4)}{unit}"
        for at, score in zip(worst.tolist(), scores[worst].tolist(), strict=True)
    ]
    views = {"pictures": _pictures, "series": _series, "columns": _columns, "table": _table}
    blocks = views[subject.kind](subject, look, names)
    lead = (
        f"A row's score is the negative objective, in nats: these are the lowest of "
        f"{plural(len(scores), 'row')}, whose median is {number(float(np.median(scores)), 4)}. "
        + READING[subject.kind]
    )
    drawing = Panel(histogram(scores, scores[worst]))
    return Section("strangest", "The strangest rows", lead, [Panels([drawing], 720), *blocks])


def histogram(scores: np.ndarray, worst: np.ndarray) -> Markup:
    """Draw how scores are distributed, and where the worst are."""

    def draw(axes: Axes) -> None:
        axes.hist(scores, 80, color=MUTED, alpha=0.55, linewidth=0)
        axes.plot(worst, np.zeros_like(worst), "|", color=ACCENT, markersize=16, markeredgewidth=2)
        axes.set_xlabel("score, in nats")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_color(FAINT)

    return svg(draw, 720, 160, "Histogram of the scores; the strangest rows are marked")


def cells(look: Look, row: int, most: int = CELLS) -> np.ndarray:
    """Return the numbers of a row that cost the most."""
    nll = look.nll[row].flatten().numpy()
    return np.argsort(-nll, kind="stable")[: min(most, int(look.observed[row].sum()))]


def _pictures(subject: Subject, look: Look, names: list[str]) -> list[Block]:
    error = (look.x - look.reconstruction).where(look.observed, 0.0).mean(1).numpy()
    limit = float(np.abs(error).max())
    strips = [
        Strip(
            [
                picture(look.x[at], f"{name}, original", look.observed[at]),
                picture(look.reconstruction[at], f"{name}, reconstruction"),
                heat(error[at], f"{name}, difference", limit),
            ],
            note=name,
        )
        for at, name in enumerate(names)
    ]
    return [Strips(strips, shown_width(look.x.shape[-1], 72))]


def _series(subject: Subject, look: Look, names: list[str]) -> list[Block]:
    return waves.beside(subject, look, names)


def _table(subject: Subject, look: Look, names: list[str]) -> list[Block]:
    columns = tabular.places(subject)
    called = [name for name, _ in columns]
    there = tabular.lines(subject, look.x, called, look.observed)
    expected = tabular.lines(subject, look.reconstruction, called)
    tables: list[Table] = []
    for row, name in enumerate(names):
        nats = np.array([float(look.nll[row, cells].sum()) for _, cells in columns])
        most = [at for at in np.argsort(-nats, kind="stable").tolist() if nats[at] > 0][:CELLS]
        rows = [
            [called[at], there[row][at], expected[row][at], number(float(nats[at]))] for at in most
        ]
        tables.append(Table(["column", "value", "expected", "nats"], rows, name))
    return [Tables(tables, narrow=True)]


def _columns(subject: Subject, look: Look, names: list[str]) -> list[Block]:
    there, expected = subject.in_units(look.x), subject.in_units(look.reconstruction)
    tables: list[Table] = []
    for row, name in enumerate(names):
        rows = [
            [
                subject.columns[at],
                number(there[row, at]),
                number(expected[row, at]),
                number(float(look.nll[row].flatten()[at])),
            ]
            for at in cells(look, row).tolist()
        ]
        tables.append(Table(["column", "value", "expected", "nats"], rows, name))
    return [Tables(tables, narrow=True)]


def _shown(subject: Subject) -> int:
    if subject.kind == "series":
        return waves.rows_for(subject, LINES)
    return ROWS if subject.pictures else ROWS - 1
