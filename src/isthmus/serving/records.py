"""Records: rows as JSON has them, as the data that a model was fitted to, and back.

What comes in is numbers, texts and truth values, never the name of a file: pictures and series
are taken as lists of numbers, and nothing else.
"""

import datetime
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from isthmus.adapters import Adapter, Images, Sequences, Tables, Vectors
from isthmus.adapters.base import cast
from isthmus.adapters.columns import Column
from isthmus.adapters.reading import WORDS, Holds
from isthmus.errors import CompositionError, DataError

NAMED = 8
"""How many columns an error names."""
Records = Sequence[Any]


def taken(adapter: Adapter, rows: Any) -> Any:
    """Return rows of a request as the adapter takes them.

    Raises
    ------
    DataError
        If they are not what the model was fitted to.
    """
    if not isinstance(rows, list) or not rows:
        said = "empty" if rows == [] else _shown(rows)
        raise DataError(
            f'"rows" is {said}; expected a list of one row or more: {expected(adapter)}.'
        )
    names = columns_of(adapter)
    if names is not None:
        return _frame(adapter, names, rows)
    if isinstance(adapter, Sequences):
        return [_array([each], adapter)[0] for each in rows]
    if isinstance(adapter, Images | Vectors):
        return _array(rows, adapter)
    if type(adapter).__name__ == "Texts" and all(isinstance(each, str) for each in rows):
        return rows
    raise DataError(f"These rows can't be read; expected {expected(adapter)}.")


def told(adapter: Adapter, made: Any) -> list[Any]:
    """Return rows of the kind that the model was fitted to as JSON can hold them."""
    if hasattr(made, "columns"):
        return told_frame(made)
    if isinstance(made, list):  # series
        whole = isinstance(adapter, Sequences) and np.dtype(adapter.dtype_).kind in "iub"
        back = [cast(each, np.dtype(adapter.dtype_)) for each in made] if whole else made  # pyright: ignore
        return [each if isinstance(each, str) else numbers(each) for each in back]
    return numbers(made)


def numbers(values: Any) -> list[Any]:
    """Return an array as lists, null where there is no number."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        nothing: Any = None
        return np.where(np.isfinite(array), array.astype(object), nothing).tolist()
    return array.tolist()


def plain(value: Any) -> Any:
    """Return one value as JSON can hold it: null for a hole, ISO 8601 for a time."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime.timedelta):
        return pd.Timedelta(value).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def value_of(adapter: Adapter, name: str, value: Any) -> Any:
    """Return one value of a request as a column has it, such as a date for its text."""
    known: dict[str, Column] = (
        {each.name: each for each in adapter.fitted_} if isinstance(adapter, Tables) else {}
    )
    if name not in known:
        return value
    made = _column([value], known[name])
    return made.iloc[0] if isinstance(made, pd.Series) else made[0]


def columns_of(adapter: Adapter) -> list[str] | None:
    """Return the columns by which rows are called; None where rows are lists."""
    if isinstance(adapter, Tables) or (isinstance(adapter, Vectors) and adapter.frame_):
        return adapter.columns_
    return None


def expected(adapter: Adapter) -> str:
    """Return what one row is, in words."""
    names = columns_of(adapter)
    if names is not None:
        return f"each an object of {len(names)} columns, {_listed(names)}; null for a hole"
    if isinstance(adapter, Vectors):
        return f"each a list of {adapter.space_.size} numbers, null for a hole"
    if isinstance(adapter, Images):
        return f"each a picture as lists of numbers, {' x '.join(map(str, _sides(adapter)))}"
    if isinstance(adapter, Sequences):
        return "each a series as a list of its steps, a step being a number or a list of channels"
    return "each a text"


def schema(adapter: Adapter) -> dict[str, Any]:
    """Return the JSON schema of one row."""
    names = columns_of(adapter)
    if names is not None:
        holds: dict[str, Holds] = (
            {each.name: each.holds for each in adapter.fitted_}
            if isinstance(adapter, Tables)
            else {}
        )
        properties = {name: _kind(holds.get(name, "number")) for name in names}
        return {
            "type": "object",
            "properties": properties,
            "required": names,
            "additionalProperties": False,
        }
    if isinstance(adapter, Images):
        return _nested(len(_sides(adapter)))
    if isinstance(adapter, Sequences):
        return _nested(1 if adapter.flat_ else 2)
    return _nested(1) if isinstance(adapter, Vectors) else {"type": "string"}


def _sides(adapter: Images) -> tuple[int, ...]:
    channels, height, width = adapter.space_.shape
    return (height, width, channels) if adapter.channels_last_ else (height, width)


def _kind(holds: Holds) -> dict[str, Any]:
    if holds in ("number", "truth"):
        return {"type": ["number" if holds == "number" else "boolean", "null"]}
    formats = {"date": "date", "moment": "date-time", "time": "time", "duration": "duration"}
    made: dict[str, Any] = {"type": ["string", "null"]}
    return made | ({"format": formats[holds]} if holds in formats else {})


def _nested(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"type": ["number", "null"]}
    for _ in range(depth):
        made = {"type": "array", "items": made}
    return made


