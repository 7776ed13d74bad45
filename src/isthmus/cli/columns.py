"""Columns: which of a table's columns are for training, and which a model knows."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isthmus.adapters import Adapter, Files, Images, Sequences, Sounds, Tables, Texts
from isthmus.cli import lines, picture_labels
from isthmus.cli.files import Readable
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder

NAMED = 8
"""How many columns an error names."""


@dataclass(frozen=True)
class Data:
    """Data ready for a model.

    Attributes
    ----------
    X
        The rows.
    source
        Where they are from, as people call it.
    labels
        A label for each row, or None.
    left_out
        The columns that a model doesn't know.
    y
        The columns that the rows are conditioned on, or None.
    """

    X: Readable
    source: str
    labels: np.ndarray | None = None
    left_out: Sequence[str] = ()
    y: pd.DataFrame | None = None

    @property
    def row_names(self) -> pd.Index:
        """What each row is called: its name in the table, its file, or its number."""
        if isinstance(self.X, pd.DataFrame | pd.Series):
            return self.X.index
        if isinstance(self.X, np.ndarray):
            return pd.RangeIndex(len(self.X))
        paths = self.X if isinstance(self.X, list) else self.X.paths
        root = os.path.commonpath([path.parent for path in paths])
        names = [path.relative_to(root).as_posix() for path in paths]
        return pd.Index(names, name="file")

    def row(self, number: int) -> Readable:
        """Return one row as data of length one."""
        if not 0 <= number < len(self.X):
            raise DataError(
                f"Row {number} of {self.source} was asked for; it has rows 0 to {len(self.X) - 1}."
            )
        one = slice(number, number + 1)
        if isinstance(self.X, pd.DataFrame | pd.Series):
            return self.X.iloc[one]
        return self.X[one]


def to_learn_from(
    X: Readable,
    source: str,
    label: str | None,
    drop: Sequence[str],
    condition: Sequence[str] = (),
    text: str | None = None,
) -> Data:
    """Return the columns to train on, with the labels and the conditions beside them.

    Where ``text`` names a column, its texts alone are learnt from.

    Raises
    ------
    DataError
        If a column is not there.
    """
    if not isinstance(X, pd.DataFrame):
        if isinstance(X, Files) and not (drop or condition or text):
            return Data(X, source, labels_of(X, label, source))
        if label or drop or condition or text:
            raise DataError(
                f"--label, --drop, --condition and --text name columns of a table; {source} holds "
                f"{_held(X)}. Leave them out."
            )
        return Data(X, source)
    columns = [*drop, *([label] if label else []), *condition]
    _check_there(X, [*columns, *([text] if text else [])], source)
    kept: Any = X.drop(columns=columns)
    # Coloured by their only condition, codes show what it left to them.
    label = label or (condition[0] if len(condition) == 1 else None)
    if not len(kept.columns):
        raise DataError(f"No column of {source} is left to learn from. Drop fewer of them.")
    y = X.loc[:, list(condition)] if condition else None
    kept = X[text] if text else kept
    return Data(kept, source, X[label].to_numpy() if label else None, y=y)


def labels_of(X: Readable, label: str | None, source: str) -> np.ndarray | None:
    """Return the label of each row, as a column of the table has it, or a picture's place."""
    if label is None:
        return None
    if isinstance(X, Files):
        return picture_labels.labels_of(X, label, Path(source))
    if not isinstance(X, pd.DataFrame):
        raise DataError(f"--label names a column of a table; {source} is none. Leave it out.")
    _check_there(X, [label], source)
    return X[label].to_numpy()


def known_to(model: BaseAutoencoder, X: Readable, source: str) -> Data:
    """Return the columns that the model was fitted to, in its order.

    Raises
    ------
    DataError
        If some are missing, or the data are of another kind than the model's.
    """
    _check_kind(model, X, source)
    adapter = model.adapter_
    if isinstance(adapter, Tables | Texts) and isinstance(X, pd.DataFrame):
        wanted = adapter.columns_ if isinstance(adapter, Tables) else [lines.column_of(adapter)]
        known = by_name(X, wanted, conditions_of(model), source)
        return known if isinstance(adapter, Tables) else replace(known, X=X[wanted[0]])
    if isinstance(adapter, Images | Sounds | Texts | Sequences):
        # The adapter itself says what else may be wrong with an array.
        return Data(X, source)
    names = [str(name) for name in getattr(model, "feature_names_in_", ())]
    if isinstance(X, pd.DataFrame) and names:
        known = by_name(X, names, conditions_of(model), source)
        return replace(known, X=_numbers(X.loc[:, names], source))
    assert isinstance(X, pd.DataFrame | np.ndarray)  # or _check_kind had refused
    expected: int = model.n_features_in_  # pyright: ignore[reportAttributeAccessIssue]
    if X.shape[1] != expected:
        raise DataError(
            f"{source} has {X.shape[1]} columns; the model was fitted to {expected}. "
            "Give it the same columns in the same order."
        )
    values: Any = _numbers(X, source).to_numpy() if isinstance(X, pd.DataFrame) else X
    return Data(pd.DataFrame(values, columns=names) if names else values, source)


