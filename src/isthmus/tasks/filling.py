"""Filling: the user's own tables, opened for a model, and closed with their holes filled."""

from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy.sparse import issparse
from torch import Tensor

from isthmus.adapters import Tables, plain
from isthmus.adapters.columns import Number
from isthmus.adapters.frames import check_collected
from isthmus.adapters.table_frames import coded
from isthmus.errors import CompositionError, DataError


def opened(X: Any, missing: Any = None, names: list[Any] | None = None) -> Any:
    """Return ``X`` as a frame: one as it is, rows and arrays with their columns numbered.

    Parameters
    ----------
    X
        A frame, an array or a list of rows.
    missing
        What stands for a hole, beside NaN, None, NaT and NA: a text, a number, or a list of such.
    names
        What the columns are called, where ``X`` doesn't say.
    """
    check_collected(X)
    marks = _marks(missing)
    frame = X
    if not hasattr(X, "columns"):
        frame = pd.DataFrame(values_of(X)).infer_objects()
        if names is not None and len(names) == frame.shape[1]:
            frame = frame.set_axis(names, axis=1)
    return _emptied(frame, marks) if marks else frame


def values_of(X: Any) -> np.ndarray:
    """Return rows as an array ``(n, columns)``: of objects where they are of several kinds.

    Raises
    ------
    DataError
        If they are no table.
    """
    if issparse(X):
        raise DataError("Sparse data were given; expected dense ones: give X.toarray().")
    values: Any = X
    if isinstance(X, list | tuple):
        rows: list[Any] = [*X]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        cells = [cell for row in rows if isinstance(row, list | tuple) for cell in row]  # pyright: ignore[reportUnknownVariableType]
        mixed = any(cell is None or isinstance(cell, str) for cell in cells)
        values = np.array(rows, dtype=object) if mixed else rows
    values = np.asarray(plain(values))
    if values.ndim != 2:
        raise DataError(
            f"Data of shape {values.shape} were given. Reshape your data: expected 2D, a table "
            "of rows and columns, (n, columns)."
        )
    if not values.shape[1]:
        raise DataError(
            f"Found array with 0 feature(s) (shape={values.shape}) while a minimum of 1 is "
            "required: expected columns."
        )
    if values.dtype.kind == "c":
        raise DataError("Complex data not supported: give their real and imaginary parts.")
    return values


def closed(X: Any, frame: Any, adapter: Tables, x: Tensor, observed: Tensor, rounded: bool) -> Any:
    """Return ``X`` with what ``x`` says in its holes, and all else as it was.

    Parameters
    ----------
    X
        What the user gave.
    frame
        The same, `opened`.
    adapter
        What makes values of cells.
    x, observed
        The filled cells, and which of them were known, ``(n, cells)``.
    rounded
        Whether whole numbers come back whole, and others with as many decimals as all had in
        training, also in columns of floats.
    """
    told = _told(frame, adapter, x, rounded)
    holes = {
        name: ~observed[:, cells.start].numpy()
        for name, cells in adapter.cells_
        if cells.stop > cells.start and not bool(observed[:, cells.start].all())
    }
    places = {str(name): place for place, name in enumerate(frame.columns)}
    if not hasattr(X, "columns"):
        return _array(
            values_of(X), {places[name]: (hole, told[name]) for name, hole in holes.items()}
        )
    if isinstance(frame, pd.DataFrame):
        filled = frame.copy()
        for name, hole in holes.items():
            at = places[name]
            made = joined(frame.iloc[:, at], pd.Series(told[name]).set_axis(frame.index), hole)
            filled[frame.columns[at]] = _as_it_was(made, X.dtypes.iloc[at])
        return filled
    native = nw.from_native(frame, eager_only=True)
    return native.with_columns(
        _series(native[name], told[name], hole) for name, hole in holes.items()
    ).to_native()


def _as_it_was(column: Any, dtype: Any) -> Any:
    """Return whole numbers in the dtype that they had before marks among them became holes."""
    if isinstance(dtype, np.dtype) and dtype.kind in "iu" and column.dtype.kind in "iu":
        return column if column.isna().any() else column.astype(dtype)
    return column


