"""The commands of maps: the latent space to look around in, and a film of how it came about."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.commands import DataPath, Drop, Kinds, Label, app, spoken
from isthmus.cli.screen import Answer

Mapped = Annotated[
    Path,
    typer.Option(
        "--model", "-m", metavar="MODEL", help="A folder that fit wrote, or one that --save did."
    ),
]
MapOut = Annotated[
    Path, typer.Option("--out", "-o", metavar="HTML", help="The page to write: one file.")
]
FilmOut = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="OUT",
        help="A .gif file, an .html page to play, or a folder for a picture of each frame.",
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]


@app.command("map")
@spoken
def map_(
    data: DataPath,
    model: Mapped,
    out: MapOut,
    method: Annotated[
        str | None,
        typer.Option(metavar="METHOD", help="tsne, or codes: as they are, or their components."),
    ] = None,
    label: Label = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to keep the map, to put new rows on it."),
    ] = None,
    random_state: Seed = 0,
) -> Answer:
    """Draw the latent space as a map to look around in: one HTML file."""
    from isthmus.cli import maps

    return maps.drawn(data, maps.Asked(model, out, method, label, save, random_state))


@app.command()
@spoken
def film(
    data: DataPath,
    out: FilmOut,
    network: Annotated[
        str,
        typer.Option(metavar="MODEL", help="The family with its fields, as Python writes it."),
    ] = "VAE(latent_dim=2)",
    label: Label = None,
    drop: Drop = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="What rows depend on, for a conditional family."),
    ] = None,
    kind: Kinds = None,
    frames: Annotated[int, typer.Option(min=2, help="How many, at most.")] = 24,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long it plays.")] = 8.0,
    random_state: Seed = 0,
) -> Answer:
    """Train a model, and show what becomes of its codes on the way."""
    from isthmus.cli import columns, jobs, lines, maps, rows, tables

    maps.check_film(out)
    model = rows.network(network)
    assert model is not None  # it has a default
    if model.random_state is None:
        model.set_params(random_state=random_state)
    jobs.check_fields_of(model)
    jobs.check_condition(model, condition or ())
    ready = columns.to_learn_from(lines.read(data), str(data), label, drop or (), condition or ())
    tables.say_kinds(model, ready.X, kind or ())
    return maps.filmed(model, ready, out, frames, seconds)