def _check_kind(model: BaseAutoencoder, X: Readable, source: str) -> None:
    """Raise `DataError` where data are of another kind than those that a model was fitted to."""
    table, array = isinstance(X, pd.DataFrame), isinstance(X, np.ndarray)
    axes = X.ndim if isinstance(X, np.ndarray) else 0
    columns = model.codec_.space.size
    takes: list[tuple[type[Adapter], bool, str]] = [
        (
            Images,
            isinstance(X, Files) or axes > 2,
            f"pictures of {_size(model)} pixels. Give it such pictures",
        ),
        (Sounds, isinstance(X, list), "sounds. Give it a folder of WAV or FLAC files"),
        (
            Texts,
            isinstance(X, pd.Series) or table,
            "texts. Give it a .txt file of one text a line, or a CSV or Parquet file",
        ),
        (
            Sequences,
            array,
            "series. Give it a .npy file of such: (n, steps, channels) or (n, steps)",
        ),
        (Tables, table, "a table of columns of many kinds. Give it a CSV or Parquet file"),
        (Adapter, table or axes == 2, f"a table of {columns} columns. Give it such a table"),
    ]
    fits, said = next((fits, said) for cls, fits, said in takes if isinstance(model.adapter_, cls))
    if not fits:
        raise DataError(f"{source} holds {_held(X)}; the model was fitted to {said}.")


def conditions_of(model: BaseAutoencoder) -> list[str]:
    """Return the names of the columns that the model's rows are conditioned on."""
    return list(model.condition_.columns_) if model.condition_ else []


def condition_from(model: BaseAutoencoder, texts: Sequence[str], option: str) -> dict[str, Any]:
    """Read ``COLUMN=VALUE`` texts as a condition, each value as the model knows it.

    Raises
    ------
    DataError
        If the model has no such column, or the text is no such pair.
    """
    names = conditions_of(model)
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name not in names:
            expected = " and ".join(f"{each}=VALUE" for each in names)
            raise DataError(
                f"{option} {text!r} was given; expected "
                f"{expected or 'none: the model is not conditional. Leave it out'}."
            )
        known = getattr(model.condition_.columns_[name], "known", ()) if model.condition_ else ()
        found[name] = next((label for label in known if str(label) == value), value)
    return found


def by_name(X: pd.DataFrame, names: Sequence[str], conditions: Sequence[str], source: str) -> Data:
    """Return the columns of these names, in their order, with the conditions beside them."""
    missing = [name for name in names if name not in X.columns]
    if missing:
        found = [str(name) for name in X.columns]
        free = set(found) - set(names)
        raise DataError(
            f"{source} lacks {len(missing)} of the model's {len(names)} columns: "
            f"{_listed(missing)}. It has {_listed(found)}{_likely(missing, free)}. Name its "
            "columns as they were in fit."
        )
    left_out = [str(name) for name in X.columns if name not in [*names, *conditions]]
    there = [name for name in conditions if name in X.columns]
    y = X.loc[:, there] if there else None
    return Data(X.loc[:, list(names)], source, left_out=left_out, y=y)


def _held(X: Readable) -> str:
    """Return what data hold."""
    if isinstance(X, pd.DataFrame):
        return "a table"
    if isinstance(X, list):
        return "sounds"
    if isinstance(X, pd.Series):
        return "texts, one a line"
    return "pictures" if isinstance(X, Files) else "an array"


def _numbers(X: pd.DataFrame, source: str) -> pd.DataFrame:
    if others := _not_numbers(X):
        raise DataError(f"{_counted(others, X, source)} The model was fitted to numbers there.")
    return X


def _not_numbers(X: pd.DataFrame) -> list[str]:
    return [
        str(name) for name, dtype in X.dtypes.items() if not pd.api.types.is_numeric_dtype(dtype)
    ]


def _counted(others: Sequence[str], X: pd.DataFrame, source: str) -> str:
    kinds = [f"{name} ({X.dtypes[name]})" for name in others]
    return (
        f"{len(others)} of {len(X.columns)} columns of {source} "
        f"{'does' if len(others) == 1 else 'do'} not hold numbers: {_listed(kinds)}."
    )


def _check_there(X: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    found = [str(name) for name in X.columns]
    missing = [name for name in columns if name not in found]
    if missing:
        raise DataError(
            f"{source} has no column {_listed(missing)}; it has {_listed(found)}"
            f"{_likely(missing, set(found) - set(columns))}."
        )


def _size(model: BaseAutoencoder) -> str:
    return " x ".join(str(side) for side in model.codec_.space.shape[1:])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _likely(missing: Sequence[str], free: set[str]) -> str:
    close = [get_close_matches(name, sorted(free), n=1) for name in missing]
    pairs = [f"{near[0]} for {name}" for name, near in zip(missing, close, strict=True) if near]
    return f" (perhaps {_listed(pairs)})" if pairs else ""
