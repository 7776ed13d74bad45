"""Sizes: how small the model makes the data, and how small others make them."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from isthmus.errors import IsthmusError
from isthmus.report.blocks import Bar, Bars, Section
from isthmus.report.figures import number, plural
from isthmus.report.subject import Subject
from isthmus.tasks import Compressor
from isthmus.tasks.coding.rivals import sizes

MOST = 2_000
"""At most how many rows are compressed,"""
NUMBERS = 2**21
"""and at most how many numbers."""


def section(subject: Subject) -> Section | None:
    """Return the chapter on compression, for a model that can be had as a lossless codec."""
    X = _some(subject)
    if X is None or find_spec("constriction") is None:
        return None
    try:
        bits = Compressor(subject.model).bits(X)
    except (IsthmusError, ImportError):
        return None  # it gives no probabilities, or has a layer that integers have no form for
    count = len(X) * subject.model.codec_.space.size
    found = {"this model, a code": bits.gross, "this model, its rows alone": bits.net}
    if subject.kind != "table":  # a table's numbers have densities, which promise no bits
        found["this model, as its bound promises"] = bits.elbo
    found |= {name: 8 * size / count for name, size in sizes(X).items()}
    widest = max(found.values())
    bars = [
        Bar(name, value / widest, [number(value), f"{number(value * count / 8)}"])
        for name, value in sorted(found.items(), key=lambda each: each[1])
    ]
    what = "cell" if subject.kind == "table" else "number"
    lead = (
        f"Any model that gives probabilities is a lossless codec. So many bits does each {what} "
        f"take, of {plural(len(X), 'row')}, as one file; beside it, that file's bytes. The code "
        "counts everything, its rows alone what one row more would cost. The model itself has to "
        "be there on both sides, and is counted nowhere."
    )
    return Section("sizes", "Compression", lead, [Bars(["codec", f"bits a {what}", "bytes"], bars)])


def _some(subject: Subject) -> Any:
    """Return some of the rows as the user gave them, or None where they are no such rows."""
    X = subject.given
    if not (hasattr(X, "columns") or isinstance(X, np.ndarray)) or not len(X):
        return None
    most = max(1, min(MOST, NUMBERS // subject.model.codec_.space.size))
    return X[:most]
