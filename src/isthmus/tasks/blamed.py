"""Explanation: which cells of a row make it strange, in the user's own table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from isthmus.adapters import Adapter, Tables
from isthmus.errors import DataError


@dataclass(frozen=True)
class Explanation:
    """What `AnomalyDetector.explain` returns.

    Attributes
    ----------
    blame
        What each cell adds to its row's strangeness, of the kind and the shape of the data: a
        frame for a frame, of one column for each of its own; a number for each pixel, each step.
    expected
        What was expected there, of the kind that was given.
    score
        ``score_samples``, ``(n,)``: minus what the blame of a row adds up to.
    """

    blame: Any
    expected: Any
    score: np.ndarray

    def worst(self, most: int = 5) -> pd.DataFrame:
        """Return the cells with most blame of each row, one a line, the worst first.

        Columns: ``row``, ``column``, ``blame``, ``share`` (of the row's) and ``expected``. The
        column of a pixel, or of a step, is its place in the array.

        Raises
        ------
        DataError
            If rows differ in how many cells they have.
        """
        blame = _plain(self.blame)
        values = blame.to_numpy(dtype=float)
        order = np.argsort(-values, axis=1, kind="stable")[:, :most]
        rows = np.repeat(np.arange(len(values)), order.shape[1])
        places = order.ravel()
        expected = _plain(self.expected)
        told = values[rows, places]
        return pd.DataFrame(
            {
                "row": blame.index.to_numpy()[rows],
                "column": blame.columns.to_numpy()[places],
                "blame": told,
                "share": told / np.maximum(values.sum(axis=1)[rows], 1e-12),
                "expected": [expected.iat[r, c] for r, c in zip(rows, places, strict=True)],
            }
        )


def explained(
    adapter: Adapter, X: Any, blame: Tensor, expected: Tensor, score: np.ndarray
) -> Explanation:
    """Return the blame of cells, ``(n, cells)``, by the columns of ``X``."""
    if isinstance(adapter, Tables):
        columns = [blame[:, cells].sum(1) for _, cells in adapter.cells_]
        blame = torch.stack(columns, dim=1)
    values = blame.double().numpy()
    back = adapter.inverse_transform(expected, like=X)
    if hasattr(back, "columns"):
        return Explanation(_framed(values, back), back, score)
    # Channels come first in a model, and last in the user's data.
    values = np.moveaxis(values.reshape(len(values), *adapter.space_.shape), 1, -1)
    if isinstance(back, np.ndarray):
        return Explanation(values.reshape(back.shape), back, score)
    series = zip(values, back, strict=True)
    return Explanation([each[: len(own)].reshape(own.shape) for each, own in series], back, score)


def _framed(values: np.ndarray, like: Any) -> Any:
    """Return an array as a frame with the columns, the library and the row labels of ``like``."""
    if isinstance(like, pd.DataFrame):
        return pd.DataFrame(values, index=like.index, columns=like.columns)
    return type(like)({name: values[:, place] for place, name in enumerate(like.columns)})


def _plain(table: Any) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    if hasattr(table, "columns"):
        return pd.DataFrame({name: list(table[name]) for name in table.columns})
    if isinstance(table, list):
        raise DataError("Series of several lengths have no table of cells: look at blame itself.")
    places = list(np.ndindex(table.shape[1:])) if table.ndim > 2 else range(table.shape[1])
    columns = pd.Index(places, tupleize_cols=False)
    return pd.DataFrame(table.reshape(len(table), -1), columns=columns)
