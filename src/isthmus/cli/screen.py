"""Screen: answers on stdout, for people or for programs; notes and errors on stderr."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

ROWS, COLUMNS = 10, 8
"""How much of a table is shown."""
SPEAKS = os.environ.get("RANK", "0") == "0"
"""Whether this process speaks: of those of a ``torchrun`` the first alone, but for errors."""


@dataclass(frozen=True)
class Answer:
    """What a command has to say.

    Attributes
    ----------
    facts
        For a program: what ``--json`` prints.
    shown
        For people: tables and lines.
    """

    facts: Mapping[str, Any]
    shown: Sequence[RenderableType]


def answer(given: Answer, as_json: bool) -> None:
    """Print an answer on stdout."""
    if not SPEAKS:
        return
    if as_json:
        sys.stdout.write(json.dumps(plain(given.facts), ensure_ascii=False, allow_nan=False) + "\n")
        return
    console = Console(highlight=False)
    for each in given.shown:
        # A line is for copying, so the terminal may wrap it, but nobody else.
        console.print(each, soft_wrap=isinstance(each, (str, Text)), markup=False)


def note(text: str, style: str = "dim") -> None:
    """Print a remark on stderr."""
    if SPEAKS:
        Console(stderr=True).print(Text(text, style=style), soft_wrap=True)


def told(shown: RenderableType) -> None:
    """Print a table beside the answer, on stderr."""
    if SPEAKS:
        Console(stderr=True, highlight=False).print(shown)


def error(text: str) -> None:
    """Print what went wrong on stderr."""
    said = Text.assemble(("Error: ", "bold red"), text)
    Console(stderr=True).print(said, soft_wrap=True)


def facts(title: str, given: Mapping[str, Any]) -> RenderableType:
    """Return a table of names and values."""
    table = Table(box=SIMPLE_HEAD, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in given.items():
        table.add_row(Text(name.replace("_", " ")), Text(cell(value)))
    return _titled(title, table)


def preview(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> RenderableType:
    """Return a table with a heading; the first column names the rows."""
    table = Table(box=SIMPLE_HEAD)
    for place, name in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[place], (int, float)) for row in rows)
        table.add_column(Text(name), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))
    return _titled(title, table)


def entries(given: Sequence[tuple[str, str, str]]) -> list[RenderableType]:
    """Return names with what they are: a line to each, which is never broken, and a sentence."""
    wide = max(len(name) for name, _, _ in given)
    shown: list[RenderableType] = []
    for name, formula, sentence in given:
        shown.append(Text.assemble((name.ljust(wide), "bold"), "  ", formula))
        shown.append(Padding(Text(sentence, style="dim"), (0, 0, 1, 2)))
    return shown


def _titled(title: str, table: Table) -> RenderableType:
    # A table's own title is broken where the table ends.
    return Group(Text(title, style="bold"), table)


def cell(value: Any) -> str:
    """Return a value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, str):
        # What a text holds that is no letter could steer the terminal.
        return "".join(each if each.isprintable() or each == "\n" else "␣" for each in value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        near = not value or 1e-3 <= abs(value) < 1e7
        return f"{value:,.4f}".rstrip("0").rstrip(".") if near else f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        more = f" and {len(value) - COLUMNS} more" if len(value) > COLUMNS else ""
        return ", ".join(cell(each) for each in value[:COLUMNS]) + more
    return str(value)


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: a number that is none becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.as_posix() if isinstance(value, Path) else str(value)
