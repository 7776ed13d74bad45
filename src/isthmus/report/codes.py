"""Codes: which of them the model uses."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from isthmus.report.blocks import Panel, Panels, Section
from isthmus.report.drawing import ACCENT, FAINT, svg
from isthmus.report.figures import number, plural
from isthmus.report.subject import Subject

USED = 0.1
"""Nats a row below which a code tells next to nothing."""
NAMED = 40


def section(subject: Subject) -> Section | None:
    """Return the chapter on what each code tells; None where q has no density."""
    if subject.survey.kl is None:
        return None
    nats = subject.survey.kl.mean(0)
    used = int((nats > USED).sum())
    lead = (
        "Each bar is a code, from the most telling to the least: the nats that a row's code adds "
        "to what the prior knew. A code near zero is unused. "
        f"{plural(used, 'code')} of {len(nats)} {'tells' if used == 1 else 'tell'} more than "
        f"{USED} nats a row; all of them together tell {number(nats.sum())}."
    )
    return Section("codes", "Codes in use", lead, [Panels([Panel(bars(nats))], 720)])


def bars(nats: np.ndarray) -> Markup:
    """Draw what each code tells, ``(d,)``, sorted."""
    order = np.argsort(-nats, kind="stable")

    def draw(axes: Axes) -> None:
        colours = [ACCENT if value > USED else FAINT for value in nats[order]]
        axes.bar(range(len(nats)), nats[order], color=colours, width=0.7)
        axes.set(xlabel="code", ylabel="nats", xlim=(-0.7, max(len(nats), 8) - 0.3))
        axes.locator_params(axis="y", nbins=5)
        axes.tick_params(axis="x", length=0)
        names = [str(at + 1) for at in order] if len(nats) <= NAMED else []
        axes.set_xticks(range(len(names)), names)

    return svg(draw, 720, 260, "KL per code: " + ", ".join(number(value) for value in nats[order][:12]))
