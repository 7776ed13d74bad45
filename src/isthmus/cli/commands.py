"""The command line: files in, files out.

Answers go to stdout, progress and remarks to stderr. It exits with 0 where all went well,
1 for an error that it could name, 2 for wrong usage, 130 where it was interrupted.

Whatever needs torch is imported inside functions, so that ``isthmus --help`` answers at once.
"""

import signal
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from isthmus import __version__
from isthmus.cli import screen
from isthmus.cli.screen import Answer
from isthmus.errors import IsthmusError

app = typer.Typer(
    name="isthmus",
    help="Autoencoders and variational autoencoders for data without labels.",
    epilog="Begin with: isthmus demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON object.")]
Debug = Annotated[bool, typer.Option("--debug", metavar="", help="Show where an error came from.")]
DataPath = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A CSV, Parquet or NPY file, a .txt file of one text a line, or a folder of PNG or "
        "JPEG pictures, of WAV or FLAC sounds, or of Parquet or NPY files.",
    ),
]
ModelOption = Annotated[
    Path, typer.Option("--model", "-m", metavar="MODEL", help="A folder that fit wrote.")
]
ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="A folder that fit wrote.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="OUT",
        help="A .csv, .parquet or .npy file; for pictures a folder, or a .png or .npy file; for "
        "series a .npy file; for sounds a folder; for texts a .txt, .csv or .parquet file.",
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="A column to colour by, not to learn from; for a folder of pictures, 'folder', what "
        "each lies in, or TABLE.csv:COLUMN.",
    ),
]
Condition = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN=VALUE", help="What rows are to depend on; repeatable."),
]
Drop = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="A column to leave out; repeatable.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN=KIND",
        help="What a column of a table is: number, count, boolean, category or date; repeatable.",
    ),
]
Conditions = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A column that the others depend on, for a conditional family; repeatable.",
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="A column of texts, to learn from these alone."),
]
Row = Annotated[int, typer.Argument(metavar="ROW", help="The number of a row, from 0.")]


def main() -> None:
    """Run the command line."""
    if hasattr(signal, "SIGPIPE"):  # `isthmus encode … | head` ends quietly, like other tools
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    app()


def spoken(function: Callable[..., Answer]) -> Callable[..., None]:
    """Make a command of a function: its answer is printed, its errors become exit codes."""

    def command(*, as_json: bool, debug: bool, **given: Any) -> None:
        try:
            screen.answer(function(**given), as_json)
        except KeyboardInterrupt as stop:
            screen.note(str(stop) or "Interrupted.", style="yellow")
            raise typer.Exit(130) from None
        except (IsthmusError, OSError) as error:
            if debug:
                raise
            screen.error(str(error))
            raise typer.Exit(1) from None

    common = {"as_json": AsJson, "debug": Debug}
    own = [
        each for each in signature(function).parameters.values() if each.kind != each.VAR_KEYWORD
    ]
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in common.items()
    ]
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    return _signed(command, [*own, *added])


class Fit(TyperCommand):
    """The command ``fit``, whose options are the families' fields.

    Those need torch, so they are made when this very command is asked for, not for the
    list of commands.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Return its parameters, fields included."""
        if not any(each.name == "epochs" for each in self.params):
            from isthmus.cli import options

            alone = typer.Typer(add_completion=False)
            command = spoken(fit)
            own = signature(command).parameters.values()
            alone.command()(_signed(command, [*own, *options.parameters()]))
            whole = get_command(alone)
            self.params, self.callback = whole.params, whole.callback
        return super().get_params(ctx)


def _signed(command: Callable[..., None], parameters: Sequence[Parameter]) -> Callable[..., None]:
    """Give a command the parameters that typer should see."""
    vars(command)["__signature__"] = Signature(parameters)
    return command


def fit(
    data: DataPath,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="MODEL", help="The folder to write; DATA-FAMILY if left out."
        ),
    ] = None,
    family: Annotated[
        str, typer.Option(metavar="FAMILY", help="One of those that isthmus families lists.")
    ] = "vae",
    label: Label = None,
    drop: Drop = None,
    condition: Conditions = None,
    kind: Kinds = None,
    text: TextColumn = None,
    resume: Annotated[
        bool, typer.Option(metavar="", help="Go on from where the same command was cut off.")
    ] = True,
    quiet: Annotated[
        bool, typer.Option("--quiet", metavar="", help="Show no progress bar.")
    ] = False,
    **given: Any,
) -> Answer:
    """Train an autoencoder, and write the model with a report."""
    from isthmus.cli import columns, jobs, lines, options, streams, tables

    cls = options.family(family)
    model = cls(**options.settings(cls, given), verbose=False if quiet else None)
    jobs.check_fields_of(model)
    jobs.check_condition(model, condition or ())
    folder = out or Path(f"{data.resolve().stem}-{cls.__name__.lower()}")
    jobs.check_free(folder)
    shards, chosen = None, (label, drop or (), condition or (), text)
    if streams.are_many(data):
        shards, ready = streams.to_learn_from(data, *chosen)
    else:
        ready = columns.to_learn_from(lines.read(data, text), str(data), *chosen)
    tables.say_kinds(model, ready.X, kind or ())
    return jobs.train(model, ready, folder, resume, shards)


app.command(cls=Fit)(spoken(fit))


