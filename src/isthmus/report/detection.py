"""Detection: the strangest rows with their worst cells marked, the scores, and the map of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from sklearn.utils import _safe_indexing  # pyright: ignore[reportPrivateUsage]

from isthmus.report import latent_map
from isthmus.report.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Key,
    Legend,
    Marked,
    Panel,
    Panels,
    Section,
    Words,
)
from isthmus.report.colouring import colouring
from isthmus.report.drawing import FAINT, GROUPS, INK, MUTED, RAMP, bare, css, svg
from isthmus.report.figures import number, percent, plural
from isthmus.report.frames import as_frame, called, said
from isthmus.report.page import Head, html
from isthmus.tasks.anomaly import AnomalyDetector
from isthmus.tasks.scores.layout import Layout

ROWS, COLUMNS, MARKS = 12, 7, 3
"""How many rows and columns the table has, and how many cells of a row are marked, at most."""
BLAMED = 200
"""How many of the anomalies are asked which columns make them so."""
BARS = 12
MAPPED, FLAGGED = 1_500, 300
"""How many rows are on the map, and how many anomalies are sure of a place."""
EXACT = 4
"""With how many digits that count a cell is told."""
FAR = 10.0
"""In how many standard deviations a cell is as far out as any, on the map."""
ALARM = GROUPS[1]


@dataclass(frozen=True)
class Findings:
    """What a detector makes of a table.

    Attributes
    ----------
    detector, X, source
        What the page is about.
    labels
        One for each row, to colour by, or None.
    score
        Of each row, ``(n,)``: higher is more normal.
    """

    detector: AnomalyDetector
    X: Any
    source: str
    labels: np.ndarray | None
    score: np.ndarray

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows, as pandas."""
        return as_frame(self.X)

    @cached_property
    def order(self) -> np.ndarray:
        """The rows' places, the strangest first."""
        return np.argsort(self.score, kind="stable")

    @property
    def flagged(self) -> np.ndarray:
        """Which rows are called anomalies."""
        return self.score < self.detector.offset_

    @cached_property
    def blame(self) -> tuple[Any, Any]:
        """What each cell of the strangest rows adds to the score, and what was expected there.

        In the order of `order`: as many rows as are shown, and anomalies beyond.
        """
        many = max(ROWS, min(BLAMED, int(self.flagged.sum())))
        told = self.detector.explain(_safe_indexing(self.X, self.order[:many]))
        blame, expected = as_frame(told.blame), as_frame(told.expected)
        return blame, expected.set_axis(blame.columns, axis=1)


def page(
    detector: AnomalyDetector, X: Any, labels: Any = None, source: str = "", score: Any = None
) -> str:
    """Return the page as HTML."""
    score = detector.score_samples(X) if score is None else np.asarray(score)
    given = None if labels is None else np.array(labels, dtype=object)
    if given is not None:
        given[pd.isna(given)] = None
    found = Findings(detector, X, source, given, score)
    sections = [_worst(found), _scores(found), _columns(found), _map(found)]
    return html(Head("Anomalies", source, _facts(found)), sections)


def marked(
    frame: pd.DataFrame,
    blame: pd.DataFrame,
    expected: pd.DataFrame,
    score: np.ndarray,
    names: list[str],
) -> Marked:
    """Return rows as a table with the cells that make them strange marked.

    Parameters
    ----------
    frame, blame, expected
        What the rows hold, what each cell adds to the score, and what was expected there.
    score
        Of each row.
    names
        What each row is called.
    """
    shares = _shares(blame)
    shown = _columns_shown(shares)
    rows = [
        [
            Cell(names[row], note=f"score {number(float(score[row]))}"),
            *(
                _cell(frame.iloc[row][name], expected.iloc[row][name], shares[row], at)
                for at, name in shown
            ),
        ]
        for row in range(len(frame))
    ]
    return Marked(["row", *(name for _, name in shown)], rows)


def _columns_shown(shares: "Shares") -> list[tuple[int, str]]:
    """Return the columns that the marked cells are in, the heaviest first."""
    most = np.sort(shares.values, axis=0)[::-1][:MARKS].sum(0)
    places = np.argsort(-most, kind="stable")[:COLUMNS]
    return [(int(at), str(shares.names[at])) for at in places]


@dataclass(frozen=True)
class Shares:
    """Which share of its row's blame each cell has, ``(n, columns)``."""

    names: list[str]
    values: np.ndarray

    def __getitem__(self, row: int) -> np.ndarray:
        return self.values[row]


