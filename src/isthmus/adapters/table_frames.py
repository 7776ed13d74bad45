"""Table frames: values of every kind as a frame of the library, names and dtypes they had."""

import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from isthmus.adapters.base import cast
from isthmus.adapters.dtypes import Dtype, of_narwhals, of_numpy, of_pandas, written
from isthmus.adapters.frames import check_collected, check_columns, check_names, plain_labels
from isthmus.adapters.reading import Holds
from isthmus.errors import DataError


class TableFrame(BaseModel):
    """What kind of frame the data came in: enough to make the like again."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    library: str
    columns: list[str] | list[int]
    dtypes: list[Dtype]

    def filled(self, values: list[np.ndarray], holds: list[Holds], like: Any = None) -> Any:
        """Return ``values``, column by column, as a frame; rows keep the labels of ``like``."""
        each = list(zip(values, holds, self.dtypes, strict=True))
        if self.library == "pandas":
            made = {place: _pandas(*one) for place, one in enumerate(each)}
            frame = pd.DataFrame(made).set_axis(pd.Index(self.columns), axis=1)
            return frame if like is None else frame.set_axis(like.index)
        library: Any = self.library
        series = [
            _other(str(name), *one, library).to_frame()
            for name, one in zip(self.columns, each, strict=True)
        ]
        return nw.concat(series, how="horizontal").to_native()


def table_of(X: Any) -> Any:
    """Return ``X`` as a frame of narwhals, its labels checked.

    Raises
    ------
    DataError
        If it is no table, or its columns can't be told from one another.
    """
    check_collected(X)
    check_names(X)
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        check_columns(frame.columns)
        plain_labels(X.columns if frame.implementation.is_pandas() else frame.columns)
        return frame
    raise DataError(
        f"A {type(X).__name__} was given; expected a table whose columns have names, of pandas, "
        "polars or another library: pd.DataFrame(X, columns=[...]) makes one."
    )


def coded(values: np.ndarray, dtype: pd.CategoricalDtype) -> pd.Categorical:
    """Return values as categories of a dtype of pandas, which may be that of another frame.

    A number is the nearest of them; a text that is none of them is one more.
    """
    every: Any = dtype.categories
    places = every.get_indexer(values)
    if (places < 0).any() and pd.api.types.is_numeric_dtype(every):
        order = every.argsort()
        places = order[every[order].astype(float).get_indexer(values, method="nearest")]
    elif (places < 0).any():
        every = every.append(pd.Index(pd.unique(values[places < 0])))
        places = every.get_indexer(values)
    return pd.Categorical.from_codes(places, dtype=pd.CategoricalDtype(every, dtype.ordered))


def kind_of(frame: Any, columns: list[Any]) -> TableFrame:
    """Return the kind of a frame, of these columns of it."""
    native = frame.to_native()
    pandas = isinstance(native, pd.DataFrame)
    places = [list(native.columns if pandas else frame.columns).index(each) for each in columns]
    return TableFrame(
        library=str(frame.implementation),
        columns=plain_labels(columns),
        dtypes=[written(frame[:, at].to_native(), frame[:, at]) for at in places],
    )


def _pandas(values: np.ndarray, holds: Holds, given: Dtype) -> Any:
    dtype = of_pandas(given)
    if holds == "nothing":
        unknown = np.nan if isinstance(dtype, np.dtype) and dtype.kind == "f" else None
        return pd.Series([unknown] * len(values), dtype=dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(coded(values, dtype))
    zone = getattr(dtype, "tz", None) or _zone(given.name)
    if holds == "moment" and zone is not None:
        index = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(zone)
        return pd.Series(index).astype(dtype)
    if dtype == np.dtype(object) or holds in ("date", "time"):
        return pd.Series(_objects(values, holds), dtype=object).astype(dtype)
    if holds in ("number", "truth"):
        return pd.Series(_numbers(values, given)).astype(dtype)
    return pd.Series(values, dtype=dtype if holds == "text" else None).astype(dtype)


def _other(name: str, values: np.ndarray, holds: Holds, given: Dtype, library: Any) -> Any:
    dtype = of_narwhals(given)
    if holds == "nothing":
        return nw.new_series(name, [None] * len(values), dtype, backend=library)
    if holds in ("number", "truth"):
        plain = _numbers(values, given)
    elif holds in ("text", "time"):
        plain = _objects(values, holds).tolist()
        if given.categories is not None:  # of another frame, which may lack some
            dtype = nw.Enum(list(dict.fromkeys(map(str, [*given.categories, *plain]))))
        text = nw.new_series(
            name, plain, nw.String() if holds == "text" else dtype, backend=library
        )
        return text.cast(dtype)
    else:
        plain = values.astype(f"{values.dtype.kind}8[{given.unit or 'D'}]")
    if given.zone is None:
        return nw.new_series(name, plain, backend=library).cast(dtype)
    series = nw.new_series(name, plain, backend=library)
    return series.dt.replace_time_zone("UTC").dt.convert_time_zone(given.zone)


def _numbers(values: np.ndarray, given: Dtype) -> np.ndarray:
    """Return numbers in the nearest dtype of numpy's; whole ones are as exact as they came."""
    if values.dtype.kind in "iu":
        return values
    return cast(values.astype(np.float64), of_numpy(given.name))


def _objects(values: np.ndarray, holds: Holds) -> np.ndarray:
    """Return values as Python's own objects."""
    if holds == "time":
        since = values.astype("timedelta64[us]").astype(np.int64).tolist()
        start = datetime.datetime.min
        times = [(start + datetime.timedelta(microseconds=each)).time() for each in since]
        return np.array([*times, None], dtype=object)[:-1]
    if holds in ("date", "moment", "duration"):
        unit = "D" if holds == "date" else "us"
        return values.astype(f"{values.dtype.kind}8[{unit}]").astype(object)
    return values.astype(object)


def _zone(name: str) -> str | None:
    """Return the zone in the name of a timestamp of Arrow."""
    return name.partition("tz=")[2].rstrip("]") or None if name.startswith("arrow ") else None
