"""Batching: requests that come together go through the model together.

One thread does the work: it collects what arrives within a moment, and makes one pass of it. The
loop that talks to the network does nothing else, and answers whether the service is alive.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any

from isthmus.errors import DataError, IsthmusError
from isthmus.serving.limits import Limits
from isthmus.serving.meters import Meters
from isthmus.serving.operations import Operation, Ready

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A request on its way: what it asks for, its body, what to call once that is of no more use,
    and where its answer goes.
    """

    name: str
    body: bytes
    done: Callable[[], object]
    answer: Future[bytes] = field(default_factory=Future[bytes])


class Batcher:
    """The thread that works.

    Parameters
    ----------
    operations
        What can be asked, by name.
    limits
        How many rows go in one pass, and how long they wait for one another.
    meters
        Where it is counted.
    """

    def __init__(self, operations: Mapping[str, Operation], limits: Limits, meters: Meters) -> None:
        self.operations, self.limits, self.meters = operations, limits, meters
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="isthmus-batcher", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it works."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is waiting, and end."""
        self._jobs.put(None)
        self._thread.join()

    def submit(self, name: str, body: bytes, done: Callable[[], object]) -> Future[bytes]:
        """Put a request in the queue; its answer comes as JSON, or as an error.

        ``done`` is called, from the thread that works, once the body is of no more use: also where
        nobody waits for the answer.
        """
        job = Job(name, body, done)
        self._jobs.put(job)
        return job.answer

    def _run(self) -> None:
        last = False
        while not last:
            job = self._jobs.get()
            if job is None:
                return
            found, last = self._collected(job)
            found.sort(key=lambda each: each[0].name)
            for name, some in groupby(found, key=lambda each: each[0].name):
                self._work(self.operations[name], list(some))

    def _collected(self, first: Job) -> tuple[list[tuple[Job, Ready]], bool]:
        """Return what came in within a moment, checked, and whether it was the last."""
        found: list[tuple[Job, Ready]] = []
        rows, end = 0, time.monotonic() + self.limits.batch_wait
        job: Job | None = first
        while job is not None:
            ready = self._prepared(job)
            if ready is not None:
                found.append((job, ready))
                batched = self.operations[job.name].batched
                rows += ready.rows if batched else self.limits.batch_rows
            if rows >= self.limits.batch_rows:
                return found, False
            try:
                left = end - time.monotonic()
                job = self._jobs.get(timeout=left) if left > 0 else self._jobs.get_nowait()
            except Empty:
                return found, False
        return found, True

    def _prepared(self, job: Job) -> Ready | None:
        """Return the request read and checked; one that won't do is answered at once."""
        if not job.answer.set_running_or_notify_cancel():
            job.done()
            return None  # nobody waits for it any more
        try:
            return self.operations[job.name].prepare(parsed(job.body))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this request's alone
            _failed(job, error)
            return None

    def _work(self, operation: Operation, jobs: Sequence[tuple[Job, Ready]]) -> None:
        try:
            answers = operation.answers([ready for _, ready in jobs])
            written = [json.dumps(each, ensure_ascii=False, allow_nan=False) for each in answers]
        except Exception as error:  # noqa: BLE001
            if len(jobs) == 1:
                _failed(jobs[0][0], error)
                return
            for each in jobs:  # its neighbours are not to suffer for it
                self._work(operation, [each])
            return
        self.meters.passed(operation.name, [ready.rows for _, ready in jobs])
        for (job, _), text in zip(jobs, written, strict=True):
            job.done()
            job.answer.set_result(text.encode("utf-8", "surrogatepass"))


def parsed(body: bytes) -> dict[str, Any]:
    """Read the body of a request: one JSON object.

    Raises
    ------
    DataError
        If it is none.

    Examples
    --------
    >>> parsed(b'{"rows": [[1.5, null]]}')
    {'rows': [[1.5, None]]}
    """
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise DataError(
            f"The body is no JSON: {said.rstrip('.')}. Expected an object, such as "
            '{"rows": [...]}.'
        ) from error
    if not isinstance(found, dict):
        kind = {list: "a list", str: "a text"}.get(type(found), repr(found))
        raise DataError(f'The body is {kind}; expected an object, such as {{"rows": [...]}}.')
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON: write null where a value is unknown")


def _failed(job: Job, error: Exception) -> None:
    if not isinstance(error, IsthmusError):
        LOG.error("A request for /%s failed", job.name, exc_info=error)
    job.done()
    job.answer.set_exception(error)
