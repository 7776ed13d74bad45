"""Colourings: what is known of each row, as a byte that the page has a colour for."""

from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from isthmus.errors import DataError
from isthmus.tasks.pages.template import packed

NONE = 255
"""The byte of a row of which nothing is known."""
GROUPS, MANY = 10, 12
"""How many names have a colour of their own; from how many numbers on labels are an amount."""


def colourings(labels: Any, rows: int) -> list[dict[str, Any]]:
    """Return each colouring as the page takes it.

    Parameters
    ----------
    labels
        One for each row, a mapping from names to such, or None.
    rows
        How many rows there are.
    """
    if labels is None:
        return []
    named: Mapping[Any, Any] = labels if isinstance(labels, Mapping) else {"label": labels}
    if isinstance(labels, pd.DataFrame):
        named = {str(name): labels[name] for name in labels.columns}
    return [{"name": str(name), **_colouring(plain(each, rows))} for name, each in named.items()]


def shares(labels: np.ndarray | None, rows: int) -> np.ndarray:
    """Return for each row which of ten colours it has, ``(n,)``; the eleventh is of none."""
    if labels is None:
        return np.zeros(rows, dtype=int)
    told = _colouring(labels)
    places = np.frombuffer(b64decode(told["values"]), np.uint8).astype(int)
    if "keys" in told:
        return np.minimum(places, GROUPS)
    return np.where(places == NONE, GROUPS, places * GROUPS // NONE)


def plain(labels: Any, rows: int) -> np.ndarray:
    """Return labels as plain objects, None where one is missing."""
    given = np.array(labels, dtype=object)
    if given.shape != (rows,):
        raise DataError(
            f"Labels of shape {given.shape} were given for {rows} rows; expected one for each row."
        )
    given[pd.isna(given)] = None
    return given


def _colouring(labels: np.ndarray) -> dict[str, Any]:
    values: list[Any] = labels.tolist()
    known = {value for value in values if value is not None}
    numbers = all(isinstance(each, Real) for each in known)
    return _amounts(values) if len(known) > MANY and numbers else _names(values)


def _amounts(values: list[Any]) -> dict[str, Any]:
    """Return a ramp, from the first to the last percentile."""
    numbers = np.array([np.nan if each is None else float(each) for each in values])
    known = np.isfinite(numbers)
    low, high = np.quantile(numbers[known], [0.01, 0.99]) if known.any() else (0.0, 1.0)
    shares = np.clip((np.where(known, numbers, low) - low) / ((high - low) or 1.0), 0, 1)
    steps = np.where(known, np.rint(shares * (NONE - 1)), NONE)
    return {"values": packed(steps, "u1"), "low": float(low), "high": float(high)}


def _names(values: list[Any]) -> dict[str, Any]:
    """Return a colour for each of the commonest names; the rest share one."""
    counts = Counter(value for value in values if value is not None)
    most = GROUPS if len(counts) <= GROUPS else GROUPS - 1
    chosen = sorted((value for value, _ in counts.most_common(most)), key=_order)
    byte_of = {value: byte for byte, value in enumerate(chosen)}
    others = len(counts) - len(chosen)
    # Those without a colour of their own are told apart from those of which nothing is known.
    bytes_ = [NONE if each is None else byte_of.get(each, GROUPS) for each in values]
    keys = [called(value) for value in chosen]
    named = len(keys)
    if others:
        keys += [""] * (GROUPS - named) + [f"{others} others"]
    return {"values": packed(bytes_, "u1"), "keys": keys, "named": named}


def called(value: Any) -> str:
    """Return what a label is called.

    Examples
    --------
    >>> called(3.0), called("oak")
    ('3', 'oak')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def _order(value: Any) -> tuple[bool, Any]:
    return (True, value) if isinstance(value, Real) else (False, str(value))