def _shares(blame: pd.DataFrame) -> Shares:
    values = blame.to_numpy(dtype=np.float64)
    total = np.maximum(values.sum(1, keepdims=True), 1e-12)
    return Shares([str(name) for name in blame.columns], values / total)


def _cell(value: Any, expected: Any, shares: np.ndarray, at: int) -> Cell:
    """Return a cell, marked if it is one of the few that carry more than their part."""
    place = int((shares > shares[at]).sum())
    counts = place < MARKS and shares[at] >= min(0.9, 1.5 / len(shares))
    hint = f"{percent(float(shares[at]))} of the blame; expected {said(expected)}"
    if not counts:
        return Cell(said(value, EXACT), hint=hint)
    mark = float(shares[at] / shares.max())
    return Cell(said(value, EXACT), mark, f"expected {said(expected)}", hint)


def _worst(found: Findings) -> Section:
    blame, expected = found.blame
    rows = found.order[:ROWS]
    names = [called(found.frame.index, row) for row in rows.tolist()]
    if found.labels is not None:
        names = [
            f"{name} · {said(found.labels[row])}"
            for name, row in zip(names, rows.tolist(), strict=True)
        ]
    known = found.frame.loc[:, list(blame.columns)].iloc[rows]
    table = marked(known, blame[: len(rows)], expected[: len(rows)], found.score[rows], names)
    lead = (
        "The rows with the lowest scores. The marked cells are what makes them so: the stronger "
        "the colour, the more of the row's strangeness is theirs. Below each stands what the rest "
        "of the data would have there."
    )
    if len(blame.columns) > len(table.head) - 1:
        lead += f" {len(table.head) - 1} of {plural(len(blame.columns), 'column')} are shown."
    return Section("worst", "The strangest rows", lead, [table])


def _scores(found: Findings) -> Section:
    score, offset = found.score, found.detector.offset_

    def draw(axes: Axes) -> None:
        low, high = float(np.quantile(score, 0.001)), float(score.max())
        edges = np.linspace(min(low, offset), high + 1e-9, 81)
        inside = np.clip(score, edges[0], None)
        for values, colour in (
            (inside[~found.flagged], MUTED),
            (inside[found.flagged], ALARM),
        ):
            axes.hist(values, edges.tolist(), color=colour, alpha=0.6, linewidth=0)
        axes.axvline(offset, color=INK, linewidth=1)
        axes.set_yscale("symlog", linthresh=10)
        axes.set(xlabel="score", ylabel="rows")
        most = max(10, np.histogram(inside, edges)[0].max())
        ticks = [0, *(10**power for power in range(1, 8) if 10**power <= most)]
        axes.set_yticks(ticks, [f"{each:,}" for each in ticks])
        axes.set_ylim(0, None)
        axes.grid(axis="y", color=FAINT, linewidth=0.5)

    many = int(found.flagged.sum())
    lead = (
        f"Higher is more normal; the line is the threshold, {number(offset)}, and "
        f"{plural(many, 'row')} of {len(score):,} {'lies' if many == 1 else 'lie'} below it. "
        "Heights above ten grow by powers of ten, so that the few are seen beside the many."
    )
    keys = Legend([Key(css(MUTED), "usual", "block"), Key(css(ALARM), "anomalies", "block")])
    drawing = svg(draw, 720, 240, "Histogram of the scores, with the threshold")
    return Section("scores", "Scores", lead, [keys, Panels([Panel(drawing)], 720)])


def _columns(found: Findings) -> Section:
    blame, _ = found.blame
    many = int(found.flagged.sum())
    asked = blame[: max(min(many, BLAMED), 1)]
    shares = _shares(asked).values.mean(0)
    order = np.argsort(-shares, kind="stable")[:BARS]
    bars = [
        Bar(str(blame.columns[at]), float(shares[at] / shares.max()), [percent(float(shares[at]))])
        for at in order.tolist()
    ]
    anomalies = "the anomaly" if len(asked) == 1 else f"the {len(asked)} strangest anomalies"
    whom = anomalies if many else "the strangest row, though there is no anomaly"
    lead = f"Which columns make rows strange: their share of the blame, over {whom}."
    return Section("columns", "Columns", lead, [Bars(["column", "share of the blame"], bars)])


