"""Packing: files made smaller by a model, and brought back byte by byte."""

import re
from codecs import BOM_UTF8
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from isthmus.adapters.tables import Tables
from isthmus.cli import columns, files, opening, screen
from isthmus.cli.jobs import told
from isthmus.cli.screen import Answer
from isthmus.errors import DataError
from isthmus.tasks import Compressor
from isthmus.tasks.coding import libraries
from isthmus.writing import whole_file

ENDING = ".isthmus"
"""Of what compress writes, where nothing else is said."""
CELL = r'("(?:[^"]|"")*"|[^{0}"\r\n][^{0}\r\n]*|)({0}|{1})'
"""A cell of a CSV file, and what comes after it: a separator, or a line's end."""


def compress(path: Path, model: Path, out: Path | None) -> Answer:
    """Write a smaller file from which ``path`` can be made again with the model."""
    compressor = Compressor(opening.model(model))
    place = _free(path, out, path.with_name(path.name + ENDING))
    if path.is_dir():
        raise DataError(
            f"{path} is a folder; expected a CSV, Parquet or NPY file. Write its pictures to one "
            "array, a .npy file, or compress a file at a time with another program."
        )
    given = files.read(path)
    known = columns.known_to(compressor.model, given, str(path)).X
    note: dict[str, Any] = {"ending": path.suffix.lower(), **_style(path, given)}
    exact = None
    if not isinstance(compressor.model.adapter_, Tables):
        known = given  # all of it, names and labels too, or an error
    elif note["ending"] == ".csv":
        exact, note["csv"] = _cells(path, len(known))
    else:
        exact = libraries.exact(given)
        libraries.check_same(given, libraries.native(exact))
    code = compressor.compress(known, exact=exact, note=note)
    if "csv" not in note and not _repeats(path, given, note):
        screen.note(f"The values of {path} come back exactly; how the file is laid out may change.")
    with whole_file(place) as file:
        file.write_bytes(code)
    before = path.stat().st_size
    facts = {
        "file": place,
        "rows": len(known),
        "bytes_before": before,
        "bytes_after": len(code),
        "times_smaller": round(before / len(code), 3),
    }
    return told("Compressed", facts)


def decompress(path: Path, model: Path, out: Path | None) -> Answer:
    """Write again what was compressed."""
    compressor = Compressor(opening.model(model))
    if not path.is_file():
        raise DataError(f"{path} is no file; expected one that isthmus compress wrote.")
    code = path.read_bytes()
    note: dict[str, Any] = compressor.note(code) or {}
    usual = (
        path.with_suffix("")
        if path.suffix == ENDING
        else path.with_suffix(str(note.get("ending", "")))
    )
    place = _free(path, out, usual)
    found = compressor.decompress(code)
    _write(place, found, note)
    return told("Decompressed", {"file": place, "rows": len(found), "bytes": place.stat().st_size})


def _free(path: Path, out: Path | None, usual: Path) -> Path:
    """Return where to write, or raise `DataError` where something lies that nobody named."""
    place = out or usual
    if place.exists() and (out is None or place.samefile(path)):
        raise DataError(f"{place} exists; nothing was written. Name another file with --out.")
    opening.check_room(place)
    return place


def _cells(path: Path, rows: int) -> tuple[Any, dict[str, Any]]:
    """Return the cells of a CSV file just as they stand there, quotes and all, and its layout.

    Raises
    ------
    DataError
        If it can't be written again to the last byte.
    """
    import pyarrow as pa

    data = path.read_bytes()
    text = data.decode("utf-8-sig")
    separator, names = files.layout(path)
    end = "\r\n" if "\r\n" in text else "\n"
    plain = text.rstrip("\r\n")
    found = re.findall(CELL.format(re.escape(separator), end), plain + end)
    width = 1 + next((at for at, (_, after) in enumerate(found) if after == end), 0)
    layout: dict[str, Any] = {"separator": separator, "end": end, "tail": text[len(plain) :]}
    layout["mark"] = data.startswith(BOM_UTF8)
    layout["header"] = None if names is None else plain.partition(end)[0]
    names = names or [str(place) for place in range(width)]
    body = [cell for cell, _ in found][0 if layout["header"] is None else width :]
    if len(body) == rows * width and len(set(names)) == width == len(names):
        columns = [pa.array(body[place::width], pa.string()) for place in range(width)]
        table = pa.table(columns, names=names)
        if _written(table, layout) == data:
            return table, layout
    raise DataError(
        f"{path} is laid out in a way that can't be repeated to the last byte: its lines end "
        "differently, or hold more cells or fewer than their header. Write it again, for example "
        "with pandas: pd.read_csv(...).to_csv(..., index=False)."
    )


def _written(table: Any, layout: dict[str, Any]) -> bytes:
    """Return a table of cells as the CSV file they were in."""
    lines = [] if layout["header"] is None else [layout["header"]]
    rows = zip(*(each.to_pylist() for each in table.columns), strict=True)
    lines += map(layout["separator"].join, rows)
    text = layout["end"].join(lines) + layout["tail"]
    return (BOM_UTF8 if layout["mark"] else b"") + text.encode()


def _style(path: Path, given: Any) -> dict[str, Any]:
    """Return how the values lie in the file, where there are several ways."""
    if isinstance(given, np.ndarray):
        return {"order": "F" if given.flags.f_contiguous and given.ndim > 1 else "C"}
    if path.suffix.lower() != ".csv":
        return {}
    _, names = files.layout(path)
    return {"named": bool(names) and not names[0]}  # whether rows have names


def _write(place: Path, values: Any, note: dict[str, Any]) -> None:
    """Write values as the file was that they come from, or in another format if so named."""
    ending = place.suffix.lower()
    match note:
        case {"csv": layout}:
            with whole_file(place) as file:
                file.write_bytes(_written(values, layout))
        case {"order": order} if ending == ".npy":
            with whole_file(place) as file, file.open("wb") as opened:
                np.save(opened, np.asarray(values, order=order), allow_pickle=False)
        case {"named": named} if ending == ".csv":
            with whole_file(place) as file:
                values.to_csv(file, index=named, mode="wb")
        case _:
            if ending not in (*files.TABLES, *files.ARRAYS):
                raise DataError(f"{place} has no ending of its own: name a {note['ending']} file.")
            files.write(place, values)


def _repeats(path: Path, values: Any, note: dict[str, Any]) -> bool:
    """Whether writing the values again makes the same file."""
    with TemporaryDirectory() as folder:
        again = Path(folder) / path.name
        _write(again, values, note)
        return again.read_bytes() == path.read_bytes()
