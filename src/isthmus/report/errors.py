"""Errors: what is lost, feature by feature."""

import numpy as np
import torch

from isthmus.report import tabular, waves
from isthmus.report.blocks import (
    Bar,
    Bars,
    Block,
    Key,
    Legend,
    Panel,
    Panels,
    Section,
    Strip,
    Strips,
)
from isthmus.report.drawing import ACCENT, MUTED, css
from isthmus.report.figures import number, percent
from isthmus.report.pictures import heat, picture, shown_width
from isthmus.report.subject import Subject
from isthmus.space import Table

MOST = 40


def section(subject: Subject) -> Section:
    """Return the chapter on what is lost."""
    views = {"pictures": _pictures, "series": _series, "columns": _columns, "table": _table}
    lead, blocks = views[subject.kind](subject)
    return Section("errors", "Error by feature", lead, blocks)


def _pictures(subject: Subject) -> tuple[str, list[Block]]:
    features = subject.survey.features
    mean = torch.from_numpy(features.mean)
    spread, lost = (np.sqrt(each.mean(0)) for each in (features.variance, features.squared))
    limit = float(max(spread.max(), lost.max()))
    average = picture(mean, "The mean picture", longest=160)
    strips = [
        Strip([average], "Mean of the data"),
        Strip([heat(spread, "Standard deviation of each pixel", limit, 160)], "Spread of the data"),
        Strip([heat(lost, "Error of each pixel", limit, 160)], "Error of reconstructions"),
    ]
    told = 1 - features.squared.sum() / max(features.variance.sum(), 1e-12)
    lead = (
        "Pixel by pixel: how far pictures lie from their mean, and how far reconstructions lie "
        "from the pictures (root mean square, one scale for both). Where the last is as strong "
        f"as the one before, the codes tell nothing. Of all variance, {percent(max(0.0, told))} "
        "comes back."
    )
    return lead, [Strips(strips, shown_width(mean.shape[-1], 235))]


def _series(subject: Subject) -> tuple[str, list[Block]]:
    features, wide = subject.survey.features, waves.width(subject)
    # The scale of one unit, found from what the adapter makes of 0 and 1.
    ends = torch.stack([_level(subject, 0), _level(subject, 1)])
    unit = np.abs(np.diff(subject.in_series(ends), axis=0))[0]
    spread, error = (np.sqrt(each) * unit for each in (features.variance, features.squared))
    panels = [
        Panel(
            waves.wave(
                [waves.Line(spread[at], MUTED), waves.Line(error[at], ACCENT)],
                f"Spread and error of channel {at}, step by step",
                wide,
                reach=(0.0, 0.0),
            ),
            f"channel {at}",
        )
        for at in waves.channels(subject).tolist()
    ]
    lead = (
        "Step by step: how far series lie from the mean of their step, and how far "
        "reconstructions lie from the series (root mean square, in their own units). Below, the "
        "share of the variance that is lost in each channel, the typical error, and what a "
        "series costs in nats." + waves.clause(subject)
    )
    keys = [
        Key(css(MUTED), "spread of the data", "line"),
        Key(css(ACCENT), "error of reconstructions", "line"),
    ]
    return lead, [Legend(keys), Panels(panels, wide), _channels(subject, error)]


def _channels(subject: Subject, error: np.ndarray) -> Bars:
    """Return what is lost in each channel; ``error`` is that of its steps, in its units."""
    features = subject.survey.features
    lost = features.squared.sum(1) / np.maximum(features.variance.sum(1), 1e-12)
    typical, nats = np.sqrt((error**2).mean(1)), features.nll.sum(1)
    order = np.argsort(-lost, kind="stable")[:MOST]
    bars = [
        Bar(f"channel {at}", min(1.0, share), [percent(share), number(off), number(cost)])
        for at, share, off, cost in zip(
            order.tolist(),
            lost[order].tolist(),
            typical[order].tolist(),
            nats[order].tolist(),
            strict=True,
        )
    ]
    return Bars(["channel", "lost", "typical error", "nats"], bars)


def _level(subject: Subject, value: float) -> torch.Tensor:
    """Return a series that is ``value`` everywhere."""
    return torch.full(subject.model.codec_.space.shape, float(value))


def _table(subject: Subject) -> tuple[str, list[Block]]:
    lost, nll = tabular.lost(subject), subject.survey.features.nll
    columns, kinds = tabular.places(subject), subject.model.codec_.space
    assert isinstance(kinds, Table)
    bars: list[Bar] = []
    for at in np.argsort(-lost, kind="stable")[:MOST].tolist():
        share = float(lost[at])
        name, cells = columns[at]
        of = "variance" if kinds.kinds[cells.start] == 1 else "rows"
        figures = [f"{percent(share)} of {of}", number(float(nll[cells].sum()))]
        bars.append(Bar(name, min(1.0, share), figures))
    lead = (
        "The bar is the share that is lost: of the variance where a column holds numbers or dates, "
        "and where it holds categories of the rows, which come back as another. Beside it stands "
        "what the column costs in nats, all its cells together."
    )
    if len(bars) < len(columns):
        lead += f" The {len(bars)} worst of {len(columns):,} columns are shown."
    return lead, [Bars(["column", "lost", "nats"], bars)]


def _columns(subject: Subject) -> tuple[str, list[Block]]:
    features = subject.survey.features
    names = subject.model.codec_.space.support == "categories"
    lost = (features.wrong if names else features.unexplained).ravel()
    # The scale of one unit, found from what the adapter makes of 0 and 1.
    unit = np.ptp(subject.in_units(torch.stack([torch.zeros(lost.size), torch.ones(lost.size)])), 0)
    error = np.sqrt(features.squared.ravel()) * np.abs(unit)
    order = np.argsort(-lost, kind="stable")[:MOST]
    figures = np.stack([lost, error, features.nll.ravel()], axis=1)[order].tolist()
    bars = [
        Bar(subject.columns[at], min(1.0, share), [percent(share), number(off), number(nats)])
        for at, (share, off, nats) in zip(order.tolist(), figures, strict=True)
    ]
    what = "rows that come back as another" if names else "the variance that is lost"
    lead = (
        f"The bar is the share of {what}; beside it, how far off a value typically is, in its own "
        "units, and what it costs in nats."
    )
    if len(order) < lost.size:
        lead += f" The {len(order)} worst of {lost.size:,} columns are shown."
    return lead, [Bars(["column", "lost", "typical error", "nats"], bars)]
