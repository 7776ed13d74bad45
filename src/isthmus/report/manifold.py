"""The manifold: positions of a latent space of one or two dimensions, decoded."""

import numpy as np
import torch

from isthmus.report import choice, tabular, waves
from isthmus.report.blocks import Block, Key, Legend, Section, Strip, Strips, Table, Tables
from isthmus.report.drawing import RAMP, css
from isthmus.report.figures import number
from isthmus.report.pictures import heat, sheet
from isthmus.report.subject import Subject

SIDE = {"pictures": 15, "series": 9, "columns": 40, "table": 40}
STEPS = 7


def section(subject: Subject) -> Section | None:
    """Return the chapter on what lies where; None where there are more than two dimensions."""
    codes = subject.survey.codes
    if codes.shape[1] > 2:
        return None
    side = SIDE[subject.kind]
    axes = np.stack([axis(subject, at, side) for at in range(codes.shape[1])])
    views = {"pictures": _pictures, "series": _series, "columns": _columns, "table": _table}
    lead, blocks = views[subject.kind](subject, axes)
    return Section("manifold", "What lies where", f"{_reach(subject, axes)} {lead}", blocks)


def axis(subject: Subject, dimension: int, side: int) -> np.ndarray:
    """Return positions along a dimension: the prior's quantiles, or evenly where the codes are."""
    if subject.model.objective_.fits_prior:
        shares = torch.linspace(0.02, 0.98, side)
        return subject.model.codec_.latent.prior.icdf(shares).double().numpy()
    low, high = np.quantile(subject.survey.codes[:, dimension], [0.02, 0.98])
    return np.linspace(low, high, side)


def grid(axes: np.ndarray) -> np.ndarray:
    """Return the codes of a grid, ``(n, d)``: rightward the first code, upward the second.

    Examples
    --------
    >>> grid(np.array([[0.0, 1.0], [5.0, 6.0]])).tolist()
    [[0.0, 6.0], [1.0, 6.0], [0.0, 5.0], [1.0, 5.0]]
    """
    if len(axes) == 1:
        return axes.T
    first, second = np.meshgrid(axes[0], axes[1][::-1])
    return np.stack([first.ravel(), second.ravel()], axis=1)


def _pictures(subject: Subject, axes: np.ndarray) -> tuple[str, list[Block]]:
    # Line by line, since pictures may be large.
    lines = np.array_split(grid(axes), len(axes[0]) if len(axes) > 1 else 1)
    x = (picture for line in lines for picture in subject.decode(line))
    shown = sheet(x, axes.shape[1], "Decoded positions of the latent space")
    return "Each picture is what its position decodes to.", [Strips([Strip([shown])], 720)]


def _series(subject: Subject, axes: np.ndarray) -> tuple[str, list[Block]]:
    shown: list[Block] = []
    for at, name in enumerate(("first code", "second code")[: len(axes)]):
        z = np.repeat(np.median(axes, axis=1)[None], axes.shape[1], axis=0)
        z[:, at] = axes[at]
        shown.append(waves.fan(subject, subject.decode(z), name))
    lead = (
        "Each line is what a position decodes to, along one code at a time, the other in its "
        "middle." + waves.clause(subject)
    )
    keys = [Key(css(colour), "") for colour in RAMP]
    return lead, [Legend(keys, ends=("low", "high")), *shown]


def _columns(subject: Subject, axes: np.ndarray) -> tuple[str, list[Block]]:
    x = subject.decode(grid(axes)).flatten(1).numpy()
    columns = choice.columns(subject)
    side = axes.shape[1]
    strips = [
        Strip(
            [heat(x[:, at].reshape(-1, side), f"{subject.columns[at]} by position", 2.5)],
            subject.columns[at],
        )
        for at in columns.tolist()
    ]
    lead = (
        "Each square is a column: the stronger the teal, the further above its mean a position "
        "decodes to; the stronger the ochre, the further below."
    )
    lead += choice.clause(len(columns), len(subject.columns))
    return lead, [Strips(strips, 172, smooth=True)]


def _table(subject: Subject, axes: np.ndarray) -> tuple[str, list[Block]]:
    steps = np.linspace(0, axes.shape[1] - 1, STEPS).round().astype(int)
    tables: list[Table] = []
    for at, code in enumerate(("first code", "second code")[: len(axes)]):
        z = np.repeat(np.median(axes, axis=1)[None], len(steps), axis=0)
        z[:, at] = axes[at, steps]
        names = [number(float(each)) for each in axes[at, steps]]
        tables.append(tabular.table(subject, subject.decode(z), names, f"Along the {code}", code))
    lead = (
        "Each line is what a position decodes to, along one code at a time, the other in its "
        "middle."
    )
    shown, count = len(tabular.chosen(subject)), len(tabular.places(subject))
    return lead + choice.clause(shown, count), [Tables(tables)]


def _reach(subject: Subject, axes: np.ndarray) -> str:
    ends = [f"{number(axis[0])} to {number(axis[-1])}" for axis in axes]
    evenly = "at the prior's quantiles" if subject.model.objective_.fits_prior else "evenly"
    upward = f", the second upward from {ends[1]}" if len(ends) > 1 else ""
    lows, highs = axes.min(axis=1), axes.max(axis=1)
    codes = subject.survey.codes
    outside = float(((codes < lows) | (codes > highs)).any(axis=1).mean())
    prior = subject.model.objective_.fits_prior
    span = "96 % of the prior, about two standard deviations," if prior else "96 % of the codes"
    return (
        f"The first code runs to the right from {ends[0]}{upward}, {evenly}. Along each code the "
        f"grid covers {span} and ends there: {outside:.0%} of the rows lie outside."
    )
