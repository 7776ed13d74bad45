"""Holes: what ``impute`` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer

from isthmus.cli import files, opening, rows, screen, texts
from isthmus.cli.opening import Places
from isthmus.cli.rows import Chosen
from isthmus.cli.screen import Answer
from isthmus.estimator import BaseAutoencoder
from isthmus.report.frames import said
from isthmus.report.tasks import write_imputation
from isthmus.tasks.filling import joined
from isthmus.tasks.imputation import Imputer


def check_draws(data: Path, places: Places, draws: int | None) -> None:
    """Raise `typer.BadParameter` where results could not be written as they are asked for."""
    if draws is not None and places.out is None:
        raise typer.BadParameter("name where the tables go, with --out.", param_hint="--draws")
    ending = data.suffix.lower()
    array = places.out is not None and places.out.suffix.lower() in files.ARRAYS
    if array and ending not in files.ARRAYS:
        raise typer.BadParameter(
            f"{places.out} would hold numbers alone; name a {ending or '.csv'} file, as {data} is.",
            param_hint="--out",
        )


def fitted(
    chosen: Chosen, template: BaseAutoencoder | None, seed: int
) -> tuple[Imputer, pd.DataFrame]:
    """Fit an imputer to a table."""
    X = rows.whole(chosen.to_learn_from())
    screen.note(f"Learning from {len(X):,} rows of {chosen.source}.")
    return Imputer(template, random_state=seed).fit(X), X


def seen(folder: Path, chosen: Chosen) -> tuple[Imputer, pd.DataFrame]:
    """Return a saved imputer, and the columns that it knows."""
    imputer = opening.task(folder, Imputer)
    return imputer, known(imputer, chosen)


def known(imputer: Imputer, chosen: Chosen, *, told: bool = True) -> pd.DataFrame:
    """Return the columns that an imputer knows; whether others are left out may be ``told``."""
    return rows.whole(chosen.known_to(imputer.adapter_, told=told))


def delivered(
    imputer: Imputer,
    X: pd.DataFrame,
    chosen: Chosen,
    draws: int | None,
    seed: int,
    places: Places,
) -> Answer:
    """Fill the table, write what is to be written, and say what was filled."""
    filled = imputer.transform(X)
    drawn = imputer.sample(X, draws, random_state=seed) if draws else []
    if places.save is not None:
        imputer.save(places.save)
    outs: list[Path] = []
    if places.out is not None:
        tables = [put(chosen.table, each) for each in drawn or [filled]]
        outs = _numbered(places.out, draws)
        _write(tables, chosen, outs)
    if places.report is not None:
        write_imputation(imputer, X, filled, places.report, source=chosen.source, draws=drawn)
    return _told(put(chosen.table, filled), chosen, outs, places)


def put(table: Any, filled: Any) -> pd.DataFrame:
    """Return a table with its holes as they are in ``filled``, of its own dtypes if they can be."""
    made = table.copy()
    for name in filled.columns:
        hole = table[name].isna().to_numpy()
        if hole.any():
            made[name] = joined(table[name], filled[name], hole)
    return made


def _numbered(out: Path, draws: int | None) -> list[Path]:
    if draws is None:
        return [out]
    digits = len(str(draws))
    return [out.with_stem(f"{out.stem}-{at:0{digits}}") for at in range(1, draws + 1)]


def _write(tables: Sequence[pd.DataFrame], chosen: Chosen, outs: Sequence[Path]) -> None:
    """Write tables: a CSV file made of one has all else as it was, to the last character."""
    as_written = texts.of_both(Path(chosen.source), outs[0])
    holes = chosen.table.isna()
    for made, out in zip(tables, outs, strict=True):
        if as_written is not None:
            as_written.filled(made, holes).write(out)
        elif out.suffix.lower() in files.ARRAYS:
            files.write(out, made.to_numpy())
        else:
            files.write(out, made)


def _told(made: pd.DataFrame, chosen: Chosen, outs: Sequence[Path], places: Places) -> Answer:
    holes, left = chosen.table.isna(), made.isna()
    count = {str(name): int(many) for name, many in holes.sum().items() if many}
    summary: dict[str, Any] = {
        "rows": len(made),
        "holes": int(holes.to_numpy().sum()),
        "filled": int((holes & ~left).to_numpy().sum()),
    }
    if summary["filled"] < summary["holes"]:
        open_ = [str(name) for name, many in left.sum().items() if many]
        summary["left_open"] = ", ".join(open_)
    facts: dict[str, Any] = {**summary, "columns": count, **places.written}
    facts.pop("out", None)
    if outs:
        facts["out"] = outs[0] if len(outs) == 1 else list(map(str, outs))
    else:
        facts["values"] = [
            [None if pd.isna(value) else _plain(value) for value in row]
            for row in made.to_numpy(dtype=object).tolist()
        ]
    shown: list[Any] = [screen.facts(f"Holes of {chosen.source}", summary)]
    if count and not outs:
        shown.append(_preview(made, holes))
    lines = [f"out: {path}" for path in outs]
    return Answer(facts, [*shown, *lines, *opening.lines(Places(None, places.save, places.report))])


def _preview(made: Any, holes: Any) -> Any:
    """Return the first rows that had holes, with what was put in marked by a star."""
    names = [name for name in made.columns if holes[name].any()]
    names = [*names, *(name for name in made.columns if name not in names)][: screen.COLUMNS - 1]
    places = np.flatnonzero(holes.any(axis=1).to_numpy())[: screen.ROWS]
    lines = [
        [
            str(made.index[at]),
            *(said(made[name].iloc[at]) + ("*" if holes[name].iloc[at] else "") for name in names),
        ]
        for at in places.tolist()
    ]
    title = "The first rows with holes: what has a star was put in"
    return screen.preview(title, ["row", *map(str, names)], lines)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
