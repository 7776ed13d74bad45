"""Jobs: what the commands do, in pieces that several of them share."""

import shlex
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer
from rich.console import RenderableType

from isthmus import report, store, writing
from isthmus.adapters import Files, Images, Sequences, Sounds, Tables, Texts
from isthmus.checks import check_fields, device_called
from isthmus.cli import columns, files, lines, opening, screen, sounds, tables
from isthmus.cli.columns import Data
from isthmus.cli.screen import Answer
from isthmus.distributed import team
from isthmus.errors import CompositionError, DataError, ModelFileError, UnwritableError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import ConditionalVAE
from isthmus.shards import Shards

LOCK = "lock"
"""The file that a run holds in its hidden folder."""
PLACES = {
    "pictures": "a folder, or a .png or .npy file",
    "series": "a .npy file",
    "sounds": "a folder",
}
"""Where goes what a terminal can't show."""
BEGINNING = 54
"""How many letters of a strange text are shown."""


def check_fields_of(model: BaseAutoencoder) -> None:
    """Raise `typer.BadParameter` for a field that won't do, before any data are read."""
    try:
        check_fields(model)
        model.recipe()
        device_called(model.device)
    except CompositionError as error:
        raise typer.BadParameter(str(error)) from error


def check_condition(model: BaseAutoencoder, condition: Sequence[str]) -> None:
    """Raise `typer.BadParameter` where a condition lacks its family, or a family its condition."""
    name = type(model).__name__
    if model.conditional and not condition:
        raise typer.BadParameter(
            f"{name} learns rows that come with a condition: name its column, or columns.",
            param_hint="--condition",
        )
    if condition and not model.conditional:
        raise typer.BadParameter(
            f"{name} takes no condition. Use --family conditionalvae, or --label to colour the "
            "report by the column.",
            param_hint="--condition",
        )


def check_free(folder: Path) -> None:
    """Raise an error if no model could be written to ``folder``."""
    store.check_free(folder)
    opening.check_room(folder)


def train(
    model: BaseAutoencoder,
    data: Data,
    folder: Path,
    resume: bool = True,
    shards: Shards | None = None,
) -> Answer:
    """Fit a model, and write it with its report to ``folder``.

    With ``shards`` it learns from these, and ``data`` are some of their rows, for the report.

    Along the way the run is kept in a hidden folder beside it, from which the same command
    goes on if it is cut off. Of the processes that ``torchrun`` started, the first alone writes.
    """
    place = folder.resolve()
    kept = place.with_name(f".{place.name}.training")
    together, rows = team(), len(data.X if shards is None else shards)
    if not together.leads:
        together.told("ready")
        _fit(model.set_params(checkpoint=str(kept), verbose=False), data, kept, shards)
        return Answer({}, [])
    with _held(kept, folder):
        if not resume:
            _clear(kept)
        together.told("ready")
        if any(kept.glob("*.safetensors")):
            screen.note("There is a run that was cut off; going on from it.")
        if (folder / store.ABOUT).exists():
            screen.note(f"There is a model in {folder}; the new one will replace it.")
        _check_data(model, data.X)
        if rows > 1:  # or fit says that this is too few
            screen.note(f"Training {type(model).__name__} on {rows:,} rows of {data.source}.")
        _fit(model.set_params(checkpoint=str(kept)), data, kept, shards)
        model.set_params(checkpoint=None, verbose=None).save(folder)  # not the model's affair
        screen.note(f"Wrote the model {folder}; now its report.")
        page = _reported(model, data, folder)
    return told("Trained", {"model": folder, "report": page, "rows": rows, **about(model)})


@contextmanager
def _held(kept: Path, folder: Path) -> Generator[None]:
    """Keep a run's hidden folder to this process; the system lets go of it if that is killed."""
    kept.mkdir(parents=True, exist_ok=True)
    lock = kept / LOCK
    with lock.open("a") as file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UnwritableError(
                    f"Another fit is writing to {folder} at this moment; nothing was done. Wait "
                    "for it to end, or name another folder with --out."
                ) from error
            except OSError:
                pass  # some network disks know no locks
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
            with suppress(OSError):  # what is kept of a run stays
                kept.rmdir()


def _clear(kept: Path) -> None:
    for each in kept.glob("*.safetensors"):
        each.unlink()
        writing.clear_away(each)


def _check_data(model: BaseAutoencoder, X: Any) -> None:
    """Raise `DataError` for data that can't be learnt from; files are checked as they are read.

    What the columns of a table were taken for is told.
    """
    if isinstance(X, Files | list):
        return
    adapter = model._adapter_for(X)  # pyright: ignore[reportPrivateUsage]
    if isinstance(adapter, Tables):
        tables.told(adapter, X)
    else:
        adapter.fit(X)


