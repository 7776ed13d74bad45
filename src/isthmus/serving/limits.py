"""Limits: how much a service takes on, so that no request can take all there is."""

from dataclasses import dataclass, fields

from isthmus.ranges import number, whole

MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a service takes on.

    Parameters
    ----------
    max_rows
        How many rows a request may ask for, or about.
    max_bytes
        How long the body of a request may be.
    max_waiting
        How many requests may be under way, the next being refused.
    max_held
        How many bytes the bodies of all of them may have together.
    timeout
        After how many seconds a request is given up.
    batch_rows
        Up to how many rows of concurrent requests go through the model in one pass; 1: each
        request by itself.
    batch_wait
        How many seconds a request waits for others to travel with.

    Examples
    --------
    >>> Limits(max_rows=100).timeout
    30.0
    """

    max_rows: int = 10_000
    max_bytes: int = 16 * MIB
    max_waiting: int = 2_000
    max_held: int = 512 * MIB
    timeout: float = 30.0
    batch_rows: int = 256
    batch_wait: float = 0.002

    def __post_init__(self) -> None:
        for each in fields(self):
            value, example = getattr(self, each.name), f"{each.name}={each.default}"
            if each.name == "timeout":
                number(each.name, value, 0, without=(0,), example=example)
            elif each.name == "batch_wait":
                number(each.name, value, 0, 1, example=example)
            else:
                whole(each.name, value, 1, example=example)
