"""Gate: which requests are let in, and how much of them is read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from isthmus.serving.limits import MIB, Limits
from isthmus.serving.meters import Meters

DRAINED = 64 * MIB
"""How much of a body that is too long is read for nothing."""


@dataclass
class RefusedError(Exception):
    """A request that is not answered: a status of HTTP, and why."""

    status: int
    why: str

    @property
    def headers(self) -> dict[str, str]:
        """When to come again, if that would help."""
        return {"Retry-After": "1"} if self.status in (429, 503) else {}


class Gate:
    """It counts requests, and the bytes of their bodies, while they are under way.

    One that was given up is under way until the work has let go of it. All of it runs in the one
    thread that talks to the network.
    """

    def __init__(self, limits: Limits, meters: Meters) -> None:
        self.limits, self.meters = limits, meters
        self.waiting, self.held = 0, 0

    @property
    def full(self) -> bool:
        """Whether the next request would be refused."""
        return self.waiting >= self.limits.max_waiting

    @contextmanager
    def entered(self) -> Generator["Entry"]:
        """Let a request in for as long as it is under way.

        Raises
        ------
        RefusedError
            If too many are.
        """
        if self.full:
            raise RefusedError(
                429,
                f"{self.waiting:,} requests are under way, as many as this service takes on. Come "
                "again in a moment.",
            )
        self.waiting += 1
        self.meters.waiting.set(self.waiting)
        entry = Entry(self)
        try:
            yield entry
        finally:
            if not entry.handed_on:
                self.leave(entry)

    def leave(self, entry: "Entry") -> None:
        """Count a request no more."""
        self.waiting -= 1
        self.held -= entry.size
        self.meters.waiting.set(self.waiting)


@dataclass
class Entry:
    """A request that was let in, how many bytes of it are held, and whether others hold them."""

    gate: Gate
    size: int = 0
    handed_on: bool = False

    def hand_on(self) -> Callable[[], object]:
        """Return what whoever takes the body calls, from any thread, once it is done with it."""
        self.handed_on = True
        loop = asyncio.get_running_loop()
        return lambda: loop.call_soon_threadsafe(self.gate.leave, self)

    async def read(self, chunks: AsyncIterator[bytes], length: str | None) -> bytes:
        """Return a body, of a stated length if any.

        Raises
        ------
        RefusedError
            If it is too long, or all bodies together are.
        """
        limits = self.gate.limits
        if length is not None and length.isdecimal() and int(length) > limits.max_bytes + DRAINED:
            raise _too_long(int(length), limits)
        parts: list[bytes] = []
        total = 0
        async for chunk in chunks:
            total += len(chunk)
            if total > limits.max_bytes:
                # Whoever is cut off while sending never reads why: the rest is let pass by.
                parts.clear()
                self._hold(-self.size)
                if total > limits.max_bytes + DRAINED:
                    break
                continue
            self._hold(len(chunk))
            parts.append(chunk)
        if total > limits.max_bytes:
            raise _too_long(total, limits)
        return b"".join(parts)

    def _hold(self, size: int) -> None:
        self.size += size
        self.gate.held += size
        if self.gate.held > self.gate.limits.max_held:
            raise RefusedError(
                429,
                "The bodies of the requests under way are as much as this service holds. Come "
                "again in a moment, or ask for fewer rows at a time.",
            )


def _too_long(length: int, limits: Limits) -> RefusedError:
    return RefusedError(
        413,
        f"The body is {length:,} bytes long, or longer; this service takes {limits.max_bytes:,}. "
        "Send the rows in several requests.",
    )
