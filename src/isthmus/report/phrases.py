"""Phrases: texts shown as they read, in place of lines along their tokens."""

from collections.abc import Sequence

from torch import Tensor

from isthmus.adapters import Texts
from isthmus.report.blocks import Table, Tables
from isthmus.report.subject import Look, Subject

LONGEST = 300
"""How many letters of a text have room."""


def are_shown(subject: Subject) -> bool:
    """Return whether the rows are texts."""
    return isinstance(subject.model.adapter_, Texts)


def compared(subject: Subject, look: Look, names: Sequence[str]) -> Tables:
    """Set each text beside what comes back of it."""
    rows = zip(names, _read(subject, look.x), _read(subject, look.reconstruction), strict=True)
    return Tables([Table(["row", "text", "what comes back"], [list(row) for row in rows])])


def alone(subject: Subject, x: Tensor, names: Sequence[str]) -> Tables:
    """Set texts that stand for themselves, ``(n, 1, steps)``, one a line."""
    rows = zip(names, _read(subject, x), strict=True)
    return Tables([Table(["", "text"], [list(row) for row in rows])])


def _read(subject: Subject, x: Tensor) -> list[str]:
    """Return texts, shortened, with what would not be seen made visible."""
    found = [str(each) for each in subject.model.adapter_.inverse_transform(x)]
    return [_shown(each) for each in found]


def _shown(text: str) -> str:
    seen = "".join(letter if letter.isprintable() else "␣" for letter in text[:LONGEST])
    return seen + "…" * (len(text) > LONGEST)
