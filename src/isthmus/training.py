"""fit, step, History: the only loop.

The data sit in one tensor on the device and are indexed by a shuffled batch of rows; what is
larger than memory comes from a source of batches instead.
Nothing is read back from the device along the way: the loop writes every step's terms
into a ledger there, and looks at it once in a while.
"""

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import cos, inf, isfinite, pi
from time import perf_counter
from typing import Protocol, runtime_checkable

import torch

from isthmus.checkpoint import Checkpoint
from isthmus.codec import Codec
from isthmus.compiled import Compiled
from isthmus.distributed import ALONE, Team
from isthmus.errors import DivergedError
from isthmus.memory import kept
from isthmus.objectives import Nats, Objective
from isthmus.optimiser import Optimiser
from isthmus.randomness import seeded
from isthmus.run import History, Precision, Run
from isthmus.space import Batch

Watcher = Callable[[Run], None]
Measure = Callable[[Codec, Objective, Batch, float], Nats]
EVALUATED = 1024
"""At most how many validation rows are evaluated at once,"""
NUMBERS = 2**22
"""and at most how many numbers of x."""
CHECKED = 1000
"""After how many steps the ledger is looked at, in a long epoch."""


@runtime_checkable
class Source(Protocol):
    """Rows to learn from that are not all in memory."""

    def __len__(self) -> int: ...
    def batches(self, size: int, seed: int, first: int, steps: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, on the run's device, from step ``first`` on."""
        ...


def fit(
    run: Run,
    data: Batch | Source,
    validation: Batch | None = None,
    *,
    watch: Watcher | None = None,
    checkpoint: Checkpoint | None = None,
    team: Team = ALONE,
) -> History:
    """Train to the end of the plan, or to the end of its patience.

    Parameters
    ----------
    run
        From `start`; its codec ends up with the best weights.
    data, validation
        Rows on the run's device, or their source. Without validation rows the last weights are
        the best.
    watch
        Called with the run after every step.
    checkpoint
        Where to put the run, and to go on from if it was put there before.
    team
        The processes that train together, each called with the same rows.

    Raises
    ------
    DivergedError
        If a term leaves the finite numbers.
    KeyboardInterrupt
        On Ctrl-C, after the step under way; the checkpoint, if any, is written first.
    """
    # Of what is larger than memory nothing is kept that could be handed back.
    keeping = kept() if isinstance(data, Batch) else nullcontext()
    with seeded(run.plan.seed, run.ledger.device), keeping, interruptions() as interrupted:
        if checkpoint is not None and (saved := checkpoint.read()) is not None:
            run.restore(*saved)
        team.agree(run.codec, run.objective)
        try:
            _train(run, data, validation, watch, checkpoint, interrupted, team)
        except DivergedError:
            if checkpoint is not None and team.leads:
                checkpoint.clear()  # there is no going on from numbers that are none
            raise
    if run.kept:
        run.codec.load_state_dict(run.kept)
    if checkpoint is not None and team.leads:
        checkpoint.clear()
    return run.history


def _train(
    run: Run,
    data: Batch | Source,
    validation: Batch | None,
    watch: Watcher | None,
    checkpoint: Checkpoint | None,
    interrupted: threading.Event,
    team: Team,
) -> None:
    began = perf_counter() - run.seconds
    measure = _measure(run, team)
    while not run.done:
        for batch in _batches(run, data):
            _advance(run, batch, team, measure)
            run.seconds = perf_counter() - began
            _pause(run, checkpoint, interrupted, team)
            if watch is not None:
                watch(run)
        _close_epoch(run, validation, team)
        if interrupted.is_set():
            _pause(run, checkpoint, interrupted, team)


def _pause(
    run: Run, checkpoint: Checkpoint | None, interrupted: threading.Event, team: Team
) -> None:
    """Put the run to disk if it is time, and stop if Ctrl-C was pressed."""
    if checkpoint is not None and team.leads and (checkpoint.due or interrupted.is_set()):
        _check_finite(run)
        checkpoint.write(*run.put())
    if interrupted.is_set():
        raise KeyboardInterrupt(_how_to_resume(checkpoint))


def measured(codec: Codec, objective: Objective, batch: Batch, progress: float) -> Nats:
    """Return the objective's value on one pass of ``batch`` through the codec."""
    return objective(codec, codec(batch), progress)


def step(
    codec: Codec,
    objective: Objective,
    optimiser: Optimiser,
    batch: Batch,
    progress: float = 1.0,
    precision: Precision = "float32",
    team: Team = ALONE,
    measure: Measure = measured,
) -> Nats:
    """Take one gradient step on ``batch``, and return what the objective was before it.

    In a team, each process takes its rows of the batch, and returns what they came to.
    """
    with _computing(precision, batch.x.device), team.drawing(len(batch)):
        nats = measure(codec, objective, team.part(batch), progress)
    optimiser.zero_grad()
    team.weighed(nats.total, len(batch)).backward()  # pyright: ignore[reportUnknownMemberType]
    team.add_gradients((codec, objective))
    optimiser.step()
    team.agree(codec.latent)
    return nats


@torch.no_grad()
def evaluate(
    codec: Codec, objective: Objective, data: Batch, seed: int, batch_size: int | None = None
) -> list[float]:
    """Return the objective's total and terms over ``data``, in nats per example.

    The draws are those of ``seed``, so that epochs are compared on the same ones. Where a term
    has a value for the batch alone, batches are of ``batch_size``, as in training.
    """
    codec.eval()
    sums = torch.zeros(len(objective.weights) + 1, device=data.x.device)
    with seeded(seed, data.x.device):
        size = max(8, min(EVALUATED, NUMBERS // codec.breadth))
        size = batch_size if batch_size and objective.of_batch else size
        for first in range(0, len(data), size):
            batch = data[slice(first, first + size)]
            nats = objective(codec, codec(batch))
            sums += len(batch) * nats.figures
    codec.train()
    return (sums / len(data)).tolist()


def _measure(run: Run, team: Team) -> Measure:
    if not run.plan.compiled:
        return measured
    mine = team.rows(run.plan.batch_size)
    return Compiled(mine.stop - mine.start, run.ledger.device)


def _advance(run: Run, batch: Batch, team: Team, measure: Measure) -> None:
    plan, progress = run.plan, 1.0
    if plan.decay:
        progress = run.progress
        run.optimiser.rate = plan.learning_rate * (1 + cos(pi * progress)) / 2
    nats = step(
        run.codec, run.objective, run.optimiser, batch, progress, plan.precision, team, measure
    )
    with torch.no_grad():
        figures = nats.figures
        team.mean(figures, len(batch))
        run.ledger[run.step] = figures
    run.step += 1
    if run.step % CHECKED == 0:
        _check_finite(run)


def _batches(run: Run, data: Batch | Source) -> Iterator[Batch]:
    """Yield the batch of each step that is left of the epoch."""
    # The order depends on the seed and the epoch alone, so that a resumed epoch repeats it.
    size, seed = run.plan.batch_size, run.plan.seed + run.epoch
    run.codec.train()
    if not isinstance(data, Batch):
        yield from data.batches(size, seed, run.step, run.steps)
        return
    shuffle = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(data), generator=shuffle).to(data.x.device)
    for number in range(run.step, run.steps):
        yield data[order[number * size : (number + 1) * size]]


def _close_epoch(run: Run, validation: Batch | None, team: Team) -> None:
    _check_finite(run)
    team.agree(run.codec)  # what batches leave behind in it, such as running means
    figures = _named(run, (run.sizes @ run.ledger / run.sizes.sum()).tolist())
    if validation is not None:
        plan = run.plan
        values = team.told(
            evaluate(run.codec, run.objective, validation, plan.seed, plan.batch_size)
        )
        if not all(map(isfinite, values)):
            raise _diverged(run, values, "on the rows kept aside")
        figures |= {f"validation_{key}": value for key, value in _named(run, values).items()}
    figures |= run.codec.latent.figures()
    run.epoch, run.step = run.epoch + 1, 0
    about = {"epoch": run.epoch, "seconds": run.seconds, "learning_rate": run.optimiser.rate}
    run.history.rows.append(about | figures)
    run.keep()


def _check_finite(run: Run) -> None:
    """Raise `DivergedError` if a step's terms, or the weights after the last, aren't finite."""
    broken = (~run.ledger.isfinite()).nonzero()
    if len(broken):
        at = int(broken[0, 0])
        raise _diverged(run, run.ledger[at].tolist(), f"step {at + 1} of {run.steps}")
    # A step's terms are those before it: what the last one did shows in the weights alone.
    if not all(bool(each.isfinite().all()) for each in run.codec.parameters()):
        raise _diverged(run, [inf], f"after step {run.step} of {run.steps}")


def _diverged(run: Run, values: list[float], where: str) -> DivergedError:
    named = zip(["loss", *run.names], values, strict=False)
    terms = [name for name, value in named if name != "loss" and not isfinite(value)]
    return DivergedError(
        f"{' and '.join(terms) or 'The loss'} left the finite numbers in epoch {run.epoch + 1}, "
        f"{where}, at learning rate {run.plan.learning_rate:g}. Most often the learning rate is "
        "too high: try a tenth of it. Else look for values in the data far outside the rest."
    )


def _named(run: Run, values: list[float]) -> dict[str, float]:
    return dict(zip(["loss", *run.names], values, strict=True))


def _computing(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    half = precision == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16) if half else nullcontext()


@contextmanager
def interruptions() -> Generator[threading.Event]:
    """Turn Ctrl-C inside the block into an event, so that a step is never cut in two."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def stop(*_: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)  # pressed again, it stops at once

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _how_to_resume(checkpoint: Checkpoint | None) -> str:
    if checkpoint is None:
        return "Training was interrupted; with checkpoint=FOLDER it could go on from here."
    return f"Training was interrupted; the same call goes on from {checkpoint.path}."
