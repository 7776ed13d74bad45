"""Maps and films: what ``map`` and ``film`` do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from isthmus.cli import columns, jobs, lines, opening, screen
from isthmus.cli.columns import Data
from isthmus.cli.screen import Answer
from isthmus.errors import require
from isthmus.estimator import BaseAutoencoder
from isthmus.tasks.atlas import METHODS, Atlas
from isthmus.tasks.base import is_task
from isthmus.tasks.filming import film


@dataclass(frozen=True)
class Asked:
    """What map is wanted.

    Attributes
    ----------
    model
        A folder of a model, or of a map that was kept.
    out, save
        Where the page goes, and what was learnt.
    method, label, seed
        How the map is drawn, what it is coloured by, and from which seed.
    """

    model: Path
    out: Path
    method: str | None = None
    label: str | None = None
    save: Path | None = None
    seed: int = 0

    def check(self) -> None:
        """Raise an error if it can't be done, before any work is."""
        opening.check_page(self.out, "--out")
        opening.check_free(self.save)
        if self.method is not None and self.method not in METHODS:
            raise typer.BadParameter(
                f"{self.method!r} was given; expected {' or '.join(METHODS)}.",
                param_hint="--method",
            )
        kept = is_task(self.model)
        if kept:
            opening.check_alone(self.model, {"method": self.method, "save": self.save})
        elif self.method != "codes":
            require("openTSNE", "maps")


def drawn(path: Path, asked: Asked) -> Answer:
    """Draw a map of the rows in a file, or put them on one that was kept."""
    asked.check()
    kept = is_task(asked.model)
    atlas = opening.task(asked.model, Atlas) if kept else None
    model = atlas.model_ if atlas else opening.model(asked.model)
    given = lines.known_to(model, path)
    labels = columns.labels_of(given, asked.label, str(path))
    data = columns.known_to(model, given, str(path))
    if atlas is None:
        screen.note(f"Drawing a map of {len(data.X):,} rows of {path}.")
        method = asked.method or METHODS[0]
        atlas = Atlas(model, method=method, random_state=asked.seed).fit(data.X, data.y)
    named = None if labels is None else {str(asked.label): labels}
    atlas.save_html(asked.out, data.X, labels=named, y=data.y, source=str(path))
    if asked.save is not None:
        atlas.save(asked.save)
    return jobs.told("Map", {**_facts(atlas, data, asked), **_paths(asked)})


def _facts(atlas: Atlas, data: Data, asked: Asked) -> dict[str, Any]:
    rows: dict[str, Any] = {"rows": len(data.X), "method": atlas.method}
    if is_task(asked.model):
        rows["rows_of_the_map"] = len(atlas.embedding_)
    if (found := atlas.intrinsic_dimension_) is not None:
        rows["intrinsic_dimension"] = round(found.estimate, 2)
        rows["size_of_the_code"] = atlas.codes_.shape[1]
    return rows


def _paths(asked: Asked) -> dict[str, Path]:
    return {"map": asked.out, **({} if asked.save is None else {"saved": asked.save})}


def check_film(out: Path) -> None:
    """Raise `typer.BadParameter` if no film could be written there, before any work is done."""
    if out.suffix.lower() not in (".gif", ".html", ""):
        raise typer.BadParameter(
            f"{out} ends in {out.suffix!r}; expected .gif, .html, or a folder.", param_hint="--out"
        )
    taken = any(out.iterdir()) if out.is_dir() else out.exists() and not out.suffix
    if taken:
        raise typer.BadParameter(
            f"{out} exists and is not an empty folder; name another.", param_hint="--out"
        )
    opening.check_room(out)


def filmed(model: BaseAutoencoder, data: Data, out: Path, frames: int, seconds: float) -> Answer:
    """Train a model, and write the film of its codes."""
    screen.note(f"Training {type(model).__name__} on {len(data.X):,} rows of {data.source}.")
    seen = film(model, data.X, data.y, frames=frames, labels=data.labels)
    seen.save(out, seconds=seconds, source=data.source)
    spread = seen.spread()
    facts: dict[str, Any] = {
        "family": type(model).__name__,
        "rows": len(data.X),
        "frames": len(seen),
        "epochs": float(seen.epochs[-1]),
        "mean_norm_before": float(spread["norm"].iloc[0]),
        "mean_norm_after": float(spread["norm"].iloc[-1]),
    }
    return jobs.told("Film", {**facts, "film": out})
