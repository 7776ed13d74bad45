"""Conditional samples: the same codes under each label."""

import numpy as np
import torch
from torch import Tensor

from isthmus.adapters.conditions import Labels
from isthmus.report import tabular, waves
from isthmus.report.blocks import Block, Strip, Strips, Table, Tables, Words
from isthmus.report.colouring import called
from isthmus.report.figures import number
from isthmus.report.pictures import a_line, picture, shown_width
from isthmus.report.subject import Subject

LABELS, COLUMNS, DRAWN = 12, 6, 200
"""How many labels and columns are shown, and how many rows are drawn for each mean."""


def blocks(subject: Subject, noise: bool) -> list[Block]:
    """Return samples of each label of the first column of labels; nothing where there is none."""
    column = labels(subject)
    if column is None or not subject.model.objective_.fits_prior:
        return []
    views = {"pictures": _pictures, "series": _series, "columns": _columns, "table": _table}
    name, known = column
    said, shown = views[subject.kind](subject, name, known[:LABELS], noise)
    if len(known) > LABELS:
        said += f" The first {LABELS} of {len(known):,} labels are shown."
    return [Words(said), shown]


def labels(subject: Subject) -> tuple[str, tuple[str | int | float | bool, ...]] | None:
    """Return the first column of conditions that holds labels, and which those are."""
    condition = subject.model.condition_
    if condition is None:
        return None
    found = ((name, each) for name, each in condition.columns_.items() if isinstance(each, Labels))
    return next(((name, each.known) for name, each in found), None)


def given(subject: Subject, name: str, label: object, n: int) -> Tensor:
    """Return the context of ``n`` rows of which one condition is known."""
    assert subject.model.condition_ is not None
    return subject.model.condition_.transform({name: label}, n)


def _drawn(subject: Subject, name: str, label: object, n: int, noise: bool = False) -> Tensor:
    """Return samples under a label, ``(n, *E)``: of the same codes for every label."""
    return subject.decode(subject.from_prior(n), noise, given(subject, name, label, n))


def _pictures(
    subject: Subject, name: str, known: tuple[object, ...], noise: bool
) -> tuple[str, Block]:
    width = shown_width(subject.model.codec_.space.shape[-1], 56)
    many = a_line(width, gap=2)
    strips = [
        Strip(
            [
                picture(x, f"{name} {called(label)}, sample {at + 1}")
                for at, x in enumerate(_drawn(subject, name, label, many))
            ],
            note=called(label),
        )
        for label in known
    ]
    said = (
        f"Each line was drawn under one {name}, which stands below it. Samples one above the "
        "other have the same code: they differ in nothing but the condition."
    )
    return said, Strips(strips, width, tight=True)


def _series(
    subject: Subject, name: str, known: tuple[object, ...], noise: bool
) -> tuple[str, Block]:
    x = torch.cat([_drawn(subject, name, label, 1) for label in known])
    names = [f"{name} {called(label)}" for label in known]
    said = f"One sample for each {name}. All have the same code, and differ in the condition alone."
    return said, waves.alone(subject, x, names)


def _columns(
    subject: Subject, name: str, known: tuple[object, ...], noise: bool
) -> tuple[str, Block]:
    shown, rows = _telling(subject, name, known), list[list[str]]()
    for label in known:
        drawn = subject.in_units(_drawn(subject, name, label, DRAWN, noise)).mean(0)
        rows.append([f"{called(label)}, samples", *(number(drawn[at]) for at in shown)])
        real = _real(subject, name, label)
        if real is not None:
            rows.append([f"{called(label)}, data", *(number(real[at]) for at in shown)])
    head = [name, *(subject.columns[at] for at in shown)]
    said = (
        f"The mean of {DRAWN} samples under each {name}, and of the rows of the data that have "
        "it: where they agree, the model has learnt what the condition does."
    )
    return said, Tables([Table(head, rows, f"Means by {name}")])


def _table(
    subject: Subject, name: str, known: tuple[object, ...], noise: bool
) -> tuple[str, Block]:
    x = torch.cat([_drawn(subject, name, label, 1, noise) for label in known])
    names = [called(label) for label in known]
    said = f"One sample for each {name}. All have the same code, and differ in the condition alone."
    return said, Tables([tabular.table(subject, x, names, f"Samples by {name}", name)])


def _telling(subject: Subject, name: str, known: tuple[object, ...]) -> list[int]:
    """Return the columns that differ most from one label to the next, in their own order."""
    there = [_real(subject, name, label, units=False) for label in known]
    means = np.array([each for each in there if each is not None])
    if len(means) < 2:
        return list(range(min(COLUMNS, len(subject.columns))))
    return np.sort(np.argsort(-means.std(0), kind="stable")[:COLUMNS]).tolist()


def _real(subject: Subject, name: str, label: object, units: bool = True) -> np.ndarray | None:
    """Return the mean of the data's rows under a label; None where there are none."""
    everywhere = subject.condition(np.arange(len(subject.survey)))
    if everywhere is None:
        return None
    wanted = given(subject, name, label, 1)
    rows = ((everywhere * wanted).sum(1) > 0).nonzero().flatten().numpy()[:1000]
    if not len(rows):
        return None
    batch = subject.taken(rows)
    known = torch.ones_like(batch.x) if batch.observed is None else batch.observed.to(batch.x.dtype)
    mean = (batch.x * known).sum(0) / known.sum(0).clamp(min=1)
    return subject.in_units(mean[None])[0] if units else mean.numpy()
