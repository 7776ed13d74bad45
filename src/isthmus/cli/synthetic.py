"""Synthetic rows: what ``synthesize`` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from isthmus.adapters import Tables, Vectors
from isthmus.cli import files, jobs, opening, rows, screen
from isthmus.cli.opening import Places
from isthmus.cli.rows import Chosen
from isthmus.cli.screen import Answer
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.report.tasks import write_synthesis
from isthmus.tasks.generation import Generator
from isthmus.tasks.privacy import Closeness, Privacy

MEASURED = 2_000
"""Of how many synthetic rows it is told how close they come to real ones."""
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True)
class Asked:
    """What rows are wanted.

    Attributes
    ----------
    n, seed
        How many, and from which seed.
    where
        ``COLUMN=VALUE`` texts that they are to have.
    source
        Where the real rows are from.
    """

    n: int
    where: Sequence[str]
    seed: int
    source: str = ""


def check_data(
    data: Path | None, model: Path | None, held_out: Path | None, report: Path | None
) -> None:
    """Raise `typer.BadParameter` where there is nothing to learn from, or to compare with."""
    if data is None and model is None:
        raise typer.BadParameter(
            "name DATA to learn from, or what --save kept, with --model.", param_hint="DATA"
        )
    for hint, given in (("--report", report), ("--held-out", held_out)):
        if data is None and given is not None:
            raise typer.BadParameter(
                "it compares with the rows that were learnt from: name them as DATA.",
                param_hint=hint,
            )


def opened(
    model: Path | None, real: Chosen | None, template: BaseAutoencoder | None, seed: int
) -> tuple[Generator, pd.DataFrame | None]:
    """Return a saved generator, or one fitted to real rows, and those as it knows them."""
    if model is not None:
        generator = opening.task(model, Generator)
        _check_table(generator, model)
        own = generator.model_.adapter_
        return generator, None if real is None else _whole(real, real.known_to(own))
    assert real is not None  # or `check_data` had refused
    X = _whole(real, real.to_learn_from())
    screen.note(f"Learning what rows of {real.source} are like, from {len(X):,} of them.")
    return Generator(template, random_state=seed).fit(X), X


def delivered(
    generator: Generator,
    asked: Asked,
    real: pd.DataFrame | None,
    held_out: Chosen | None,
    places: Places,
) -> Answer:
    """Make the rows, write what is to be written, and say how close they come to real ones."""
    where = _given(generator, asked.where)
    made = generator.sample(asked.n, where=where or None, random_state=asked.seed)
    made = _named(made, generator)
    told = None if real is None else _privacy(generator, made, real, held_out)
    if places.save is not None:
        generator.save(places.save)
    if places.out is not None:
        files.write(places.out, made)
    if places.report is not None:
        assert real is not None  # or `check_data` had refused
        write_synthesis(generator, made, real, places.report, source=asked.source, privacy=told)
    shown = jobs.table("Synthetic rows", made, None)
    facts: dict[str, Any] = dict(shown.facts) if places.out is None else {"rows": len(made)}
    if told is not None:
        facts["privacy"] = _facts(told)
    preview = shown.shown if places.out is None else []
    return Answer({**facts, **places.written}, [*preview, *_lines(told), *opening.lines(places)])


def _whole(real: Chosen, X: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its whole numbers as such, which a CSV file with holes can't tell."""
    return rows.whole(X) if Path(real.source).suffix.lower() == ".csv" else X


def _named(made: Any, generator: Generator) -> pd.DataFrame:
    own: Any = generator.model_.adapter_
    return made if isinstance(made, pd.DataFrame) else pd.DataFrame(made, columns=own.columns_)


def _privacy(
    generator: Generator, made: pd.DataFrame, real: pd.DataFrame, held_out: Chosen | None
) -> Privacy:
    adapter = generator.model_.adapter_
    others = None if held_out is None else held_out.known_to(adapter).iloc[:MEASURED]
    return generator.privacy(made.iloc[:MEASURED], real, others)


def _facts(told: Privacy) -> dict[str, Any]:
    sides = {"synthetic": told.synthetic, "held_out": told.held_out}
    return {name: _figures(each) for name, each in sides.items() if each is not None}


def _figures(each: Closeness) -> dict[str, float]:
    return {"median": each.median, "fifth": each.fifth, "copies": each.copies, "rows": each.rows}


def _lines(told: Privacy | None) -> list[Any]:
    if told is None:
        return []
    sides = {"synthetic": told.synthetic, "held out": told.held_out}
    lines = [
        [name, each.median, each.fifth, f"{each.copies:.2%}", each.rows]
        for name, each in sides.items()
        if each is not None
    ]
    head = ["rows", "median", "closest twentieth", "copies", "looked at"]
    return [screen.preview("Distance to the closest row that was learnt from", head, lines)]


def _check_table(generator: Generator, folder: Path) -> None:
    adapter = generator.model_.adapter_
    if not isinstance(adapter, Tables | Vectors):
        raise DataError(
            f"The generator in {folder} makes {type(adapter).__name__.lower()}; expected one of "
            "rows of a table, which is what this command makes."
        )


def _given(generator: Generator, given: Sequence[str]) -> dict[str, Any]:
    """Read ``COLUMN=VALUE`` texts, each value as its column holds it."""
    adapter: Any = generator.model_.adapter_
    kinds = adapter.kinds_ if isinstance(adapter, Tables) else {}
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        names = [str(each) for each in adapter.columns_]
        if not sign or name not in names:
            raise DataError(
                f"--where {text!r} was given; expected COLUMN=VALUE for one of "
                f"{', '.join(names[:20])}{', …' if len(names) > 20 else ''}."
            )
        try:
            found[name] = _value(adapter, name, kinds.get(name, "number"), value)
        except ValueError as error:
            raise DataError(
                f"--where {text!r} was given; {name} is a {kinds.get(name, 'number')}, which "
                f"{value!r} can't be."
            ) from error
    return found


def _value(adapter: Any, name: str, kind: str, text: str) -> Any:
    if kind in ("number", "count"):
        number = float(text)
        return int(number) if number.is_integer() else number
    if kind == "date":
        return pd.Timestamp(text)
    column = next((each for each in getattr(adapter, "fitted_", ()) if each.name == name), None)
    if kind == "boolean" and column is not None and column.holds == "truth":
        if text.lower() not in (*TRUE, *FALSE):
            raise ValueError(text)
        return text.lower() in TRUE
    if column is not None and column.holds == "number":
        number = float(text)
        return int(number) if number.is_integer() else number
    return text
