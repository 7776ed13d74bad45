"""Operations of tasks: strange rows found and explained, holes filled."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from isthmus.errors import DataError
from isthmus.ranges import whole
from isthmus.serving import records
from isthmus.serving.limits import Limits
from isthmus.serving.operations import NUMBER, OnRows, Operation, Ready, check_rows, check_size
from isthmus.space import Batch
from isthmus.tasks.anomaly import AnomalyDetector
from isthmus.tasks.blamed import Explanation
from isthmus.tasks.imputation import Imputer

CELLS = 1_000
"""How many cells of a row are explained at most."""


class Detected(OnRows):
    """What `AnomalyDetector` says of each row."""

    name = "score"
    summary = "Say how normal each row is: higher is more normal."

    def __init__(self, detector: AnomalyDetector, limits: Limits) -> None:
        super().__init__(detector.adapter_, limits)
        self.detector = detector

    def of(self, batch: Batch) -> Tensor:
        return -self.detector.panel_.total(batch)

    def told(self, ready: Ready, found: Tensor) -> dict[str, Any]:
        return {"scores": records.numbers(found.numpy())}

    def schema(self) -> dict[str, Any]:
        return {"scores": {"type": "array", "items": NUMBER}}


class Detect(Detected):
    """Which rows are anomalies, and if asked which of their cells make them so."""

    name = "detect"
    summary = "Say which rows are anomalies, and which of their cells make them so."

    def __init__(self, detector: AnomalyDetector, limits: Limits) -> None:
        super().__init__(detector, limits)
        told = "How many cells of each row to blame, the worst first."
        kind = {"type": "integer", "minimum": 0, "maximum": CELLS, "default": 0}
        self.fields["explain"] = kind | {"description": told}

    def prepare(self, asked: dict[str, Any]) -> Ready:
        whole("explain", asked.get("explain", 0), 0, CELLS, example='"explain": 3')
        return super().prepare(asked)

    def told(self, ready: Ready, found: Tensor) -> dict[str, Any]:
        threshold = float(self.detector.offset_)
        made: list[dict[str, Any]] = [
            {"score": score, "anomaly": score - threshold < 0} for score in found.tolist()
        ]
        if most := ready.asked.get("explain", 0):
            told = self.detector.explain(ready.X)
            for each, cells in zip(made, self._cells(ready, told, most), strict=True):
                each["cells"] = cells
        return {"rows": made, "threshold": threshold}

    def schema(self) -> dict[str, Any]:
        cell = {
            "column": {"type": ["string", "array"]},
            "value": {},
            "expected": {},
            "blame": NUMBER,
            "share": NUMBER,
        }
        cells = {"type": "array", "items": {"type": "object", "properties": cell}}
        row = {"score": NUMBER, "anomaly": {"type": "boolean"}, "cells": cells}
        rows = {"type": "array", "items": {"type": "object", "properties": row}}
        return {"rows": rows, "threshold": NUMBER}

    def _cells(self, ready: Ready, told: Explanation, most: int) -> list[list[dict[str, Any]]]:
        """Return the cells with most blame of each row; one of an array is called by its place."""
        if isinstance(told.blame, pd.DataFrame):
            names: list[Any] = [str(name) for name in told.blame.columns]
            values, expected = _frame_cells(ready.X), _frame_cells(told.expected)
        else:
            places = np.ndindex(*np.shape(told.blame)[1:])
            names = [str(*place) if len(place) == 1 else list(place) for place in places]
            values, expected = (_array_cells(each, told.blame) for each in (ready.X, told.expected))
        blame = np.asarray(told.blame, dtype=np.float64).reshape(ready.rows, -1)
        return [
            _worst(row, names, most, values and values[at], expected and expected[at])
            for at, row in enumerate(blame)
        ]


class Impute(Operation):
    """Holes filled: by what is likeliest, or by several draws of what may have been."""

    name = "impute"
    summary = "Fill the holes of each row by what is known of it."

    def __init__(self, imputer: Imputer, limits: Limits) -> None:
        self.imputer, self.limits = imputer, limits
        self.adapter = imputer.adapter_
        self.named = hasattr(imputer, "feature_names_in_")
        rows = {"type": "array", "minItems": 1, "maxItems": limits.max_rows}
        self.fields = {
            "rows": rows | {"items": self._row()},
            "draws": {"type": "integer", "minimum": 1, "description": "Draw so many tables."},
            "random_state": {"type": "integer", "minimum": 0},
        }

    def prepare(self, asked: dict[str, Any]) -> Ready:
        self.check(asked, ["rows"])
        rows = asked["rows"]
        check_rows(rows, self.limits)
        draws = asked.get("draws")
        if draws is not None:
            whole(
                "draws", draws, 1, self.limits.max_rows // max(1, len(rows)), example='"draws": 5'
            )
            check_size(draws * len(rows), self.adapter)
        if asked.get("random_state") is not None:
            whole("random_state", asked["random_state"], 0, 2**31 - 1, example='"random_state": 1')
        X = records.taken(self.adapter, rows if self.named else self._called(rows))
        self.adapter.rows(X)  # what is wrong with it is said to whom it belongs to
        return Ready(len(rows), asked, X)

    def answers(self, many: Sequence[Ready]) -> list[dict[str, Any]]:
        filled = [place for place, each in enumerate(many) if each.asked.get("draws") is None]
        found: dict[int, dict[str, Any]] = {}
        if filled:
            whole = self.imputer.transform(pd.concat([many[place].X for place in filled]))
            first = 0
            for place in filled:
                end = first + many[place].rows
                found[place] = {"rows": self._told(whole.iloc[first:end])}
                first = end
        for place, each in enumerate(many):
            if place not in found:
                seed = each.asked.get("random_state")
                tables = self.imputer.sample(each.X, each.asked["draws"], random_state=seed)
                found[place] = {"tables": [self._told(table) for table in tables]}
        return [found[place] for place in range(len(many))]

    def schema(self) -> dict[str, Any]:
        rows = {"type": "array", "items": self._row()}
        return {"rows": rows, "tables": {"type": "array", "items": rows}}

    def _row(self) -> dict[str, Any]:
        if self.named:
            return records.schema(self.adapter)
        return {"type": "array", "items": {"type": ["number", "string", "boolean", "null"]}}

    def _called(self, rows: Any) -> Any:
        """Return lists as objects: a table that was an array in training has no names."""
        names = self.adapter.columns_
        if not isinstance(rows, list):
            return rows
        for place, row in enumerate(rows):
            if not isinstance(row, list) or len(row) != len(names):
                said = f"has {len(row)} values" if isinstance(row, list) else "is no list"
                raise DataError(
                    f"Row {place} {said}; expected a list of {len(names)} values, null for a hole."
                )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _told(self, table: pd.DataFrame) -> list[Any]:
        made = records.told(self.adapter, table)
        return made if self.named else [list(each.values()) for each in made]


def _frame_cells(frame: Any) -> list[list[Any]]:
    return [list(row.values()) for row in records.told_frame(frame)]


def _array_cells(values: Any, blame: Any) -> list[list[Any]] | None:
    """Return the cells of each row; None where blame lies in another order, as of colours."""
    if not isinstance(values, np.ndarray) or values.shape != np.shape(blame):
        return None
    return records.numbers(values.reshape(len(values), -1))


def _worst(
    blame: np.ndarray, names: list[Any], most: int, values: Any, expected: Any
) -> list[dict[str, Any]]:
    total = max(float(blame.sum()), 1e-12)
    made: list[dict[str, Any]] = []
    for at in np.argsort(-blame, kind="stable")[:most].tolist():
        there = {} if values is None else {"value": values[at], "expected": expected[at]}
        amount = float(blame[at])
        made.append({"column": names[at], **there, "blame": amount, "share": amount / total})
    return made
