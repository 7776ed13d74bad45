"""Errors: what is lost, feature by feature."""

import numpy as np
import torch

from isthmus.report.blocks import Bar, Bars, Block, Section, Strip, Strips
from isthmus.report.figures import number, percent
from isthmus.report.pictures import heat, picture, shown_width
from isthmus.report.subject import Subject

MOST = 40


def section(subject: Subject) -> Section:
    """Return the chapter on what is lost."""
    lead, block = _pictures(subject) if subject.pictures else _columns(subject)
    return Section("errors", "Error by feature", lead, [block])


def _pictures(subject: Subject) -> tuple[str, Block]:
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
    return lead, Strips(strips, shown_width(mean.shape[-1], 235))


def _columns(subject: Subject) -> tuple[str, Block]:
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
    return lead, Bars(["column", "lost", "typical error", "nats"], bars)
