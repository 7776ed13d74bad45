"""Waves: series drawn as small line plots, a panel for each channel."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from isthmus.report import choice, phrases
from isthmus.report.blocks import Block, Key, Legend, Panel, Panels
from isthmus.report.drawing import ACCENT, FAINT, MUTED, RAMP, css, svg
from isthmus.report.subject import Look, Subject

CHANNELS = 3
"""How many channels are shown, at most."""
MEASURED = 200
"""How many rows tell how far a channel reaches."""
STEPS = 300
"""How many steps of a long series have room."""
BESIDE = [Key(css(MUTED), "original", "line"), Key(css(ACCENT), "reconstruction", "line")]


class Line(NamedTuple):
    """A line along the steps, ``(steps,)``, in a stand-in colour; NaN is a gap."""

    values: np.ndarray
    colour: str
    thickness: float = 1.25


def wave(
    lines: Sequence[Line],
    words: str,
    width: int = 224,
    height: int = 110,
    reach: tuple[float, float] | None = None,
) -> Markup:
    """Draw lines of the same length over one another, on a scale that holds ``reach`` at least."""

    def draw(axes: Axes) -> None:
        total = len(lines[0].values)
        steps = np.linspace(0, total - 1, min(total, STEPS)).round().astype(int)
        for values, colour, thickness in lines:
            # A step between gaps would be no line at all.
            dot = "." if np.isfinite(values).sum() == 1 else ""
            axes.plot(steps, values[steps], dot + "-", color=colour, linewidth=thickness)
        if reach:
            axes.update_datalim([(0, reach[0]), (0, reach[1])])
            axes.autoscale_view()
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
        axes.locator_params(axis="y", nbins=4)
        axes.grid(axis="y", color=FAINT, linewidth=0.5)

    return svg(draw, width, height, words)


def channels(subject: Subject) -> np.ndarray:
    """Return which channels to show: all, or an even choice from the best told to the worst."""
    unexplained = subject.survey.features.unexplained.mean(1)
    order = np.argsort(unexplained, kind="stable")
    places = np.linspace(0, len(order) - 1, min(CHANNELS, len(order)))
    return np.sort(order[places.round().astype(int)])


def rows_for(subject: Subject, lines: int) -> int:
    """Return how many series fill so many lines of the page."""
    return lines * (CHANNELS if len(channels(subject)) == 1 else 1)


def width(subject: Subject) -> int:
    """Return how wide a panel is, so that the channels of a series stand in one line."""
    return 348 if len(channels(subject)) == 2 else 224


def clause(subject: Subject) -> str:
    """Return a sentence that says how many channels are shown, if not all."""
    there_are, shown = subject.model.codec_.space.shape[0], len(channels(subject))
    if shown == there_are:
        return ""
    return (
        f" {shown} of {there_are:,} channels are shown, chosen evenly from the best told to the "
        "worst."
    )


def beside(subject: Subject, look: Look, names: Sequence[str]) -> list[Block]:
    """Show series with what comes back of them: drawn, or as they read."""
    if phrases.are_shown(subject):
        return [phrases.compared(subject, look, names)]
    return [Legend(BESIDE), compared(subject, look, names)]


def compared(subject: Subject, look: Look, names: Sequence[str]) -> Panels:
    """Draw each series over what comes back of it."""
    known = look.observed.numpy()
    # Beyond the end of a short series there is nothing to bring back.
    inside = np.flip(np.maximum.accumulate(np.flip(known.any(1), 1), axis=1), 1)[:, None]
    original = np.where(known, subject.in_series(look.x), np.nan)
    returned = np.where(inside, subject.in_series(look.reconstruction), np.nan)
    return _panels(subject, [(original, MUTED), (returned, ACCENT)], names)


def reach(subject: Subject) -> list[tuple[float, float]]:
    """Return between which values each channel lies in the data: less would look like more."""
    which = choice.spread(subject, MEASURED)
    batch = subject.taken(which)
    values = subject.in_series(batch.x)
    if batch.observed is not None:
        values = np.where(batch.observed.numpy(), values, np.nan)
    # A channel of which nothing is known has no values to look at.
    known = [each[np.isfinite(each)] for each in values.swapaxes(0, 1)]
    return [(float(each.min()), float(each.max())) if len(each) else (0.0, 0.0) for each in known]


def alone(subject: Subject, x: Tensor, names: Sequence[str]) -> Block:
    """Show series that stand for themselves, ``(n, channels, steps)``."""
    if phrases.are_shown(subject):
        return phrases.alone(subject, x, names)
    return _panels(subject, [(subject.in_series(x), ACCENT)], names, reach(subject))


def fan(subject: Subject, x: Tensor, title: str) -> Block:
    """Show the stations of a way, ``(n, channels, steps)``, along the colours of the ramp."""
    if phrases.are_shown(subject):
        return phrases.alone(subject, x, [title, *[""] * (len(x) - 1)])
    values, wide, limits = subject.in_series(x), width(subject), reach(subject)
    colours = [RAMP[round(at * (len(RAMP) - 1) / (len(x) - 1))] for at in range(len(x))]
    panels = [
        Panel(
            wave(
                [Line(each[channel], colour) for each, colour in zip(values, colours, strict=True)],
                f"{title}{_called(subject, channel, ', ')}",
                wide,
                150,
                limits[channel],
            ),
            title,
            _called(subject, channel),
        )
        for channel in channels(subject).tolist()
    ]
    return Panels(panels, wide)


def _panels(
    subject: Subject,
    lines: Sequence[tuple[np.ndarray, str]],
    names: Sequence[str],
    limits: Sequence[tuple[float, float]] | None = None,
) -> Panels:
    wide = width(subject)
    panels = [
        Panel(
            wave(
                [Line(values[row, channel], colour) for values, colour in lines],
                f"{name}{_called(subject, channel, ', ')}",
                wide,
                reach=limits[channel] if limits else None,
            ),
            name,
            _called(subject, channel),
        )
        for row, name in enumerate(names)
        for channel in channels(subject).tolist()
    ]
    return Panels(panels, wide)


def _called(subject: Subject, channel: int, before: str = "") -> str:
    """Return what a channel is called, where there are several."""
    return f"{before}channel {channel}" if subject.model.codec_.space.shape[0] > 1 else ""
