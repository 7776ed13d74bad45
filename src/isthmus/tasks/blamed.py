"""Explanation: which cells of a row make it strange, in the user's own table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from isthmus.adapters import Adapter, Tables
from isthmus.space import Image


@dataclass(frozen=True)
class Explanation:
    """What `AnomalyDetector.explain` returns.

    Attributes
    ----------
    blame
        What each cell adds to its row's strangeness: a frame for a frame, of one column for each
        of its own; else an array of the shape of the data, channels first where there are several.
    expected
        What was expected there, of the kind that was given.
    score
        ``score_samples``, ``(n,)``: minus what the blame of a row adds up to.
    """

    blame: Any
    expected: Any
    score: np.ndarray

    def worst(self, most: int = 5) -> pd.DataFrame:
        """Return the cells with most blame of each row of a table, one a line, the worst first.

        Columns: ``row``, ``column``, ``blame``, ``share`` (of the row's) and ``expected``.
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
    if isinstance(back, np.ndarray) and back.size == values.size and not _in_colour(adapter):
        return Explanation(values.reshape(back.shape), back, score)
    return Explanation(values.reshape(len(values), *adapter.space_.shape), back, score)


def _in_colour(adapter: Adapter) -> bool:
    return isinstance(adapter.space_, Image) and adapter.space_.channels > 1


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
    return pd.DataFrame(np.asarray(table))