def _fit(model: BaseAutoencoder, data: Data, kept: Path, shards: Shards | None) -> None:
    try:
        if shards is None:
            model.fit(data.X, data.y)
        else:
            model.fit(shards, None if data.y is None else list(data.y.columns))
    except KeyboardInterrupt:
        found = any(kept.glob("*.safetensors"))
        again = "the same command goes on from here" if found else "nothing was kept"
        raise KeyboardInterrupt(f"Interrupted; {again}.") from None
    except ModelFileError as error:
        if any(kept.glob("*.safetensors")):
            raise ModelFileError(f"{error} The option --no-resume starts afresh.") from error
        raise


def _reported(model: BaseAutoencoder, data: Data, folder: Path) -> Path:
    page = folder / store.REPORT
    try:
        return report.write(model, data.X, page, labels=data.labels, source=data.source, y=data.y)
    except KeyboardInterrupt:
        said = f"Interrupted; the model {folder} is complete."
        if Path(data.source).exists():  # the demo's data are no file
            again = shlex.join(["isthmus", "report", str(folder), data.source])
            said += f" `{again}` makes its report."
        raise KeyboardInterrupt(said) from None


def about(model: BaseAutoencoder) -> dict[str, Any]:
    """Return what a fitted model is, in a few facts."""
    history, space, corruption = model.history_, model.codec_.space, model.codec_.corruption
    best = history.rows[history.best - 1] if history.rows else {}
    shape = {"shape": list(space.shape)} if len(space.shape) > 1 else {"columns": space.size}
    if isinstance(model.adapter_, Tables):
        shape = {"columns": len(model.adapter_.columns_)}
    if isinstance(model.adapter_, Texts):
        shape = {"tokens": space.size, "vocabulary": space.levels}
    return {
        **shape,
        "family": type(model).__name__,
        "equation": repr(model.objective_),
        "latent": repr(model.codec_.latent),
        "likelihood": repr(model.codec_.likelihood),
        **({"corruption": repr(corruption)} if corruption else {}),
        "batch_size": model.batch_size_,
        "learning_rate": model.learning_rate_,
        "epochs": len(history.rows),
        "best_epoch": history.best,
        "best_validation_loss": best.get("validation_loss"),
        "seconds": round(sum(history.column("seconds")[-1:]), 2),
    }


def opened(model: Path, out: Path | None, *, figures: bool = False) -> BaseAutoencoder:
    """Load a model, and check that the rows, or figures, that it makes can go to ``out``."""
    fitted = opening.model(model)
    kind = "figures" if figures else _kind(fitted)
    if not figures:
        tables.check_writable(fitted, out)
    if kind in PLACES and out is None:
        raise typer.BadParameter(
            f"the model makes {kind}, which a terminal can't show: name {PLACES[kind]}, with -o.",
            param_hint="--out",
        )
    try:
        if out is not None:
            files.check_writable(out, kind)
    except DataError as error:
        raise typer.BadParameter(str(error), param_hint="--out") from error
    if out is not None:
        opening.check_room(out)
    return fitted


def _kind(model: BaseAutoencoder) -> files.Kind:
    """Return what a model makes."""
    if isinstance(model.adapter_, Images):
        return "pictures"
    if isinstance(model.adapter_, Sounds):
        return "sounds"
    if isinstance(model.adapter_, Texts):
        return "texts"
    return "series" if isinstance(model.adapter_, Sequences) else "figures"


def known(model: BaseAutoencoder, path: Path) -> Data:
    """Read the data that a model is to work on: the columns that it knows."""
    return known_to(model, lines.known_to(model, path), path)


def known_to(model: BaseAutoencoder, X: files.Readable, path: Path) -> Data:
    """Return the columns that a model knows, and tell of those that it doesn't."""
    data = columns.known_to(model, X, str(path))
    if data.left_out:
        screen.note(f"Left out, since the model was not fitted to them: {', '.join(data.left_out)}")
    return data


def changed(model: BaseAutoencoder, data: Data, to: dict[str, Any]) -> Any:
    """Return rows as they would be under another condition."""
    if not isinstance(model, ConditionalVAE):
        raise DataError(
            f"A {type(model).__name__} was given; expected a model that knows of conditions: fit "
            "one with --family conditionalvae --condition COLUMN."
        )
    return model.change(data.X, data.y, to=to)


