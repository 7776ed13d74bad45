"""Steps: what ``detect-series`` does with a table that has a line for each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isthmus.cli import anomalies, columns, opening, screen
from isthmus.cli.opening import Places
from isthmus.cli.rows import Chosen
from isthmus.cli.screen import Answer
from isthmus.errors import DataError
from isthmus.report.frames import said
from isthmus.tasks.series_anomaly import SeriesDetector


@dataclass(frozen=True)
class Cut:
    """The series of a table.

    Attributes
    ----------
    chosen
        The table.
    channels
        Its columns of numbers.
    places
        For each series the numbers of its lines, in the order of time.
    names
        What each series is called, or nothing where there is but one.
    when
        When each line is: its time, or what the table calls it.
    """

    chosen: Chosen
    channels: pd.DataFrame
    places: list[np.ndarray]
    names: Sequence[Any]
    when: pd.Index

    def of(self, names: Sequence[str] | None = None) -> list[Any]:
        """Return each series: a frame of all its channels, or of those of these names."""
        frame: Any = self.channels
        if names is not None:
            frame = columns.by_name(frame, names, (), self.chosen.source).X
        texts = [str(each) for each, kind in frame.dtypes.items() if not _is_number(kind)]
        if texts:
            raise DataError(
                f"The columns {', '.join(texts)} of {self.chosen.source} don't hold numbers, of "
                "which series are made. Leave them out with --drop, or say what they tell with "
                "--time or --by."
            )
        return [frame.iloc[each].astype(np.float64) for each in self.places]


@dataclass(frozen=True)
class Scored:
    """Steps as a detector sees them.

    Attributes
    ----------
    detector, cut
        What sees, and what it sees.
    score
        ``(lines, channels)`` for each channel: their sum is the score of a step, and less is
        stranger.
    """

    detector: SeriesDetector
    cut: Cut
    score: pd.DataFrame

    @property
    def total(self) -> np.ndarray:
        """The score of each line."""
        return self.score.to_numpy().sum(1)

    @property
    def flagged(self) -> np.ndarray:
        """Which lines are called anomalies."""
        return self.total < self.detector.offset_

    def stretches(self) -> list[np.ndarray]:
        """Return the lines of each stretch of anomalies, the strangest first."""
        flagged, total = self.flagged, self.total
        found: list[np.ndarray] = []
        for places in self.cut.places:
            marked = flagged[places]
            parts = np.split(places, np.flatnonzero(np.diff(marked)) + 1)
            found += [part for part in parts if flagged[part[0]]]
        return sorted(found, key=lambda part: total[part].min())


def cut(chosen: Chosen, time: str | None, by: str | None) -> Cut:
    """Return the series of a table, each in the order of time.

    Raises
    ------
    DataError
        If a column is not there, or can't tell the order.
    """
    named = [each for each in (time, by) if each is not None]
    frame: Any = columns.to_learn_from(chosen.table, chosen.source, None, chosen.drop).X
    columns.to_learn_from(frame, chosen.source, None, named)
    time = time or _only_dates(frame.drop(columns=named))
    table: Any = chosen.table
    order = np.argsort(_times(table[time], time), kind="stable") if time else np.arange(len(table))
    codes, names = (np.zeros(len(table), int), []) if by is None else pd.factorize(table[by])
    places = [order[codes[order] == code] for code in range(max(len(names), 1))]
    if (codes < 0).any():
        raise DataError(f"Column {by!r} is empty in line {codes.argmin()}; expected whose it is.")
    channels = frame.drop(columns=[each for each in (time, by) if each is not None])
    if channels.empty:
        raise DataError(f"No column of {chosen.source} is left that holds a channel.")
    when = pd.Index(table[time]) if time else table.index
    return Cut(chosen, channels, places, list(names), when)


def fitted(cut: Cut, settings: dict[str, Any]) -> Scored:
    """Fit a detector to series, and score their steps."""
    series = cut.of()
    what = f"{len(cut.places):,} series" if len(cut.places) > 1 else "one series"
    screen.note(f"Learning what is usual in {len(cut.channels):,} steps of {what}.")
    return _scored(SeriesDetector(**settings).fit(series), cut, series)


def seen(folder: Path, cut: Cut) -> Scored:
    """Score the steps of series by a saved detector."""
    detector = opening.task(folder, SeriesDetector)
    names = getattr(detector, "feature_names_in_", None)
    return _scored(detector, cut, cut.of(None if names is None else list(names)))


def delivered(found: Scored, lowest: int, places: Places) -> Answer:
    """Write what is to be written, and say which stretches are strange."""
    if places.save is not None:
        found.detector.save(places.save)
    if places.out is not None:
        anomalies.write(verdicts(found), found.cut.chosen, places.out)
    every, flagged = found.stretches(), found.flagged
    threshold = float(found.detector.offset_)
    summary = {"steps": len(flagged), "anomalies": int(flagged.sum()), "stretches": len(every)}
    told = [_stretch(found, each) for each in every[:lowest]]
    facts = {**summary, "window": found.detector.window_, "threshold": threshold}
    lines = [list(each.values()) for each in told]
    title = f"Anomalies in {found.cut.chosen.source}"
    shown = [screen.facts(title, facts)]
    if told:
        heading = "The strangest stretches, and what shows it most"
        names = [name.replace("_", " ") for name in told[0]]
        shown.append(screen.preview(heading, names, lines))
    if places.out is None:
        facts["scores"] = found.total.tolist()
    facts = {**facts, "strangest": told, **places.written}
    return Answer(facts, [*shown, *opening.lines(places)])


def verdicts(found: Scored) -> pd.DataFrame:
    """Return each line's score, whether it is an anomaly, and the score of each channel."""
    table = found.cut.chosen.table
    made = {"score": found.total, "outlier": found.flagged}
    made |= {f"score_{name}": found.score[name].to_numpy() for name in found.score.columns}
    named = {anomalies.free(name, table): values for name, values in made.items()}
    return pd.DataFrame(named, index=table.index)


