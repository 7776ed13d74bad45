"""RESULTS.md: one section a benchmark, one row a figure; a new run replaces its own rows only."""

import re
from collections.abc import Sequence
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
TITLE = "# Results\n\nWritten by `make bench`; each section says what it was measured on.\n"


def record(section: str, lines: Sequence[str], path: Path = RESULTS) -> None:
    """Put `lines` under the heading `section`, in place of what stood there."""
    sections = _read(path)
    sections[section] = "\n".join(lines).strip()
    _write(sections, path)


def record_row(
    section: str, header: Sequence[str], row: Sequence[str], note: str = "", path: Path = RESULTS
) -> None:
    """Put `row` into the section's table, in place of the row with the same first cell."""
    rows = [old for old in _rows(_read(path).get(section, "")) if old[0] != row[0]]
    lines = table(header, sorted([*rows, list(row)], key=_natural))
    record(section, [*lines, "", note], path)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(header), _line(["---"] * len(header)), *map(_line, rows)]


def _natural(row: Sequence[str]) -> list[tuple[bool, float, str]]:
    """A key that puts 4,096 before 16,384."""
    parts = re.findall(r"\d[\d,]*|\D+", row[0])
    return [
        (True, float(part.replace(",", "")), "") if part[0].isdigit() else (False, 0.0, part)
        for part in parts
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(body: str) -> list[list[str]]:
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _read(path: Path) -> dict[str, str]:
    text = path.read_text() if path.is_file() else ""
    parts = [part.partition("\n") for part in text.split("\n## ")[1:]]
    return {heading.strip(): body.strip() for heading, _, body in parts}


def _write(sections: dict[str, str], path: Path) -> None:
    bodies = [f"\n## {heading}\n\n{body}\n" for heading, body in sections.items()]
    path.write_text(TITLE + "".join(bodies))
