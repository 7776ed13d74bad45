"""Task streams: ``detect`` and ``impute`` on a folder of tables that may be larger than memory."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from isthmus.cli import anomalies, holes, jobs, opening, rows, screen, streams
from isthmus.cli.opening import Places
from isthmus.cli.rows import Chosen
from isthmus.cli.screen import Answer
from isthmus.estimator import BaseAutoencoder
from isthmus.shards import Shards
from isthmus.tasks.anomaly import AnomalyDetector
from isthmus.tasks.imputation import Imputer


@dataclass(frozen=True)
class Parts:
    """A folder of tables, and what was said of their columns.

    Attributes
    ----------
    shards
        Where the rows are.
    some
        As many of them as are learnt from, with what was said.
    """

    shards: Shards
    some: Chosen

    def part(self, found: Any) -> Chosen:
        """Return a shard's rows, with what was said."""
        return replace(self.some, table=rows.table(found, self.shards.path))

    def say(self) -> None:
        """Say from how many rows a task learns."""
        if len(self.some.table) < len(self.shards):
            screen.note(
                f"Of the {len(self.shards):,} rows, {len(self.some.table):,} that are spread over "
                "all are learnt from."
            )


def opened(path: Path, label: str | None, drop: list[str] | None, kind: list[str] | None) -> Parts:
    """Return what is in a folder."""
    shards = Shards(path)
    return Parts(
        shards, Chosen(rows.table(shards.some(), path), str(path), label, drop or (), kind or ())
    )


def places(path: Path, out: Path | None, save: Path | None, given: dict[str, Any]) -> Places:
    """Return where results go.

    Raises
    ------
    typer.BadParameter
        If they were to go into a file, or something is asked for that takes the whole table.
    """
    for name, value in given.items():
        if value:
            raise typer.BadParameter(
                f"{path} is read a part at a time, and this takes a whole table: name a file.",
                param_hint=f"--{name}",
            )
    if out is not None:
        streams.check_folder(path, out)
    opening.check_free(save)
    return Places(out, save)


def detect(
    parts: Parts, model: Path | None, settings: dict[str, Any], lowest: int, places: Places
) -> Answer:
    """Rank the rows part by part; write them with what is told of them, if there is a place."""
    if model is None:
        parts.say()
        detector = anomalies.fitted(parts.some, settings).detector
    else:
        detector = opening.task(model, AnomalyDetector)
    if places.save is not None:
        detector.save(places.save)
    counts, told = {"rows": 0, "anomalies": 0}, list[dict[str, Any]]()

    def judged(found: Any) -> Any:
        chosen = parts.part(found)
        first = model is not None and not counts["rows"]
        ranked = anomalies.ranked(detector, chosen, told=first)
        names = pd.RangeIndex(counts["rows"], counts["rows"] + len(ranked.score))
        told.extend(anomalies.strangest(ranked, names, lowest))
        told.sort(key=lambda each: each["score"])
        del told[lowest:]
        counts["rows"] += len(names)
        counts["anomalies"] += int(ranked.flagged.sum())
        made = anomalies.verdicts(ranked, chosen.table)
        if not isinstance(found, pd.DataFrame):
            return made.iloc[:, :2].to_numpy(float)
        return pd.concat([chosen.table, made], axis=1)

    if places.out is not None:
        parts.shards.map(judged, places.out)
    else:
        for each in parts.shards:
            judged(each)
    return anomalies.summed(counts, detector, told, parts.some.source, places)


def impute(
    parts: Parts, model: Path | None, template: BaseAutoencoder | None, seed: int, places: Places
) -> Answer:
    """Fill the holes part by part."""
    if places.out is None:
        raise typer.BadParameter("name the folder that the tables go to.", param_hint="--out")
    if model is None:
        parts.say()
        imputer, _ = holes.fitted(parts.some, template, seed)
    else:
        imputer = opening.task(model, Imputer)
    if places.save is not None:
        imputer.save(places.save)
    counts = {"rows": 0, "holes": 0, "filled": 0}

    def filled(found: Any) -> Any:
        chosen, first = parts.part(found), model is not None and not counts["rows"]
        X = holes.known(imputer, chosen, told=first)
        made = holes.put(chosen.table, imputer.transform(X))
        before, after = (int(each.isna().to_numpy().sum()) for each in (chosen.table, made))
        counts["rows"] += len(made)
        counts["holes"] += before
        counts["filled"] += before - after
        return made if isinstance(found, pd.DataFrame) else made.to_numpy()

    parts.shards.map(filled, places.out)
    return jobs.told(f"Holes of {parts.some.source}", {**counts, **places.written})
