"""The commands of tasks: anomalies, holes and synthetic rows of tables."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.commands import Kinds, Label, app, spoken
from isthmus.cli.screen import Answer

TableData = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A table: a CSV or Parquet file, or a NPY file of rows of numbers; detect and impute "
        "also take a folder of Parquet or NPY files, which may be larger than memory.",
    ),
]
Saved = Annotated[
    Path | None,
    typer.Option(
        "--model", "-m", metavar="FOLDER", help="What --save kept; if left out, DATA are learnt."
    ),
]
Needed = Annotated[
    Path, typer.Option("--model", "-m", metavar="DETECTOR", help="What detect --save kept.")
]
Save = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where to keep what was learnt, for the next time."),
]
Table = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="OUT", help="A .csv, .parquet or .npy file; of a folder, a folder."
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="A column not to learn from; repeatable."),
]
Network = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="In place of the usual: a family with its fields, as in 'VAE(latent_dim=4)'.",
    ),
]
Page = Annotated[
    Path | None, typer.Option(metavar="HTML", help="Write a page to look at: one file.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]
Missing = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT", help="What stands for a hole, beside nothing; repeatable."),
]
Share = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE", help="How many rows to call anomalies; else those far below the rest."
    ),
]
Alarms = Annotated[
    float | None, typer.Option(metavar="SHARE", help="Or how many normal rows may be called so.")
]

Clean = Annotated[
    bool, typer.Option("--clean", metavar="", help="All rows of DATA are known to be normal.")
]


@app.command()
@spoken
def detect(
    data: TableData,
    model: Saved = None,
    out: Table = None,
    save: Save = None,
    contamination: Share = None,
    false_alarms: Alarms = None,
    clean: Clean = False,
    network: Network = None,
    label: Label = None,
    drop: Drop = None,
    kind: Kinds = None,
    lowest: Annotated[int, typer.Option(min=0, help="How many of the strangest to list.")] = 10,
    report: Page = None,
    random_state: Seed = 0,
) -> Answer:
    """Find the rows that are unlike the others, and say why."""
    from isthmus.cli import anomalies, opening, rows, streams, task_streams

    given = {"contamination": contamination, "false_alarms": false_alarms, "clean": clean}
    given |= {"network": network, "drop": drop, "kind": kind, "save": save}
    opening.check_alone(model, given)
    settings = {
        "model": rows.network(network),
        "clean": clean,
        "contamination": "auto" if contamination is None else contamination,
        "false_alarms": false_alarms,
        "random_state": random_state,
    }
    if streams.at(data):
        places = task_streams.places(data, out, save, {"report": report})
        parts = task_streams.opened(data, label, drop, kind)
        return task_streams.detect(parts, model, settings, lowest, places)
    places = opening.Places(out, save, report).checked("figures")
    table = rows.read(data)
    chosen = rows.Chosen(table, str(data), label, drop or (), kind or ())
    found = anomalies.fitted(chosen, settings) if model is None else anomalies.seen(model, chosen)
    return anomalies.delivered(found, chosen, lowest, places)


@app.command()
@spoken
def explain(
    data: TableData,
    row: Annotated[
        list[int], typer.Argument(metavar="ROW...", help="Numbers of rows, as detect lists them.")
    ],
    model: Needed,
    out: Table = None,
    cells: Annotated[int, typer.Option(min=1, help="How many cells of each to list.")] = 10,
) -> Answer:
    """Say what makes rows strange, cell by cell."""
    from isthmus.cli import anomalies, opening, rows

    places = opening.Places(out).checked("figures")
    chosen = rows.Chosen(rows.read(data), str(data)).at(row)
    return anomalies.explained(anomalies.seen(model, chosen), chosen, row, cells, places)


@app.command()
@spoken
def impute(
    data: TableData,
    model: Saved = None,
    out: Table = None,
    draws: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="M", help="Draw M tables of what may have been, OUT-1 to OUT-M."
        ),
    ] = None,
    missing: Missing = None,
    save: Save = None,
    network: Network = None,
    drop: Drop = None,
    kind: Kinds = None,
    report: Page = None,
    random_state: Seed = 0,
) -> Answer:
    """Fill the holes of a table by what is known of each row, and change nothing else."""
    from isthmus.cli import holes, opening, rows, streams, task_streams

    given = {"network": network, "drop": drop, "kind": kind, "save": save}
    opening.check_alone(model, given)
    template = rows.network(network)
    if streams.at(data):
        whole = {"report": report, "draws": draws, "missing": missing}
        places = task_streams.places(data, out, save, whole)
        parts = task_streams.opened(data, None, drop, kind)
        return task_streams.impute(parts, model, template, random_state, places)
    places = opening.Places(out, save, report).checked("figures")
    holes.check_draws(data, places, draws)
    chosen = rows.Chosen(
        rows.read(data, missing or ()), str(data), None, drop or (), kind or (), missing or ()
    )
    imputer, X = (
        holes.fitted(chosen, template, random_state) if model is None else holes.seen(model, chosen)
    )
    return holes.delivered(imputer, X, chosen, draws, random_state, places)


@app.command()
@spoken
def synthesize(
    n: Annotated[int, typer.Argument(metavar="N", help="How many rows.", min=1)],
    data: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA]", help="Real rows: to learn from, or to compare with."),
    ] = None,
    model: Saved = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="What all rows are to have; repeatable."),
    ] = None,
    out: Table = None,
    save: Save = None,
    held_out: Annotated[
        Path | None,
        typer.Option(metavar="DATA", help="Real rows not learnt from, to judge privacy by."),
    ] = None,
    network: Network = None,
    drop: Drop = None,
    kind: Kinds = None,
    report: Page = None,
    random_state: Seed = 0,
) -> Answer:
    """Make new rows that are like real ones, and say how close they come to those."""
    from isthmus.cli import opening, rows, synthetic

    given = {"network": network, "drop": drop, "kind": kind, "save": save}
    opening.check_alone(model, given)
    synthetic.check_data(data, model, held_out, report)
    places = opening.Places(out, save, report).checked("figures")
    template = rows.network(network)
    real = rows.Chosen(rows.read(data), str(data), None, drop or (), kind or ()) if data else None
    others = rows.Chosen(rows.read(held_out), str(held_out)) if held_out else None
    generator, X = synthetic.opened(model, real, template, random_state)
    asked = synthetic.Asked(n, where or (), random_state, str(data) if data else "")
    return synthetic.delivered(generator, asked, X, others, places)
