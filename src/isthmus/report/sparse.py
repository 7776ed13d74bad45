"""Sparse codes, of which each row uses few: which speak, how often, and of what."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from isthmus.report import waves
from isthmus.report.blocks import (
    Bar,
    Bars,
    Block,
    Panel,
    Panels,
    Section,
    Strip,
    Strips,
    Words,
)
from isthmus.report.drawing import ACCENT, svg
from isthmus.report.figures import number, percent, plural
from isthmus.report.pictures import picture, shown_width
from isthmus.report.subject import Subject

SILENT = 0.02
"""From which share of zeros codes are called sparse."""
STRONGEST, EXAMPLES = 12, 8
"""How many codes are shown, and how many rows for each."""
POINTS = 512
"""How many codes have room in a drawing."""


def section(subject: Subject) -> Section | None:
    """Return the chapter on codes that are mostly silent; None where they are not."""
    z = strengths(subject)
    fires = z > 0
    if fires.mean() > 1 - SILENT:
        return None
    live, each = int(fires.any(0).sum()), fires.sum(1)
    low, middle, high = np.quantile(each, [0.05, 0.5, 0.95], method="nearest")
    spans = "" if low == high else f" (from {low:,} to {high:,} in nine of ten)"
    lead = (
        f"A code fires on a row where it is not zero. On {plural(len(z), 'row')}, {live:,} of "
        f"{plural(z.shape[1], 'code')} ever fire, {percent(live / z.shape[1])}; a typical row is "
        f"told by {plural(int(middle), 'code')}{spans}."
    )
    if not live:
        return Section("codes", "Codes in use", lead, [])
    drawing = Panel(rates(fires.mean(0)), "Share of the rows that each code fires on")
    return Section(
        "codes", "Codes in use", lead, [Panels([drawing], 720), *_strongest(subject, z, fires)]
    )


def strengths(subject: Subject) -> np.ndarray:
    """Return how strong each code is on each row, ``(n, d)``: on a grid, where it is strongest."""
    codes = np.abs(subject.survey.codes)
    return codes.reshape(len(codes), subject.model.codec_.latent.dim, -1).max(2)


def rates(share: np.ndarray) -> Markup:
    """Draw how often codes fire, ``(d,)``, from the most talkative to the silent."""
    falling = -np.sort(-share)
    places = np.linspace(0, len(falling) - 1, min(POINTS, len(falling))).round().astype(int)

    def draw(axes: Axes) -> None:
        axes.fill_between(places + 1, 100 * falling[places], color=ACCENT, alpha=0.25, linewidth=0)
        axes.plot(places + 1, 100 * falling[places], color=ACCENT, linewidth=1.5)
        axes.set(xlabel="codes, in order", ylabel="% of the rows")
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", nbins=5)

    return svg(draw, 720, 220, "How often each code fires, from the most talkative to the silent")


def _strongest(subject: Subject, z: np.ndarray, fires: np.ndarray) -> list[Block]:
    """Return the codes that say most over all rows, with the rows on which each is strongest."""
    total = z.sum(0)
    order = np.argsort(-total, kind="stable")[: min(STRONGEST, int(fires.any(0).sum()))].tolist()
    bars = [
        Bar(
            f"code {at}",
            float(fires[:, at].mean()),
            [
                percent(float(fires[:, at].mean())),
                number(float(z[fires[:, at], at].mean())),
                *([", ".join(_named(subject, z, at, 3))] if subject.kind != "pictures" else []),
            ],
        )
        for at in order
    ]
    head = ["code", "fires on", "mean there"]
    return [
        Words("Those that say most, over all rows, numbered from 0 as transform has them:"),
        Bars([*head, *(["strongest on"] if subject.kind != "pictures" else [])], bars),
        *_shown(subject, z, order),
    ]


def top(z: np.ndarray, code: int, most: int) -> np.ndarray:
    """Return the rows on which a code is strongest, of those on which it fires."""
    order = np.argsort(-z[:, code], kind="stable")[:most]
    return order[z[order, code] > 0]


def _named(subject: Subject, z: np.ndarray, code: int, most: int) -> list[str]:
    return [subject.called(row) for row in top(z, code, most).tolist()]


def _shown(subject: Subject, z: np.ndarray, order: list[int]) -> list[Block]:
    """Return the rows on which each code is strongest, where rows can be looked at."""
    if subject.kind in ("columns", "table"):
        return []
    if subject.kind == "series":
        rows = np.array([top(z, at, 1)[0] for at in order[:6]])
        names = [
            f"code {at}, {subject.called(row)}"
            for at, row in zip(order, rows.tolist(), strict=False)
        ]
        return [
            Words("The series on which each of the first is strongest:"),
            waves.alone(subject, subject.taken(rows).x, names),
        ]
    width = shown_width(subject.model.codec_.space.shape[-1], 40)
    strips = [
        Strip(
            [
                picture(x, f"code {at}, strongest row {place + 1}")
                for place, x in enumerate(subject.taken(top(z, at, EXAMPLES)).x)
            ],
            note=f"code {at}",
        )
        for at in order
    ]
    return [
        Words("The rows on which each of them is strongest, the strongest at the left:"),
        Strips(strips, width),
    ]
