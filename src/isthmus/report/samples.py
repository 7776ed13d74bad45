"""Samples: rows that never were."""

from collections import Counter
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from torch import Tensor

from isthmus.report import choice, conditional, tabular, waves
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
from isthmus.report.drawing import ACCENT, FAINT, MUTED, css, svg
from isthmus.report.figures import number, percent
from isthmus.report.pictures import a_line, heat, picture, shown_width
from isthmus.report.subject import Subject

LINES = 5
"""How many lines of pictures."""
ROWS = 1_000
LISTED = 6
CORRELATED = 200
LEVELS = 6
"""How many values of a column are listed."""
KEYS = Legend(
    [
        Key(css(FAINT), "data", "block"),
        Key(css(MUTED), "reconstructions", "line"),
        Key(css(ACCENT), "samples", "line"),
    ]
)
RADIUS = 0.5
"""How far round rows codes are drawn where there is no prior, in their standard deviations."""


def section(subject: Subject) -> Section:
    """Return the chapter on samples."""
    noise = ", with the noise of p(x | z)" if _noisy(subject) else ""
    lead = (
        f"None of these is in the data. They were drawn from the prior and decoded{noise}: if they "
        "pass for data, the model has learnt what the data are like."
        if subject.model.objective_.fits_prior
        else "None of these is in the data. This objective matches no prior, so there is none to "
        "draw from: they were drawn round the codes of rows, half a standard deviation away."
    )
    if subject.context is not None:
        lead += " What each is conditioned on was taken from a row of the data."
    views = {"pictures": _pictures, "series": _series, "columns": _columns, "table": _table}
    shown = [*views[subject.kind](subject), *conditional.blocks(subject, _noisy(subject))]
    return Section("samples", "Samples", lead, shown)


def drawn(subject: Subject, n: int, noise: bool = False) -> Tensor:
    """Return samples, ``(n, *E)``: from the prior, or round rows where there is none."""
    generator, model = subject.generator(), subject.model
    places = generator.integers(len(subject.survey), size=n)
    context = subject.condition(places)
    if model.objective_.fits_prior:
        return subject.decode(subject.from_prior(n), noise, context)
    rows = subject.survey.codes[places]
    far = RADIUS * subject.survey.codes.std(0) * generator.standard_normal(rows.shape)
    return subject.decode(rows + far, noise, context)


def distribution(data: np.ndarray, back: np.ndarray, drawn: np.ndarray, name: str) -> Markup:
    """Draw how one column is distributed: in the data, in reconstructions, in samples."""
    edges = bins(data)

    def draw(axes: Axes) -> None:
        heights = [
            np.histogram(np.clip(each, edges[0], edges[-1]), edges, density=True)[0]
            for each in (data, back, drawn)
        ]
        axes.stairs(heights[0], edges, fill=True, color=FAINT)
        axes.stairs(heights[1], edges, color=MUTED, linewidth=1.25)
        axes.stairs(heights[2], edges, color=ACCENT, linewidth=1.75)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=3)

    return svg(draw, 160, 100, f"{name}: data, reconstructions and samples")


def bins(data: np.ndarray) -> np.ndarray:
    """Return the edges of bins: one for each value where there are few, else of equal width.

    Examples
    --------
    >>> bins(np.array([0.0, 1.0, 0.0])).tolist()
    [-0.5, 0.5, 1.5]
    """
    values = np.unique(data)
    if len(values) <= 12 and (values == values.round()).all():
        return np.arange(values[0] - 0.5, values[-1] + 1)
    low, high = np.quantile(data, [0.005, 0.995])
    room = 0.05 * ((high - low) or 1.0)
    return np.linspace(low - room, high + room, 29)


def correlations(x: Tensor) -> np.ndarray:
    """Return the correlations of the columns of ``(n, features)``; 0 where one is constant."""
    values = x.double() - x.double().mean(0)
    scaled = values / values.norm(dim=0).clamp(min=1e-9)
    return (scaled.T @ scaled).numpy()


