"""Codes: which of them the model uses."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from isthmus.report import codebooks, sparse
from isthmus.report.blocks import Bar, Bars, Panel, Panels, Section
from isthmus.report.drawing import ACCENT, FAINT, svg
from isthmus.report.figures import number, plural
from isthmus.report.subject import Subject

USED = 0.1
"""Nats a row below which a code tells next to nothing."""
MOST, NAMED = 512, 24
"""How many codes have room for a bar, and for a line of their own."""


def section(subject: Subject) -> Section | None:
    """Return the chapter on what each code tells; None where that can't be told."""
    if subject.survey.entries is not None:
        return codebooks.section(subject, subject.survey.entries)
    if subject.survey.kl is None:
        return sparse.section(subject)
    nats = subject.survey.kl.mean(0)
    used = int((nats > USED).sum())
    lead = (
        "Each bar is a code, from the most telling to the least: the nats that a row's code adds "
        "to what the prior knew. A code near zero is unused. "
        f"{plural(used, 'code')} of {len(nats)} {'tells' if used == 1 else 'tell'} more than "
        f"{USED} nats a row; all of them together tell {number(nats.sum())}."
    )
    few = len(nats) <= NAMED
    shown = _bars(nats.tolist()) if few else Panels([Panel(skyline(nats))], 720)
    return Section("codes", "Codes in use", lead, [shown])


def skyline(nats: np.ndarray) -> Markup:
    """Draw what each of many codes tells, ``(d,)``, sorted."""
    falling = -np.sort(-nats)[:MOST]

    def draw(axes: Axes) -> None:
        colours = [ACCENT if value > USED else FAINT for value in falling]
        axes.bar(range(len(falling)), falling, color=colours, width=0.8)
        axes.set(xlabel="codes", ylabel="nats", xticks=[])
        axes.locator_params(axis="y", nbins=5)

    return svg(draw, 720, 240, f"KL per code, from {number(falling[0])} to {number(falling[-1])}")


def _bars(nats: list[float]) -> Bars:
    order = sorted(range(len(nats)), key=lambda at: -nats[at])
    most = max(*nats, USED)
    bars = [Bar(f"code {at + 1}", max(0.0, nats[at] / most), [number(nats[at])]) for at in order]
    return Bars(["", "nats"], bars)