def _frame(adapter: Adapter, names: list[str], rows: list[Any]) -> pd.DataFrame:
    """Return objects as a frame of the fitted columns."""
    wanted = set(names)
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DataError(f"Row {place} is {_shown(row)}; expected {expected(adapter)}.")
        if row.keys() != wanted:
            raise DataError(_wrong_columns(place, row, names))
    given = {name: [row[name] for row in rows] for name in names}
    if isinstance(adapter, Tables):
        made = {each.name: _column(given[each.name], each) for each in adapter.fitted_}
    else:
        made = {name: _floats(values, name) for name, values in given.items()}
    labels: Any = getattr(adapter, "frame_").columns  # noqa: B009
    return pd.DataFrame(made).set_axis(pd.Index(labels), axis=1)


def _wrong_columns(place: int, row: Mapping[str, Any], names: list[str]) -> str:
    missing = [name for name in names if name not in row]
    new = [name for name in row if name not in names]
    lacks = f"lacks {_listed(missing)}" if missing else ""
    has = f"has {_listed(new)}, which the model doesn't know" if new else ""
    return (
        f"Row {place} {' and '.join(filter(None, (lacks, has)))}. Expected the columns "
        f"{_listed(names)}, each with a value, or null where it is unknown."
    )


def _floats(values: list[Any], name: str) -> np.ndarray:
    odd = next((each for each in values if not _is_number(each)), None)
    if odd is not None:
        raise DataError(f"Column {name} holds {_shown(odd)}; expected numbers, or null for a hole.")
    return np.array(values, dtype=np.float64)


def _column(values: list[Any], column: Column) -> Any:
    """Return the values of a column in the dtype that it was read from, if they can be."""
    odd = next((each for each in values if isinstance(each, list | dict)), None)
    if odd is not None:
        raise DataError(f"Column {column.name} holds {_shown(odd)}; expected single values.")
    # Names that are numbers stay whole ones, beside holes too.
    if column.holds == "number" and column.kind != "category" and all(map(_is_number, values)):
        return np.array(values, dtype=np.float64)
    if column.holds == "truth" and all(each is None or isinstance(each, bool) for each in values):
        return pd.array(values, dtype="boolean")
    if column.holds in ("date", "moment", "time", "duration"):
        return _times(values, column)
    return pd.Series(values, dtype=object)


def _times(values: list[Any], column: Column) -> Any:
    odd = next((each for each in values if each is not None and not isinstance(each, str)), None)
    try:
        if odd is not None:
            raise ValueError(f"{_shown(odd)} is no text")
        if column.holds == "time":
            read = datetime.time.fromisoformat
            return pd.Series(
                [None if each is None else read(each) for each in values], dtype=object
            )
        if column.holds == "duration":
            return pd.Series(pd.to_timedelta(pd.Series(values, dtype=object)))
        zone = getattr(column, "zone", None)
        found: Any = pd.to_datetime(
            pd.Series(values, dtype=object), format="ISO8601", utc=zone is not None
        )
        if column.holds == "date":
            return found.dt.date.astype(object).where(found.notna(), None)
        return found if zone is None else found.dt.tz_convert(zone)
    except (ValueError, TypeError, OverflowError) as error:
        said = str(error).split(". You")[0].rstrip(".")
        raise DataError(
            f"Column {column.name} is one of {WORDS[column.holds]}: "
            f"{said}. Expected them as ISO 8601 writes them, "
            "such as 2026-05-17, 2026-05-17T12:30:00, 12:30:00 or P1DT2H."
        ) from error


def _array(rows: list[Any], adapter: Adapter) -> np.ndarray:
    """Return nested lists of numbers as an array, NaN for null."""
    try:
        array = np.asarray(rows)
        if array.dtype.kind == "O":
            if not all(map(_is_number, array.ravel())):
                raise ValueError("not all of it is numbers, in lists of one size")
            array = array.astype(np.float64)
        if array.dtype.kind not in "iuf" or _truths(rows):
            raise ValueError("not all of it is numbers")
        return array.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        said = str(error).split(" The detected")[0].rstrip(".")
        raise DataError(f"The rows can't be read: {said}. Expected {expected(adapter)}.") from error


def _truths(rows: list[Any]) -> bool:
    """Return whether there is a truth value among numbers, which numpy takes for one."""
    kinds = set(map(type, rows))
    return bool in kinds or (list in kinds and any(map(_truths, rows)))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def told_frame(frame: Any) -> list[dict[str, Any]]:
    """Return a frame of any library as objects."""
    if isinstance(frame, pd.DataFrame):
        names = [str(name) for name in frame.columns]
        columns = [_values(frame.iloc[:, place]) for place in range(len(names))]
    else:
        native = nw.from_native(frame, eager_only=True)
        names = native.columns
        columns = [[plain(each) for each in native[name].to_list()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: Any) -> list[Any]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iubf":
        return numbers(column.to_numpy())
    return [plain(each) for each in column.tolist()]


def _shown(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", type(None): "null"}
    text = repr(value)
    return kinds.get(type(value), text if len(text) <= 40 else f"{text[:40]}…")


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def refuse_conditions(y: Any, name: str) -> None:
    """Raise `CompositionError` where conditions were given to what knows none."""
    if y is not None:
        raise CompositionError(f'"y" was given, and {name} knows no conditions. Leave it out.')
