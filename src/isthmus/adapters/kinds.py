"""Kinds: what the columns of a table mean, inferred from what they hold, or as the user says."""

import re
from collections.abc import Collection, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from isthmus.adapters.columns import Category, Column, Date, Empty, Kind, Number, Truth
from isthmus.adapters.reading import WORDS, Given, Holds
from isthmus.errors import DataError

LEAST, DISTINCT = 20, 0.9
"""From how many known texts, and what share of different ones, a column is an identifier."""
WRITTEN = 0.9
"""What share of a column's texts must be numbers, or dates, for it to be one of such."""
FEW = 20
"""Up to how many different texts may be numbers and still be taken for codes."""
NUMBER = re.compile(r"\s*[-+]?(\d{1,3}([,' ]\d{3})+|\d+)?([.,]\d+)?([eE][-+]?\d+)?\s*%?\s*")
DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?\s*")
LOOKED_AT = 1_000
"""How many of the different texts are looked at."""

FITS: dict[Kind, tuple[Holds, ...]] = {
    "number": ("number", "truth"),
    "count": ("number", "truth"),
    "boolean": ("truth", "number"),
    "category": ("text", "number", "truth", "date", "moment", "time", "duration"),
    "date": ("date", "moment", "time", "duration"),
}
"""What a column of each kind may hold."""
REMEDIES: dict[Kind, str] = {
    "number": "pd.to_numeric(df[{0!r}])",
    "count": "pd.to_numeric(df[{0!r}])",
    "boolean": "df[{0!r}] == ...",
    "category": "df[{0!r}].astype(str)",
    "date": "pd.to_datetime(df[{0!r}])",
}


def check_parameters(kinds: Any, drop: Any, max_levels: Any) -> None:
    """Raise `DataError` where what the user said of columns can't be meant."""
    if not isinstance(kinds, Mapping):
        raise DataError(
            f"kinds={kinds!r} was given; expected kinds by name: {{'zip': 'category'}}."
        )
    if strange := [
        each for each in kinds.values() if not isinstance(each, str) or each not in FITS
    ]:
        raise DataError(
            f"kinds says {strange[0]!r}; expected one of {', '.join(FITS)} for a column."
        )
    if isinstance(drop, str) or not isinstance(drop, Collection):
        raise DataError(f"drop={drop!r} was given; expected a list: {[drop] if drop else []!r}.")
    if not isinstance(max_levels, Integral) or max_levels < 1:
        raise DataError(f"max_levels={max_levels!r} was given; expected a whole number from 1.")


def fitted(given: Given, said: Kind | None, max_levels: int) -> Column:
    """Return the column that learned what was ``given``.

    Raises
    ------
    DataError
        If it can't be of the kind that was ``said``, or is such as nothing is to be learnt from.
    """
    if given.holds == "nothing":
        return Empty(name=given.name, kind=said or "category", holds="nothing", holes=1.0)
    if said is not None:
        _check_said(given, said)
    kind = said or _inferred(given)
    # One value, and whatever else may come: a number without spread would have no density.
    if kind == "category" or (kind != "boolean" and _different(given) == 1):
        return Category.fit(given, max_levels)
    if kind == "boolean":
        return Truth.fit(given)
    return Date.fit(given) if kind == "date" else Number.fit(given, kind)


def _inferred(given: Given) -> Kind:
    if given.holds == "text" and not given.declared:
        _check_texts(given)
    if given.holds == "text" or given.declared:
        return "category"
    if given.holds == "truth":
        return "boolean"
    if given.holds != "number":
        return "date"
    plain = given.plain()
    if not _whole(plain):
        return "number"
    if _different(given) == 2:
        return "category"  # between two whole numbers there is nothing
    return "number" if np.nanmin(plain.values) < 0 else "count"


def _whole(given: Given) -> bool:
    values = given.values
    if values.dtype.kind in "iu":
        return True
    first = values[:1000]
    return all(bool(((some == np.rint(some)) | np.isnan(some)).all()) for some in (first, values))


def _different(given: Given) -> int:
    """Return how many different values there are: 1, 2, or 3 for more."""
    known = given.values[given.known]
    few, found = known[:1000], 0
    for some in (few, known):  # the first tell most columns at once
        found = len(np.unique(some))
        if found > 2:
            return 3
    return found


def _check_said(given: Given, kind: Kind) -> None:
    if given.holds not in FITS[kind]:
        remedy = REMEDIES[kind].format(given.name)
        raise DataError(
            f"Column {given.name} holds {WORDS[given.holds]}, and kinds says that it is a {kind}; "
            f"expected {' or '.join(WORDS[each] for each in FITS[kind])}. Give {remedy}, or "
            "another kind."
        )
    if kind == "count":
        plain = given.plain()
        low = np.nanmin(plain.values)
        if low < 0 or not _whole(plain):
            raise DataError(
                f"Column {given.name} is said to be a count, and holds "
                f"{'a fraction' if low >= 0 else f'{low:g}'}; expected whole numbers from 0. Say "
                "'number'."
            )


def _check_texts(given: Given) -> None:
    """Raise `DataError` for texts that are numbers, dates or names of rows."""
    assert given.levels is not None
    name, levels = given.name, given.levels
    either = f"or say kinds={{{name!r}: 'category'}} if they are codes"
    looked = [str(each) for each in levels[:LOOKED_AT]]
    dates = [each for each in looked if DATE.fullmatch(each)]
    if len(levels) > FEW and len(dates) >= WRITTEN * len(looked):
        raise DataError(
            f"Column {name} holds dates written as text, such as {dates[0]!r}. "
            f"Expected dates: give pd.to_datetime(df[{name!r}]), {either}."
        )
    numbers = [each for each in looked if _is_number(each)]
    if len(levels) > FEW and len(numbers) >= WRITTEN * len(looked):
        odd = next((each for each in looked if not _is_number(each)), None)
        beside = f", beside {odd!r}, which is none" if odd is not None else ""
        raise DataError(
            f"Column {name} holds numbers written as text, such as {numbers[0]!r}{beside}. "
            f"Expected numbers: give pd.to_numeric(df[{name!r}], errors='coerce'), "
            f"once commas are points, {either}."
        )
    known = int(given.known.sum())
    if known >= LEAST and len(levels) > DISTINCT * known:
        raise DataError(
            f"Column {name} holds {len(levels):,} different texts in {known:,} rows, such as "
            f"{looked[0]!r}: it names rows, and nothing can be learnt from a name. Leave it out "
            f"with Tables(drop=[{name!r}]), {either}."
        )


def _is_number(text: str) -> bool:
    """Whether a text is a number; what begins with zeros, like 01234, is a code."""
    plain = text.strip()
    code = len(plain) > 1 and plain[0] == "0" and plain.isdigit()
    return bool(plain) and not code and NUMBER.fullmatch(plain) is not None and plain != "%"


def table(columns: list[Column]) -> pd.DataFrame:
    """Return what was found in each column, for people to read."""
    return pd.DataFrame(
        {
            "column": [each.name for each in columns],
            "kind": ["empty" if isinstance(each, Empty) else each.kind for each in columns],
            "found": [each.found for each in columns],
            "holes": [each.holes for each in columns],
            "transform": [each.transform for each in columns],
        }
    )