def _scored(detector: SeriesDetector, cut: Cut, series: list[pd.DataFrame]) -> Scored:
    names = [str(name) for name in series[0].columns]
    score = np.empty((len(cut.channels), len(names)))
    for places, share in zip(cut.places, detector.explain(series), strict=True):
        score[places] = -share.to_numpy()
    return Scored(detector, cut, pd.DataFrame(score, columns=names))


def _stretch(found: Scored, places: np.ndarray) -> dict[str, Any]:
    """Return what is told of a stretch: from when to when, how strange, and where it shows."""
    cut, worst = found.cut, found.score.iloc[places].sum()
    whose = {} if not cut.names else {"series": said(cut.names[_holder(cut, int(places[0]))])}
    return {
        **whose,
        "from": said(cut.when[places[0]]),
        "to": said(cut.when[places[-1]]),
        "steps": len(places),
        "lowest_score": float(found.total[places].min()),
        "channel": str(worst.idxmin()),
        "share": f"{float(worst.min() / worst.sum()):.0%}",
    }


def _holder(cut: Cut, place: int) -> int:
    return next(at for at, each in enumerate(cut.places) if place in each)


def _only_dates(frame: pd.DataFrame) -> str | None:
    """Return the only column of dates, if there is one."""
    dates = [str(name) for name in frame.select_dtypes(["datetime", "datetimetz"]).columns]
    if len(dates) == 1:
        screen.note(f"The order is that of {dates[0]}, the only column of dates.")
        return dates[0]
    return None


def _times(column: pd.Series, name: str) -> np.ndarray:
    """Return what orders lines, checked: numbers or dates, all of them known."""
    values: Any = column.to_numpy()
    if column.isna().any():
        line = int(column.isna().to_numpy().argmax())
        raise DataError(f"Column {name!r} is empty in line {line}; expected to know each time.")
    if not _is_number(column.dtype) and not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise DataError(
            f"Column {name!r} holds {values[0]!r}, which is no time that could be put in order; "
            "expected numbers, or dates as 2026-05-17 or 2026-05-17 03:00:00."
        )
    return values


def _is_number(dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype)
