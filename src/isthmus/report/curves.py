"""Curves: every term along training."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from isthmus.estimator import BaseAutoencoder
from isthmus.report.blocks import Block, Key, Legend, Panel, Panels, Section, Words
from isthmus.report.drawing import ACCENT, FAINT, MUTED, PAPER, css, svg
from isthmus.report.figures import number
from isthmus.run import History

NOT_TERMS = ("epoch", "seconds", "learning_rate")
VALIDATION = "validation_"
FIGURES = {"dead": "Dead codes", "perplexity": "Perplexity"}
"""What figures of latents are called."""
LONG = 200
"""From how many epochs lines are drawn finer."""


def section(model: BaseAutoencoder) -> Section:
    """Return the chapter on training."""
    history = model.history_
    if not history.rows:
        return _untrained()
    columns = {name for row in history.rows for name in row}
    names = [name for name in history.rows[0] if name not in NOT_TERMS and VALIDATION not in name]
    terms = [name for name in names if name == "loss" or name in model.objective_.weights]
    figures = [name for name in names if name not in terms]
    if len(terms) == 2:  # a loss of one term is that term
        terms = terms[:1]
    aside = any(name.startswith(VALIDATION) for name in columns)
    width = 720 if len(terms) == 1 else 224
    keys = [Key(css(MUTED), "rows learnt from", "line")]
    if aside:
        keys.append(Key(css(ACCENT), "rows kept aside", "line"))
    keys.append(Key(css(ACCENT if aside else MUTED), "epoch whose weights were kept", "ring"))
    return Section(
        "training",
        "Training",
        "Each curve is a term of the objective in nats per row, epoch by epoch: lower is better. "
        + _reading(aside),
        [
            Panels([_panel(history, name, width) for name in terms], width),
            Legend(keys),
            *_told(history, figures),
            *_before(history),
        ],
    )


def _told(history: History, figures: list[str]) -> list[Block]:
    """Return what the latent had to tell after each epoch, such as its dead codes."""
    if not figures:
        return []
    panels = [
        Panel(curve(history, name, 224), FIGURES.get(name, name), number(_best(history, name), 4))
        for name in figures
    ]
    return [
        Words("Beside the terms, what the codes came to after each epoch:"),
        Panels(panels, 224),
    ]


def _before(history: History) -> list[Block]:
    """Return the trainings that went before, such as that of each layer alone."""
    layers = [each for each in history.before if each.rows]
    if not layers:
        return []
    panels = [
        Panel(curve(each, "loss", 224), f"Layer {at}", _summary(each, "loss"))
        for at, each in enumerate(layers, 1)
    ]
    return [
        Words("Before that each layer was trained alone, from the lowest:"),
        Panels(panels, 224),
    ]


def curve(history: History, name: str, width: int) -> Markup:
    """Draw one term, for the rows learnt from and for those kept aside."""

    def draw(axes: Axes) -> None:
        axes.axvline(history.best, color=FAINT, linewidth=1, zorder=0)
        learnt, aside = _points(history, name), _points(history, VALIDATION + name)
        fine = len(history.rows) >= LONG
        lines = ((learnt, MUTED, 1.0), (aside, ACCENT, 1.0 if fine else 1.75))
        for (epochs, values), colour, thickness in lines:
            alone = "o" if len(epochs) == 1 else ""
            axes.plot(epochs, values, alone + "-", color=colour, linewidth=thickness, markersize=5)
        epochs, values = aside if len(aside[0]) else learnt
        best = epochs == history.best
        colour = ACCENT if len(aside[0]) else MUTED
        axes.plot(
            epochs[best],
            values[best],
            "o",
            zorder=5,
            markersize=7,
            markeredgewidth=2,
            markerfacecolor=PAPER,
            markeredgecolor=colour,
        )
        axes.set_ylim(*limits([learnt[1], aside[1]]))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        axes.locator_params(axis="y", nbins=5)
        axes.grid(axis="y", color=FAINT, linewidth=0.5)

    words = f"{name} by epoch, {_summary(history, name)}"
    return svg(draw, width, 200 if width < 400 else 280, words)


def limits(curves: list[np.ndarray]) -> tuple[float, float]:
    """Return how far the axis reaches: the very first epochs may run off its top.

    Examples
    --------
    >>> low, high = limits([np.array([900.0, 50.0, 30.0, *[20.0] * 97])])
    >>> low < 20 < high < 50
    True
    """
    settled = [curve[min(len(curve) // 20, len(curve) - 1) :] for curve in curves if len(curve)]
    low = min(float(curve.min()) for curve in settled)
    high = max(float(curve.max()) for curve in settled)
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    return low - room, high + room


def _panel(history: History, name: str, width: int) -> Panel:
    title = "Objective" if name == "loss" else name
    return Panel(curve(history, name, width), title, _summary(history, name))


def _points(history: History, name: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(row["epoch"], row[name]) for row in history.rows if name in row]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _summary(history: History, name: str) -> str:
    """Return what the term came to in the best epoch."""
    return f"{number(_best(history, name), 4)} nats"


def _best(history: History, name: str) -> float:
    best = next((row for row in history.rows if row["epoch"] == history.best), history.rows[-1])
    return best.get(VALIDATION + name, best.get(name, float("nan")))


def _reading(aside: bool) -> str:
    if not aside:
        return "No rows were kept aside, so the last epoch's weights were kept."
    return (
        "Where the rows kept aside stop falling while the others go on, the model has begun to "
        "learn rows by heart; the weights of the best epoch before that were kept."
    )


def _untrained() -> Section:
    return Section("training", "Training", "", [Words("No epoch of training is on record.")])
