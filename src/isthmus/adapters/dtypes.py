"""Dtypes: what a library calls a kind of column, as plain data, and back."""

import re
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

LOGICAL = ("string", "large_string", "bool", "double", "float", "null")
"""Types of Arrow that pandas reads as its own, or not at all, from their names."""


NATURAL = {
    "number": ("float64", "Float64"),
    "truth": ("bool", "Boolean"),
    "text": ("str", "String"),
    "date": ("object", "Date"),
    "moment": ("datetime64[us]", "Datetime"),
    "time": ("object", "Time"),
    "duration": ("timedelta64[us]", "Duration"),
    "nothing": ("object", "Unknown"),
}
"""What pandas calls a dtype of such values, and what narwhals does."""


class Dtype(BaseModel):
    """A dtype as plain data.

    Attributes
    ----------
    name
        As pandas writes it, ``"arrow …"`` for Arrow's there, or as narwhals does elsewhere.
    unit, zone
        Those of moments and durations, where the library is not pandas.
    categories, ordered, inner
        The categories of one that lists them, whether their order counts, and their own dtype.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    unit: str | None = None
    zone: str | None = None
    categories: list[str] | list[bool] | list[int] | list[float] | None = None
    ordered: bool = False
    inner: str = "object"


def written(native: Any, column: Any) -> Dtype:
    """Return the dtype of a column, which narwhals knows as ``column``."""
    if isinstance(native, pd.Series):
        return _pandas_written(native.dtype)
    dtype = column.dtype
    return Dtype(
        name=type(dtype).__name__,
        unit=getattr(dtype, "time_unit", None),
        zone=getattr(dtype, "time_zone", None),
        categories=list(dtype.categories) if dtype == nw.Enum else None,
    )


def natural(holds: str, zone: str | None, library: str) -> Dtype:
    """Return a dtype for what a column holds, where its own tells nothing."""
    pandas, other = NATURAL[holds]
    if library == "pandas":
        return Dtype(name=f"datetime64[us, {zone}]" if zone else pandas)
    return Dtype(name=other, unit="us" if holds in ("moment", "duration") else None, zone=zone)


def of_pandas(given: Dtype) -> Any:
    """Return the dtype of pandas that was written."""
    name = given.name
    if name == "category":
        inner = of_pandas(Dtype(name=given.inner))
        return pd.CategoricalDtype(pd.Index(given.categories or [], dtype=inner), given.ordered)
    if name.startswith("arrow "):
        return _arrow(name.removeprefix("arrow "))
    if found := re.fullmatch(r"string\[(\w+)\]", name):
        return pd.StringDtype(found[1])
    return pd.api.types.pandas_dtype(name)


def of_narwhals(given: Dtype) -> Any:
    """Return the dtype of narwhals that was written; None where nothing was known of it."""
    if given.name == "Unknown":
        return None
    kind: Any = getattr(nw, given.name)
    if given.name == "Enum":
        return kind(given.categories)
    if given.name == "Datetime":
        return kind(given.unit, given.zone)
    return kind(given.unit) if given.name == "Duration" else kind()


def of_numpy(name: str) -> np.dtype[Any]:
    """Return the numpy dtype nearest to a library's name of one: Int64, float, boolean, …"""
    plain = name.lower().removeprefix("arrow ").replace("boolean", "bool")
    try:
        return np.dtype(plain)
    except TypeError:
        return np.dtype(np.float64)


def _pandas_written(dtype: Any) -> Dtype:
    if isinstance(dtype, pd.CategoricalDtype):
        return Dtype(
            name="category",
            categories=list(dtype.categories.tolist()),
            ordered=bool(dtype.ordered),
            inner=_pandas_written(dtype.categories.dtype).name,
        )
    if isinstance(dtype, pd.ArrowDtype):
        return Dtype(name=f"arrow {dtype.pyarrow_dtype}")
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        return Dtype(name=f"string[{dtype.storage}]")
    return Dtype(name=str(dtype))


def _arrow(name: str) -> Any:
    import pyarrow as pa

    if found := re.fullmatch(r"dictionary<values=(\w+), indices=(\w+), ordered=(\d)>", name):
        values, indices, ordered = found.groups()
        kinds = pa.type_for_alias(indices), pa.type_for_alias(values)
        return pd.ArrowDtype(pa.dictionary(*kinds, ordered == "1"))
    if name in LOGICAL:
        return pd.ArrowDtype(pa.type_for_alias(name))
    return pd.api.types.pandas_dtype(f"{name}[pyarrow]")
