"""The commands of restoring: noise taken off, and what is covered filled in."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.commands import app, spoken
from isthmus.cli.screen import Answer
from isthmus.cli.task_commands import Network, Save, Seed

In = Annotated[
    Path,
    typer.Argument(
        metavar="IN",
        help="A folder of PNG or JPEG pictures, or a .npy or .npz file of an array; for "
        "denoise also a folder of WAV or FLAC sounds.",
    ),
]
Out = Annotated[
    Path, typer.Argument(metavar="OUT", help="A folder to be made, or a .png or .npy file.")
]
Known = Annotated[
    Path | None,
    typer.Option("--model", "-m", metavar="FOLDER", help="What --save kept, or what fit wrote."),
]
Series = Annotated[
    bool,
    typer.Option("--series", metavar="", help="The array holds series, (n, steps, channels)."),
]


@app.command()
@spoken
def denoise(
    data: In,
    out: Out,
    model: Known = None,
    clean: Annotated[
        Path | None, typer.Option(metavar="DATA", help="Clean data of the same kind to learn from.")
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(
            metavar="SIGMA",
            help="Or learn from IN itself: the standard deviation of its noise, in its own units.",
        ),
    ] = None,
    save: Save = None,
    network: Network = None,
    series: Series = False,
    random_state: Seed = 0,
) -> Answer:
    """Take noise off pictures, series or sounds."""
    from isthmus.cli import opening, restoring, rows
    from isthmus.tasks.denoising import Denoiser

    opening.check_alone(model, {"clean": clean, "noise": noise, "save": save, "network": network})
    restoring.check_told(model, clean, noise)
    places = restoring.checked(data, out, save, series)
    template = rows.network(network)
    taken = restoring.read(data, series)
    task = (
        restoring.denoiser(taken, clean, noise, template, random_state)
        if model is None
        else restoring.seen(model, Denoiser)
    )
    return restoring.delivered(f"Noise taken off {data}", task, taken, places, task.transform)


@app.command()
@spoken
def inpaint(
    data: In,
    out: Out,
    model: Known = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            metavar="MASK",
            help="Where IN is hidden: a picture, white there, for all; a folder of such, by the "
            "same names; or a .npy file of truth values. If left out, it is found.",
        ),
    ] = None,
    whole: Annotated[
        Path | None, typer.Option(metavar="DATA", help="Whole data to learn from; else IN.")
    ] = None,
    save: Save = None,
    network: Network = None,
    series: Series = False,
    random_state: Seed = 0,
) -> Answer:
    """Fill in what is covered or lost in pictures or series, and change nothing else."""
    from isthmus.cli import opening, restoring, rows
    from isthmus.tasks.inpainting import Inpainter

    opening.check_alone(model, {"whole": whole, "save": save, "network": network})
    places = restoring.checked(data, out, save, series)
    template = rows.network(network)
    taken = restoring.read(data, series)
    restoring.check_seen(taken)
    told = restoring.mask_of(mask, taken)
    task = (
        restoring.inpainter(taken, whole, told, template, random_state)
        if model is None
        else restoring.seen(model, Inpainter)
    )
    hidden = restoring.hidden(task, taken, told)
    return restoring.delivered(
        f"Filled in {data}", task, taken, places, lambda X: task.transform(X, hidden)
    )
