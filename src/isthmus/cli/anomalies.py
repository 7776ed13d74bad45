"""Anomalies: what ``detect`` and ``explain`` do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import RenderableType

from isthmus.cli import files, opening, screen, texts
from isthmus.cli.opening import Places
from isthmus.cli.rows import Chosen
from isthmus.cli.screen import Answer
from isthmus.report.frames import said
from isthmus.report.tasks import write_detection
from isthmus.tasks.anomaly import AnomalyDetector

WORST, EXACT = 2, 6
"""How many of a row's cells the reason names, at most, and with how many digits."""
MUCH = 0.2
"""What share of the blame a cell must have to be named beside the worst."""


@dataclass(frozen=True)
class Ranked:
    """Rows as a detector sees them.

    Attributes
    ----------
    detector, X
        What sees, and what it sees.
    score
        Of each row: higher is more normal.
    """

    detector: AnomalyDetector
    X: pd.DataFrame
    score: np.ndarray

    @property
    def flagged(self) -> np.ndarray:
        """Which rows are called anomalies."""
        return self.score < self.detector.offset_

    def strangest(self, most: int) -> np.ndarray:
        """Return the places of the rows with the lowest scores, the lowest first."""
        return np.argsort(self.score, kind="stable")[:most]

    def worst(self, places: np.ndarray, most: int = WORST) -> list[list[dict[str, Any]]]:
        """Return the cells with most blame in each of these rows, the worst first."""
        if not len(places):
            return []
        told = self.detector.explain(self.X.iloc[places])
        names = [str(name) for name in told.blame.columns]
        blame = told.blame.to_numpy(dtype=np.float64)
        order = np.argsort(-blame, axis=1, kind="stable")[:, :most]
        total = np.maximum(blame.sum(1), 1e-12)
        return [
            [
                {
                    "column": names[at],
                    "value": _plain(self.X[names[at]].iloc[place]),
                    "expected": _plain(told.expected.iat[row, at]),
                    "blame": float(blame[row, at]),
                    "share": float(blame[row, at] / total[row]),
                }
                for at in order[row].tolist()
            ]
            for row, place in enumerate(places.tolist())
        ]


def fitted(chosen: Chosen, settings: dict[str, Any]) -> Ranked:
    """Fit a detector to a table, and rank its rows."""
    detector = AnomalyDetector(**settings)
    X = chosen.to_learn_from()
    screen.note(f"Learning what is usual in {len(X):,} rows of {chosen.source}.")
    detector.fit(X)
    return Ranked(detector, X, detector.score_samples(X))


def seen(folder: Path, chosen: Chosen) -> Ranked:
    """Rank the rows of a table by a saved detector."""
    return ranked(opening.task(folder, AnomalyDetector), chosen)


def ranked(detector: AnomalyDetector, chosen: Chosen, *, told: bool = True) -> Ranked:
    """Rank the rows of a table; whether columns are left out may be ``told``."""
    X = chosen.known_to(detector.adapter_, told=told)
    return Ranked(detector, X, detector.score_samples(X))


def delivered(found: Ranked, chosen: Chosen, lowest: int, places: Places) -> Answer:
    """Write what is to be written, and say which rows are strange."""
    labels = chosen.labels
    if places.save is not None:
        found.detector.save(places.save)
    if places.out is not None:
        write(verdicts(found, chosen.table), chosen, places.out)
    if places.report is not None:
        write_detection(
            found.detector,
            found.X,
            places.report,
            labels=labels,
            source=chosen.source,
            score=found.score,
        )
    return answer(found, chosen, lowest, places)


def answer(found: Ranked, chosen: Chosen, lowest: int, places: Places) -> Answer:
    """Return how many anomalies there are, and which rows are the strangest, and why."""
    told = strangest(found, chosen.table.index, lowest)
    facts = {"rows": len(found.score), "anomalies": int(found.flagged.sum())}
    made = summed(facts, found.detector, told, chosen.source, places)
    scores = {"scores": found.score.tolist()} if places.out is None else {}
    return replace(made, facts={**made.facts, **scores})


def strangest(found: Ranked, names: pd.Index, lowest: int) -> list[dict[str, Any]]:
    """Return the rows with the lowest scores, the lowest first, and why they are strange."""
    order = found.strangest(lowest)
    return [
        {
            "row": str(names[place]),
            "score": float(found.score[place]),
            "anomaly": bool(found.flagged[place]),
            "cells": worst,
        }
        for place, worst in zip(order.tolist(), found.worst(order), strict=True)
    ]