def joined(column: Any, values: Any, hole: np.ndarray) -> Any:
    """Return a column of pandas with ``values`` in its holes, of its own dtype if that holds them.

    A dtype of categories gets those that it lacks; a column of nothing but holes, whose dtype
    tells nothing, becomes one of ``values``, and one too narrow as wide as they are.
    """
    put = values[hole]
    try:
        if isinstance(column.dtype, pd.CategoricalDtype):
            put = pd.Series(coded(np.asarray(put), column.dtype), index=put.index)
            column = column.cat.set_categories(put.cat.categories)
        put = put.astype(column.dtype)
    except (TypeError, ValueError):
        if hole.all():
            return values
        column = column.astype(values.dtype)
    made = column.copy()
    made.iloc[np.flatnonzero(hole)] = put.array
    return made


def _told(frame: Any, adapter: Tables, x: Tensor, rounded: bool) -> dict[str, Any]:
    """Return each column's values."""
    made = nw.from_native(adapter.inverse_transform(x, like=frame), eager_only=True)
    given = nw.from_native(frame, eager_only=True)
    dtypes = {str(name): given[:, at].dtype for at, name in enumerate(frame.columns)}
    told: dict[str, Any] = {}
    for at, (column, (name, cells)) in enumerate(zip(adapter.fitted_, adapter.cells_, strict=True)):
        told[name] = made[:, at].to_native()
        if isinstance(column, Number) and dtypes[name].is_float() and not rounded:
            told[name] = column.scale.back(x[:, cells.start].double().numpy())
    return told


def _array(values: np.ndarray, told: dict[int, tuple[np.ndarray, Any]]) -> np.ndarray:
    filled = values.copy()
    for place, (hole, column) in told.items():
        put = np.asarray(column)[hole]
        if filled.dtype.kind == "U":  # as long as the longest text
            put = put.astype(str)
            filled = filled.astype(np.promote_types(filled.dtype, put.dtype))
        filled[hole, place] = put
    return filled


def _series(column: Any, values: Any, hole: np.ndarray) -> Any:
    library = column.implementation
    if isinstance(values, np.ndarray):
        made = nw.new_series(column.name, values, backend=library)
    else:
        made = nw.from_native(values, series_only=True).alias(column.name)
    if hole.all() and not (column.dtype.is_numeric() and made.dtype.is_numeric()):
        return made  # the dtype of nothing but holes tells nothing
    if column.dtype == nw.Enum:
        both = [*column.dtype.categories, *made.cast(nw.String()).unique().to_list()]
        column = column.cast(nw.Enum(list(dict.fromkeys(both))))
    known = nw.new_series("known", ~hole, nw.Boolean(), backend=library)
    return column.zip_with(known, made.cast(column.dtype))


def _marks(missing: Any) -> list[Any]:
    """Return what stands for holes, but for what does so anyway."""
    marks: list[Any] = list(missing) if isinstance(missing, list | tuple) else [missing]
    for each in marks:
        if not (each is None or each is pd.NA or isinstance(each, str | Real)):
            raise CompositionError(
                f"missing_values={missing!r} was given; expected a text, a number, or a list of "
                "such, as in Imputer(missing_values='?')."
            )
    return [each for each in marks if not pd.isna(each)]


def _emptied(X: Any, marks: list[Any]) -> Any:
    """Return the frame with holes where one of the ``marks`` stands, columns of what is left."""
    if isinstance(X, pd.DataFrame):
        emptied = X.copy()
        for at, name in enumerate(X.columns):
            there = X.iloc[:, at].isin(marks)
            if there.any():
                emptied[name] = _holed(X.iloc[:, at], there)
        return emptied
    frame = nw.from_native(X, eager_only=True)
    texts = [each for each in marks if isinstance(each, str)]
    numbers = [float(each) for each in marks if not isinstance(each, str)]
    kept: list[Any] = []
    for name, dtype in frame.schema.items():
        if dtype.is_numeric():
            marked = nw.col(name).cast(nw.Float64()).is_in(numbers)
        elif dtype in (nw.String, nw.Categorical, nw.Enum):
            marked = nw.col(name).cast(nw.String()).is_in(texts)
        else:
            continue
        kept.append(nw.when(~marked).then(nw.col(name)).alias(name))
    return frame.with_columns(kept).to_native()


def _holed(column: Any, there: Any) -> Any:
    """Return a column of pandas with holes; whole numbers stay whole, objects are what is left."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return column.astype(f"{'U' * (column.dtype.kind == 'u')}Int64").mask(there)
    if column.dtype == np.dtype(object):
        return column.mask(there, None).infer_objects()
    return column.mask(there)