def rows(
    title: str, model: BaseAutoencoder, made: Any, out: Path | None, names: pd.Index | None = None
) -> Answer:
    """Write or show rows of the kind that the model was fitted to.

    Parameters
    ----------
    title
        What they are, for people.
    model, made
        The model, and the rows that it made.
    out
        Where they go; None: to the screen.
    names
        What each row is called; None: by its number.
    """
    adapter = model.adapter_
    if isinstance(adapter, Sequences):
        assert out is not None  # or `opened` had refused
        series = np.stack(made)  # a model of lists makes lists, all of one length
        files.write(out, series)
        return told("Wrote", {"out": out, "rows": len(series), "shape": list(series.shape[1:])})
    if isinstance(adapter, Sounds):
        assert out is not None
        sounds.write(out, made, adapter.rate_, _stems(names))
        return told("Wrote", {"out": out, "rows": len(made), "rate": adapter.rate_})
    if isinstance(adapter, Texts):
        if out is not None and out.suffix.lower() == files.LINES:
            lines.write(out, made)
            return told("Wrote", {"out": out, "rows": len(made)})
        return table(title, pd.Series(made, name=lines.column_of(adapter)).to_frame(), out)
    if not isinstance(adapter, Images):
        heading = getattr(adapter, "columns_", None)
        frame = made if isinstance(made, pd.DataFrame) else pd.DataFrame(made, columns=heading)
        return table(title, frame, out)
    assert out is not None  # or `opened` had refused
    files.write_pictures(out, made, (adapter.low_, adapter.high_), _stems(names))
    return told("Wrote", {"out": out, "rows": len(made), "shape": list(made.shape[1:])})


def _stems(names: pd.Index | None) -> list[str] | None:
    """Return the names of files without their endings."""
    return None if names is None else [str(Path(str(name)).with_suffix("")) for name in names]


def table(title: str, frame: pd.DataFrame, out: Path | None) -> Answer:
    """Write a table to ``out``, or show its first rows."""
    names = [str(name) for name in frame.columns]
    if out is not None:
        files.write(out, frame)
        return told("Wrote", {"out": out, "rows": len(frame), "columns": names})
    seen = frame.iloc[: screen.ROWS, : screen.COLUMNS]
    shown = [
        [str(name), *row] for name, row in zip(seen.index, seen.to_numpy().tolist(), strict=True)
    ]
    left = f"{len(frame):,} rows, {len(names)} columns; -o FILE writes them all."
    values = frame.astype(object).to_numpy().tolist()
    facts = {"rows": len(frame), "columns": names, "values": values}
    return Answer(facts, [screen.preview(title, ["row", *seen.columns], shown), left])


def scored(title: str, scores: pd.Series, X: Any, lowest: int, out: Path | None) -> Answer:
    """Write or show the scores, and which rows of X are the strangest."""
    summary = {
        "rows": len(scores),
        "mean": float(scores.mean()),
        "median": float(scores.median()),
        "standard_deviation": float(scores.to_numpy().std()),
        "lowest": float(scores.min()),
        "highest": float(scores.max()),
    }
    ranked = scores.sort_values().head(lowest)
    strangest = [[str(name), value] for name, value in ranked.items()]
    if out is not None:
        files.write(out, scores.to_frame())
    facts = {
        **summary,
        "strangest": [{"row": name, "score": value} for name, value in strangest],
        **({"scores": scores.tolist()} if out is None else {"out": out}),
    }
    shown = [screen.facts(title, summary), _strangest(ranked, X)]
    return Answer(facts, [*shown, *([f"Wrote {out}"] if out else [])])


def _strangest(ranked: pd.Series, X: Any) -> RenderableType:
    """Show the rows with the lowest scores; of texts, how they begin."""
    seen = ranked.to_frame("score")
    if isinstance(X, pd.Series):
        seen["text"] = X.loc[ranked.index].str[:BEGINNING]
    listed = [[str(name), *row] for name, *row in seen.itertuples(name=None)]
    return screen.preview("The strangest rows", ["row", *seen.columns], listed)


def told(title: str, facts: dict[str, Any]) -> Answer:
    """Return an answer of names and values, with the paths in lines of their own to copy."""
    paths = {name: each for name, each in facts.items() if isinstance(each, Path)}
    others = {name: each for name, each in facts.items() if name not in paths}
    lines = [f"{name.replace('_', ' ')}: {each}" for name, each in paths.items()]
    return Answer(facts, [screen.facts(title, others), *lines])


def report_on(model: Path, path: Path, out: Path | None, label: str | None) -> Answer:
    """Write the report of a saved model on data."""
    fitted = opening.model(model)
    page = out or model / store.REPORT
    opening.check_page(page, "--out")
    X = lines.known_to(fitted, path)
    data = columns.known_to(fitted, X, str(path))
    if label is None and data.y is not None and len(data.y.columns) == 1:
        label = str(data.y.columns[0])  # as fit does
    labels = columns.labels_of(X, label, str(path))
    report.write(fitted, data.X, page, labels=labels, source=data.source, y=data.y)
    return told("Report", {"report": page, "rows": len(data.X)})


def inside(model: BaseAutoencoder) -> dict[str, Any]:
    """Return what a fitted model is made of, and how it was trained."""
    named = getattr(model, "feature_names_in_", None)
    return {
        **about(model),
        **({"kinds": model.adapter_.kinds_} if isinstance(model.adapter_, Tables) else {}),
        "column_names": None if named is None else [str(name) for name in named],
        "backbone": repr(model.backbone) if model.backbone else "chosen from the data",
        "weights": sum(each.numel() for each in model.codec_.parameters()),
        "code_size": model.latent_size_,
        "seed": model.seed_,
    }