def _map(found: Findings) -> Section:
    rows, seed = _mapped(found), found.detector.seed_
    codes, what = _codes(found, rows)
    title = "Map of the codes" if what else "Map of the rows"
    if len(rows) < latent_map.FEWEST or codes.std(0).max() < 1e-6:
        why = "too few rows" if len(rows) < latent_map.FEWEST else "all rows are the same"
        return Section("map", title, "", [Words(f"There is no map to draw: {why}.")])
    places = codes if codes.shape[1] == 2 else latent_map.placed(codes, seed)
    flagged = found.flagged[rows]
    lead = (
        f"Each point is one of {plural(len(rows), 'row')}, at "
        + (f"its code in {what}" if what else "its cells (the detector has no networks)")
        + ("" if codes.shape[1] == 2 else ", brought to two numbers by t-SNE: near means alike")
        + ". The colour is the strangeness, minus the score; anomalies stand out with a rim."
    )
    blocks: list[Block] = [
        *_ramp(found.score[rows]),
        Panels([Panel(_plane(places, _ranked(-found.score[rows]), flagged))], 720),
    ]
    if found.labels is not None:
        colours = colouring(found.labels[rows], len(rows))
        legend = [colours.legend] if colours.legend else []
        drawing = latent_map.plane(places, colours, circles=False, measured=False)
        blocks += [Words("The same map, coloured by the labels:"), *legend]
        blocks.append(Panels([Panel(drawing)], 720))
    return Section("map", title, lead, blocks)


def _mapped(found: Findings) -> np.ndarray:
    """Return which rows are on the map: the anomalies up to a number, and a choice of all."""
    generator = np.random.default_rng(found.detector.seed_)
    sure = found.order[: min(FLAGGED, int(found.flagged.sum()))]
    others = generator.permutation(np.setdiff1d(np.arange(len(found.score)), sure))
    chosen = np.concatenate([sure, others[: MAPPED - len(sure)]])
    return chosen[np.argsort(-found.score[chosen], kind="stable")]  # the strangest on top


def _codes(found: Findings, rows: np.ndarray) -> tuple[np.ndarray, str]:
    """Return a place for each row in many dimensions, and whose code it is, if it is one."""
    some = _safe_indexing(found.X, rows)
    if found.detector.models_:
        model = found.detector.models_[0]
        return np.asarray(model.transform(some), np.float64), f"the {type(model).__name__}"
    adapter, layout = found.detector.adapter_, Layout()
    batch = adapter.transform(some)
    layout.learn(batch, adapter.space_)
    points, _ = layout(batch)
    return points.clamp(-FAR, FAR).double().numpy(), ""


def _ranked(strangeness: np.ndarray) -> np.ndarray:
    """Return a colour for each row, from the median up: what is usual has all one colour."""
    low, high = np.quantile(strangeness, [0.5, 0.995])
    shares = np.clip((strangeness - low) / ((high - low) or 1.0), 0, 1)
    return np.array(RAMP)[(shares * (len(RAMP) - 1)).round().astype(int)]


def _ramp(score: np.ndarray) -> list[Block]:
    low, high = np.quantile(score, [0.005, 0.5])
    keys = [Key(css(colour), "") for colour in RAMP]
    ends = (f"usual, {number(float(high))}", f"strange, {number(float(low))}")
    return [Legend(keys, ends=ends)]


def _plane(places: np.ndarray, colours: np.ndarray, flagged: np.ndarray) -> Markup:
    def draw(axes: Axes) -> None:
        for which, size, rim in ((~flagged, 13, 0.0), (flagged, 42, 1.2)):
            axes.scatter(
                *places[which].T,
                c=colours[which].tolist(),
                s=size,
                alpha=0.85,
                linewidths=rim,
                edgecolors=INK,
            )
        axes.set_aspect("equal", adjustable="datalim")
        bare(axes)

    across, upward = np.ptp(places, axis=0)
    height = round(720 * float(np.clip(upward / max(across, 1e-9), 0.45, 1.0)))
    return svg(draw, 720, height, "Map: each point is a row, its colour the strangeness")


def _facts(found: Findings) -> list[tuple[str, str]]:
    many = int(found.flagged.sum())
    return [
        ("rows", f"{len(found.score):,}"),
        ("columns", f"{len(found.frame.columns):,}"),
        ("anomalies", f"{many:,}"),
        ("share", percent(many / len(found.score))),
        ("threshold", number(float(found.detector.offset_))),
        ("learned from", plural(len(found.detector.kept_), "row")),
    ]