def _pictures(subject: Subject) -> list[Block]:
    width = shown_width(subject.model.codec_.space.shape[-1])
    x = drawn(subject, LINES * a_line(width, gap=6))
    strips = [Strip([picture(each, f"sample {at + 1}")]) for at, each in enumerate(x)]
    return [Strips(strips, width, tight=True)]


def _series(subject: Subject) -> list[Block]:
    x = drawn(subject, waves.rows_for(subject, LINES))
    if clause := waves.clause(subject):
        return [Words(clause.strip()), waves.alone(subject, x, _names(len(x)))]
    return [waves.alone(subject, x, _names(len(x)))]


def _names(n: int) -> list[str]:
    return [f"sample {at + 1}" for at in range(n)]


def _columns(subject: Subject) -> list[Block]:
    x = drawn(subject, choice.affordable(subject, ROWS), _noisy(subject))
    look = subject.look(choice.spread(subject, ROWS))
    known = look.observed.numpy()
    data, back, made = map(subject.in_units, (look.x, look.reconstruction, x))
    columns = choice.columns(subject)
    panels = [
        Panel(
            distribution(data[known[:, at], at], back[:, at], made[:, at], subject.columns[at]),
            subject.columns[at],
        )
        for at in columns.tolist()
        if known[:, at].any()
    ]
    together = [] if not 2 <= len(subject.columns) <= CORRELATED else [_together(look.x, x)]
    return [KEYS, Panels(panels, 160), *together, _listed(subject, made, columns)]


def _table(subject: Subject) -> list[Block]:
    x = drawn(subject, choice.affordable(subject, ROWS), _noisy(subject))
    look = subject.look(choice.spread(subject, ROWS))
    known = {name: look.observed[:, at.start].numpy() for name, at in tabular.places(subject)}
    data, back, made = (tabular.values(subject, x) for x in (look.x, look.reconstruction, x))
    numbers = tabular.numbers(subject)
    panels: list[Panel] = []
    tables: list[Table] = []
    for name, there in known.items():
        seen = [each for each, known in zip(data[name], there, strict=True) if known]
        if seen and name in numbers:
            columns = [np.array(each, np.float64) for each in (seen, back[name], made[name])]
            panels.append(Panel(distribution(columns[0], columns[1], columns[2], name), name))
        elif seen:
            tables.append(_shares(name, seen, made[name]))
    first = tabular.table(
        subject, x[:LISTED], _names(min(LISTED, len(x))), "The first samples", "sample"
    )
    drawings = [KEYS, Panels(panels[: choice.COLUMNS], 160)] if panels else []
    return [*drawings, Tables(tables[: choice.COLUMNS], narrow=True), Tables([first])]


def _shares(name: str, data: list[Any], made: list[Any]) -> Table:
    """Return how often the commonest values of a column stand in the data and in samples."""
    there, drawn = (Counter(map(tabular.words, each)) for each in (data, made))
    rows = [
        [value, percent(there[value] / len(data)), percent(drawn[value] / len(made))]
        for value, _ in (there + drawn).most_common(LEVELS)
    ]
    return Table(["value", "data", "samples"], rows, name)


def _noisy(subject: Subject) -> bool:
    """Whether to draw from p(x | z): its mean lacks the noise that rows of a table have."""
    # Where the scale of the noise was not learned, it says nothing of the data.
    return subject.model.objective_.bounds_density and subject.kind in ("columns", "table")


def _together(data: Tensor, drawn: Tensor) -> Strips:
    """Return the correlations of the data beside those of the samples."""
    strips = [
        Strip([heat(correlations(x), f"Correlations of columns in the {name}", 1.0)], title)
        for x, name, title in (
            (data, "data", "Correlations in the data"),
            (drawn, "samples", "Correlations in the samples"),
        )
    ]
    return Strips(strips, 260)


def _listed(subject: Subject, drawn: np.ndarray, columns: np.ndarray) -> Tables:
    shown = columns[:6].tolist()
    rows = [[number(row[at]) for at in shown] for row in drawn[:LISTED]]
    table = Table(
        ["sample", *(subject.columns[at] for at in shown)],
        [[f"{at + 1}", *row] for at, row in enumerate(rows)],
        "The first samples, in the units of the data",
    )
    return Tables([table])
