"""Libraries: frames of pandas or polars as Arrow tables, and just those frames again.

What Arrow forgets of a frame goes along in the table's metadata.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from isthmus.errors import DataError
from isthmus.tasks.coding.dictionaries import arrow

KEY = b"isthmus"


def exact(X: Any) -> Any:
    """Return a frame as an Arrow table of which `native` makes it again.

    Raises
    ------
    DataError
        If there is no such table, or ``X`` is no frame.
    """
    pa = arrow()
    try:
        if isinstance(X, pa.Table):
            return X
        if not isinstance(X, pd.DataFrame):
            return _telling(X.to_arrow(), {"library": "polars"})
        table = pa.Table.from_pandas(X)
        told = {"library": "pandas", **_forgotten(X, table.to_pandas())}
    except (AttributeError, OverflowError, pa.ArrowException) as error:
        raise DataError(
            f"A {type(X).__name__} was given that Arrow can't hold: {error} Expected a table of "
            "pandas or polars, with values of one kind in each column."
        ) from error
    return _telling(table, told)


def native(table: Any) -> Any:
    """Return an Arrow table as the frame that it came from."""
    told = json.loads((table.schema.metadata or {}).get(KEY, b"{}"))
    match told.get("library"):
        case "pandas":
            return _pandas(table, told)
        case "polars":
            import polars as pl

            return pl.from_arrow(table)
        case _:
            return table


def check_same(X: Any, back: Any) -> None:
    """Raise `DataError` where the frame that would come back is another."""
    same = type(X) is type(back) and bool(X.equals(back)) and _labels(X) == _labels(back)
    if not same:
        raise DataError(
            f"This {type(X).__name__} would not come back as it is: it holds what Arrow tells "
            "otherwise, such as lists, or None beside NaN in one column. Bring its columns to "
            "plain numbers, texts, truth values, dates or categories."
        )


def _labels(X: Any) -> list[Any]:
    """Return the names, dtypes and index of a frame, to compare."""
    if not isinstance(X, pd.DataFrame):
        return [X.schema]
    index = X.index
    return [list(X.columns), X.columns.dtype, list(X.dtypes), index.dtype, list(index.names)]


def _telling(table: Any, told: dict[str, Any]) -> Any:
    held = table.schema.metadata or {}
    return table.replace_schema_metadata({**held, KEY: json.dumps(told)})


def _forgotten(X: pd.DataFrame, back: pd.DataFrame) -> dict[str, Any]:
    """Return what of ``X`` is otherwise in ``back``: which labels and columns are objects."""
    columns: dict[int, str] = {}
    for place, dtype in enumerate(X.dtypes):
        if isinstance(dtype, pd.ArrowDtype):
            columns[place] = "arrow"
            continue
        given, found = X.iloc[:, place], back.iloc[:, place]
        if is_object_dtype(dtype) and not (is_object_dtype(found) and given.equals(found)):
            holes = given[given.isna()]
            columns[place] = "NaN" if any(isinstance(each, float) for each in holes) else "None"
    labels = [
        name
        for name in ("index", "columns")
        if is_object_dtype(getattr(X, name)) and not is_object_dtype(getattr(back, name))
    ]
    return {"objects": columns, "labels": labels}


def _pandas(table: Any, told: dict[str, Any]) -> pd.DataFrame:
    frame = table.to_pandas()
    for place, how in told["objects"].items():
        column = table.column(int(place))
        if how == "arrow":
            values: Any = pd.arrays.ArrowExtensionArray(column)
        else:
            hole = np.nan if how == "NaN" else None
            plain = [hole if each is None else each for each in column.to_pylist()]
            values = pd.Series(plain, index=frame.index, dtype=object)
        frame.isetitem(int(place), values)
    for name in told["labels"]:
        setattr(frame, name, getattr(frame, name).astype(object))
    return frame
