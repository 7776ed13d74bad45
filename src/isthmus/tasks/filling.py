"""Filling: the user's own tables, opened for a model, and closed with their holes filled."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy.sparse import issparse
from torch import Tensor

from isthmus.adapters import Tables, plain
from isthmus.adapters.columns import Number
from isthmus.adapters.frames import check_collected
from isthmus.errors import DataError


def opened(X: Any, missing: Any = None, names: list[Any] | None = None) -> Any:
    """Return ``X`` as a frame: one as it is, rows and arrays with their columns numbered.

    Parameters
    ----------
    X
        A frame, an array or a list of rows.
    missing
        What stands for a hole, beside NaN, None, NaT and NA.
    names
        What the columns are called, where ``X`` doesn't say.
    """
    check_collected(X)
    frame = X
    if not hasattr(X, "columns"):
        frame = pd.DataFrame(values_of(X)).infer_objects()
        if names is not None and len(names) == frame.shape[1]:
            frame = frame.set_axis(names, axis=1)
    return frame if missing is None else _emptied(frame, missing)


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
            column = frame.iloc[:, places[name]]
            values = pd.Series(told[name]).set_axis(frame.index).astype(column.dtype)
            filled[frame.columns[places[name]]] = column.where(~hole, values)
        return filled
    native = nw.from_native(frame, eager_only=True)
    return native.with_columns(
        _series(native[name], told[name], hole) for name, hole in holes.items()
    ).to_native()


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
    if filled.dtype.kind in "fO":  # in whole numbers and texts there are no holes
        for place, (hole, column) in told.items():
            filled[hole, place] = np.asarray(column)[hole]
    return filled


def _series(column: Any, values: Any, hole: np.ndarray) -> Any:
    library = column.implementation
    if isinstance(values, np.ndarray):
        made = nw.new_series(column.name, values, backend=library)
    else:
        made = nw.from_native(values, series_only=True)
    known = nw.new_series("known", ~hole, nw.Boolean(), backend=library)
    return column.zip_with(known, made.cast(column.dtype))


def _emptied(X: Any, missing: Any) -> Any:
    """Return the frame with holes where ``missing`` stands, columns of what is left."""
    if isinstance(X, pd.DataFrame):
        emptied = X.copy()
        for name, column in X.items():
            there = column.astype(object) == missing
            if there.any():
                emptied[name] = column.astype(object).mask(there, None).infer_objects()
        return emptied
    frame = nw.from_native(X, eager_only=True)
    texts = [name for name in frame.columns if frame[name].dtype == nw.String]
    holes = [nw.when(nw.col(name) != missing).then(nw.col(name)).alias(name) for name in texts]
    return frame.with_columns(holes).to_native()
