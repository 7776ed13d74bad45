"""The command of series: which of their steps are unlike those before."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.commands import app, spoken
from isthmus.cli.screen import Answer
from isthmus.cli.task_commands import Alarms, Clean, Drop, Network, Save, Saved, Seed, Share, Table

Lines = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A line for each step: a CSV or Parquet file, or a NPY file of rows of numbers.",
    ),
]

When = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="When; if left out, the only column of dates."),
]
Whose = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Whose: what tells several series apart.")
]


@app.command()
@spoken
def detect_series(
    data: Lines,
    model: Saved = None,
    out: Table = None,
    save: Save = None,
    time: When = None,
    by: Whose = None,
    window: Annotated[
        int | None, typer.Option(min=2, help="How many steps to see together; else 64.")
    ] = None,
    clean: Clean = False,
    contamination: Share = None,
    false_alarms: Alarms = None,
    network: Network = None,
    drop: Drop = None,
    lowest: Annotated[int, typer.Option(min=0, help="How many stretches to list.")] = 10,
    random_state: Seed = 0,
) -> Answer:
    """Find the steps of a series that are unlike the others, and the channels they show in."""
    from isthmus.cli import opening, rows, steps

    given = {"window": window, "contamination": contamination, "false_alarms": false_alarms}
    given |= {"network": network, "drop": drop, "save": save, "clean": clean}
    opening.check_alone(model, given)
    places = opening.Places(out, save).checked("figures")
    settings = {
        "model": rows.network(network),
        "window": window,
        "clean": clean,
        "contamination": "auto" if contamination is None else contamination,
        "false_alarms": false_alarms,
        "random_state": random_state,
    }
    chosen = rows.Chosen(rows.read(data), str(data), None, drop or ())
    series = steps.cut(chosen, time, by)
    found = steps.fitted(series, settings) if model is None else steps.seen(model, series)
    return steps.delivered(found, lowest, places)
