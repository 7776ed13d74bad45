"""The commands that hand a model on: behind HTTP, and as ONNX files."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.commands import ModelFolder, app, spoken
from isthmus.cli.screen import Answer

Served = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL", help="A folder that fit wrote, or --save of detect, impute, synthesize."
    ),
]


@app.command()
@spoken
def serve(
    model: Served,
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 for other machines, who are not asked.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="0: any that is free, which it names.")
    ] = 8000,
    max_rows: Annotated[int, typer.Option(min=1, help="Rows a request.")] = 10_000,
    max_bytes: Annotated[int, typer.Option(min=1, help="Bytes a request.")] = 16_777_216,
    max_waiting: Annotated[int, typer.Option(min=1, help="Requests under way.")] = 2_000,
    timeout: Annotated[float, typer.Option(help="Seconds a request may take.")] = 30.0,
    batch_rows: Annotated[
        int, typer.Option(min=1, help="Rows of concurrent requests in one pass; 1: never joined.")
    ] = 256,
    batch_wait: Annotated[
        float, typer.Option(min=0, help="Milliseconds that requests wait for one another.")
    ] = 2.0,
) -> Answer:
    """Answer requests over HTTP with a model or a task, until it is stopped."""
    from isthmus.cli import service

    given = {
        "max_rows": max_rows,
        "max_bytes": max_bytes,
        "max_waiting": max_waiting,
        "timeout": timeout,
        "batch_rows": batch_rows,
        "batch_wait": batch_wait / 1000,
    }
    return service.serve(model, host, port, given)


@app.command()
@spoken
def export(
    model: ModelFolder,
    onnx: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write.")],
) -> Answer:
    """Write the encoder and the decoder as ONNX files, for other languages and runtimes."""
    from isthmus.cli import service

    return service.export(model, onnx)