def summed(
    counts: dict[str, int],
    detector: AnomalyDetector,
    told: list[dict[str, Any]],
    source: str,
    places: Places,
) -> Answer:
    """Return an answer from how many rows and anomalies there are, and the strangest of them."""
    rows, many = counts["rows"], counts["anomalies"]
    threshold = float(detector.offset_)
    facts = {**counts, "threshold": threshold, "strangest": told}
    summary = {"rows": rows, "anomalies": f"{many:,} ({many / rows:.1%})", "threshold": threshold}
    lines = [
        [each["row"], said(each["score"]), _mark(each), *_reasons(each["cells"])] for each in told
    ]
    head = ["row", "score", "", "worst cell", "next"]
    shown = [
        screen.facts(f"Anomalies in {source}", summary),
        screen.preview("The strangest rows: what is there, and what was expected", head, lines),
    ]
    return Answer({**facts, **places.written}, [*shown, *opening.lines(places)])


def verdicts(found: Ranked, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the rows, whether they are anomalies, and if so why."""
    places = np.flatnonzero(found.flagged)
    reasons = np.full(len(frame), "", dtype=object)
    for place, cells in zip(places.tolist(), found.worst(places), strict=True):
        reasons[place] = "; ".join(filter(None, _reasons(cells)))
    columns = {"score": found.score, "outlier": found.flagged, "reason": reasons}
    named = {free(name, frame): values for name, values in columns.items()}
    return pd.DataFrame(named, index=frame.index)


def explained(
    found: Ranked, chosen: Chosen, numbers: Sequence[int], most: int, places: Places
) -> Answer:
    """Return the blame of rows, cell by cell; write all of it where it is to go."""
    cells = found.worst(np.arange(len(numbers)), found.X.shape[1])
    if places.out is not None:
        lines = [
            {"row": number, **{name: _written(each) for name, each in cell.items()}}
            for number, row in zip(numbers, cells, strict=True)
            for cell in row
        ]
        files.write(places.out, pd.DataFrame(lines))
    rows = zip(numbers, found.score.tolist(), found.flagged.tolist(), cells, strict=True)
    told = [
        {"row": number, "score": score, "anomaly": flagged, "cells": row[:most]}
        for number, score, flagged, row in rows
    ]
    threshold = float(found.detector.offset_)
    shown = [_explained(each, chosen.source, threshold) for each in told]
    facts = {"threshold": threshold, "rows": told, **places.written}
    return Answer(facts, [*shown, *opening.lines(places)])


def _explained(told: dict[str, Any], source: str, threshold: float) -> RenderableType:
    verdict = "an anomaly" if told["anomaly"] else "no anomaly"
    title = (
        f"Row {told['row']} of {source} is {verdict}: its score is {said(told['score'])}, "
        f"the threshold {said(threshold)}"
    )
    lines = [
        [each["column"], said(each["value"], EXACT), said(each["expected"]), f"{each['share']:.1%}"]
        for each in told["cells"]
    ]
    return screen.preview(title, ["column", "is", "expected", "blame"], lines)


def write(made: pd.DataFrame, chosen: Chosen, out: Path) -> None:
    """Write the rows with what is told of them; in a file of numbers the scores and flags alone.

    A CSV file made of one has all else as it was.
    """
    as_written = texts.of_both(Path(chosen.source), out)
    if as_written is not None and as_written.names is not None:
        as_written.beside(made).write(out)
    elif out.suffix.lower() in files.ARRAYS:
        files.write(out, made.iloc[:, :2].to_numpy(dtype=np.float64))
    else:
        files.write(out, pd.concat([chosen.table, made], axis=1))


def _written(value: Any) -> Any:
    return value if isinstance(value, float) else said(value)


def _mark(told: dict[str, Any]) -> str:
    return "anomaly" if told["anomaly"] else ""


def _reasons(cells: list[dict[str, Any]]) -> list[str]:
    """Return the first cell, and the others that carry much of the blame."""
    told = [_reason(each) for at, each in enumerate(cells) if at == 0 or each["share"] >= MUCH]
    return [*told, *[""] * (WORST - len(told))]


def _reason(cell: dict[str, Any]) -> str:
    return f"{cell['column']} {said(cell['value'], EXACT)}, not {said(cell['expected'])}"


def free(name: str, frame: pd.DataFrame) -> str:
    """Return a name that no column has yet."""
    while name in frame.columns:
        name += "_"
    return name


def _plain(value: Any) -> Any:
    """Return a cell as JSON can hold it."""
    if value is None or (np.isscalar(value) and pd.isna(value)) or value is pd.NaT:  # pyright: ignore
        return None
    return value.item() if isinstance(value, np.generic) else value
