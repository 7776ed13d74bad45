"""The commands of compression: a file made smaller, and made again."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.commands import ModelOption, app, spoken
from isthmus.cli.screen import Answer

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A CSV, Parquet or NPY file like those of fit.")
]
Code = Annotated[Path, typer.Argument(metavar="FILE", help="What compress wrote.")]
Smaller = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="OUT", help="FILE.isthmus if left out."),
]
Again = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="OUT", help="FILE without .isthmus if left out."),
]


@app.command()
@spoken
def compress(file: File, model: ModelOption, out: Smaller = None) -> Answer:
    """Make a file smaller, to be made again with the same model."""
    from isthmus.cli import packing

    return packing.compress(file, model, out)


@app.command()
@spoken
def decompress(file: Code, model: ModelOption, out: Again = None) -> Answer:
    """Make a file again that compress made smaller: exactly what it was."""
    from isthmus.cli import packing

    return packing.decompress(file, model, out)