@app.command()
@spoken
def encode(data: DataPath, model: ModelOption, out: Out = None) -> Answer:
    """Turn each row into its code."""
    import numpy as np
    import pandas as pd

    from isthmus.cli import jobs, streams
    from isthmus.cli.columns import Data

    fitted = streams.opened(model, data, out, figures=True)

    def coded(known: Data) -> pd.DataFrame:
        # Codes have no more digits than single precision holds.
        codes = np.asarray(fitted.transform(known.X, known.y), np.float32)
        return pd.DataFrame(codes, index=known.row_names, columns=fitted.get_feature_names_out())

    if streams.at(data):
        return streams.each(fitted, data, out, coded)
    return jobs.table(f"Codes of {data}", coded(jobs.known(fitted, data)), out)


@app.command()
@spoken
def reconstruct(data: DataPath, model: ModelOption, out: Out = None) -> Answer:
    """Encode and decode each row: what the model makes of it."""
    from isthmus.cli import jobs, streams
    from isthmus.cli.columns import Data

    fitted = streams.opened(model, data, out)

    def made(known: Data) -> Any:
        return fitted.reconstruct(known.X, known.y)

    if streams.at(data):
        return streams.each(fitted, data, out, made)
    known = jobs.known(fitted, data)
    return jobs.rows(f"Reconstructions of {data}", fitted, made(known), out, known.row_names)


@app.command()
@spoken
def change(
    data: DataPath,
    model: ModelOption,
    to: Annotated[
        list[str], typer.Option(metavar="COLUMN=VALUE", help="The new condition; repeatable.")
    ],
    out: Out = None,
) -> Answer:
    """Make each row over into another condition, its style kept: for conditional models."""
    from isthmus.cli import columns, jobs

    fitted = jobs.opened(model, out)
    known = jobs.known(fitted, data)
    changed = jobs.changed(fitted, known, columns.condition_from(fitted, to, "--to"))
    return jobs.rows(f"{data}, made over", fitted, changed, out, known.row_names)


@app.command()
@spoken
def sample(
    n: Annotated[int, typer.Argument(metavar="N", help="How many rows.", min=1)],
    model: ModelOption,
    out: Out = None,
    near: Annotated[
        tuple[int, Path] | None,
        typer.Option(metavar="ROW DATA", help="Draw round this row of DATA, not from the prior."),
    ] = None,
    radius: Annotated[float, typer.Option(min=0, help="How far round it.")] = 1.0,
    noise: Annotated[
        bool, typer.Option("--noise", metavar="", help="Draw from p(x | z) as well.")
    ] = False,
    random_state: Annotated[
        int | None, typer.Option(help="A seed; the model's own if left out.")
    ] = None,
    condition: Condition = None,
) -> Answer:
    """Generate rows, from the prior or round a row of data."""
    from isthmus.cli import columns, jobs

    fitted = jobs.opened(model, out)
    made = fitted.sample(
        n,
        y=columns.condition_from(fitted, condition or (), "--condition") or None,
        near=jobs.known(fitted, near[1]).row(near[0]) if near else None,
        radius=radius,
        noise=noise,
        random_state=random_state,
    )
    return jobs.rows(f"Samples of {model}", fitted, made, out)


@app.command()
@spoken
def interpolate(
    data: DataPath,
    a: Row,
    b: Row,
    model: ModelOption,
    steps: Annotated[int, typer.Option(min=2, help="How many, both ends included.")] = 10,
    out: Out = None,
) -> Answer:
    """Walk from one row to another, through the codes between them."""
    from isthmus.cli import jobs

    fitted = jobs.opened(model, out)
    known = jobs.known(fitted, data)
    walk = fitted.interpolate(known.row(a), known.row(b), steps)
    return jobs.rows(f"From row {a} to row {b} of {data}", fitted, walk, out)


@app.command()
@spoken
def score(
    data: DataPath,
    model: ModelOption,
    out: Out = None,
    lowest: Annotated[int, typer.Option(min=0, help="How many of the strangest to list.")] = 10,
) -> Answer:
    """Say how normal each row is, in nats: higher is more normal."""
    import pandas as pd

    from isthmus.cli import jobs, streams
    from isthmus.cli.columns import Data

    fitted = streams.opened(model, data, out, figures=True)

    def scored(known: Data) -> pd.Series:
        found = fitted.score_samples(known.X, known.y)
        return pd.Series(found, index=known.row_names, name="score")

    if streams.at(data):
        return streams.each(fitted, data, out, lambda known: scored(known).to_frame())
    known = jobs.known(fitted, data)
    return jobs.scored(f"Scores of {data}, in nats", scored(known), known.X, lowest, out)


@app.command()
@spoken
def report(
    model: ModelFolder,
    data: DataPath,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="HTML", help="MODEL/report.html if left out."),
    ] = None,
    label: Label = None,
) -> Answer:
    """Write the report of a model on data: one HTML file."""
    from isthmus.cli import jobs

    return jobs.report_on(model, data, out, label)


@app.command()
@spoken
def info(model: ModelFolder) -> Answer:
    """Say what a model is made of, and how it was trained."""
    from isthmus.cli import jobs

    return jobs.told(str(model), jobs.inside(jobs.opened(model, None, figures=True)))


@app.command()
@spoken
def families() -> Answer:
    """List the families, with their equations."""
    from isthmus.cli import options

    return options.listed()


@app.command()
@spoken
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="MODEL", help="The folder to write.")
    ] = Path("isthmus-demo"),
) -> Answer:
    """Train a small model on real handwritten digits, in about a minute."""
    from isthmus.cli import demonstration

    return demonstration.demonstrate(out)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"isthmus {__version__}")
        raise typer.Exit


@app.callback()
def _group(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass
