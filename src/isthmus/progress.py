"""Progress: a bar on stderr while training runs."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from isthmus.run import Run
from isthmus.training import Watcher

REDRAWN = 0.2
"""Seconds between two looks at the run: reading the loss waits for the device."""

_LOOKING: ContextVar[tuple[Watcher, ...]] = ContextVar("looking", default=())


@contextmanager
def watching(look: Watcher) -> Generator[None]:
    """Let ``look`` see every training that is begun inside the block, after each of its steps.

    It may read all and must change nothing: no weight, and no draw.
    """
    token = _LOOKING.set((*_LOOKING.get(), look))
    try:
        yield
    finally:
        _LOOKING.reset(token)


@contextmanager
def bar(verbose: bool | None, name: str = "") -> Generator[Watcher | None]:
    """Show epochs, rate, loss and time left; ``verbose=None``: where stderr is a terminal.

    What is trained may have a ``name``, such as that of a layer. Whoever is `watching` sees the
    steps as well.
    """
    lookers = _LOOKING.get()
    with _shown(verbose, name) as shown:
        every = lookers if shown is None else (*lookers, shown)

        def watch(run: Run) -> None:
            for look in every:
                look(run)

        yield watch if every else None


@contextmanager
def _shown(verbose: bool | None, name: str) -> Generator[Watcher | None]:
    if not (sys.stderr.isatty() if verbose is None else verbose):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (  # all of it within 80 characters
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        task = progress.add_task("training", total=1.0, figures="")
        seen = Seen()

        def watch(run: Run) -> None:
            if seen.due(run):
                progress.update(
                    task,
                    completed=run.progress,
                    description=f"{name}epoch {_epoch(run)}/{run.plan.epochs}",
                    figures=seen.figures(run),
                )

        yield watch
        progress.update(task, completed=1.0)


def _epoch(run: Run) -> int:
    return min(run.epoch + 1, run.plan.epochs)


class Seen:
    """When the run was last looked at, and where it was."""

    def __init__(self) -> None:
        self.at, self.steps = -REDRAWN, 0

    def due(self, run: Run) -> bool:
        """Whether it is time to look again."""
        last = run.epoch + 1 == run.plan.epochs and run.step == run.steps
        return last or monotonic() - self.at >= REDRAWN

    def figures(self, run: Run) -> str:
        """Return the rate since the last look, and the loss."""
        steps, now = run.epoch * run.steps + run.step, monotonic()
        rate = (steps - self.steps) * run.plan.batch_size / max(now - self.at, 1e-9)
        first = self.at < 0
        self.at, self.steps = now, steps
        loss = run.ledger[: run.step, 0].mean().item()
        best = f", best {run.lowest:.4g}" if run.kept else ""
        return f"loss {loss:.4g}{best} nats" + ("" if first else f", {rate:,.0f} rows/s")
