"""Packing: files made smaller by a model, and brought back byte by byte."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isthmus.adapters.tables import Tables
from isthmus.cli import columns, files, opening, screen
from isthmus.cli.jobs import told
from isthmus.cli.screen import Answer
from isthmus.errors import DataError
from isthmus.tasks import Compressor
from isthmus.writing import whole_file

ENDING = ".isthmus"
"""Of what compress writes, where nothing else is said."""


def compress(path: Path, model: Path, out: Path | None) -> Answer:
    """Write a smaller file from which ``path`` can be made again with the model."""
    compressor = Compressor(opening.model(model))
    place = _free(out or path.with_name(path.name + ENDING), chosen=out is not None)
    if path.is_dir():
        raise DataError(
            f"{path} is a folder; expected a CSV, Parquet or NPY file. Write its pictures to one "
            "array, a .npy file, or compress a file at a time with another program."
        )
    known = columns.known_to(compressor.model, files.read(path), str(path))
    note: dict[str, Any] = {"ending": path.suffix.lower()}
    exact = None
    if path.suffix.lower() == ".csv" and isinstance(compressor.model.adapter_, Tables):
        exact, note["csv"] = _texts(path, len(known.X))
    elif path.suffix.lower() == ".csv" or not _repeats(path, known.X):
        screen.note(f"The values of {path} come back exactly; how the file is laid out may change.")
    code = compressor.compress(known.X, exact=exact, note=note)
    with whole_file(place) as file:
        file.write_bytes(code)
    before = path.stat().st_size
    facts = {
        "file": place,
        "rows": len(known.X),
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
    place = _free(out or usual, chosen=out is not None)
    found = compressor.decompress(code)
    if "csv" in note:
        with whole_file(place) as file:
            file.write_bytes(_written(found, note["csv"]))
    else:
        if place.suffix.lower() not in (*files.TABLES, *files.ARRAYS):
            raise DataError(f"{place} has no ending of its own: name a {note['ending']} file.")
        files.write(place, found)
    return told("Decompressed", {"file": place, "rows": len(found), "bytes": place.stat().st_size})


def _free(place: Path, chosen: bool) -> Path:
    """Return where to write, or raise `DataError` where something lies that nobody named."""
    if place.exists() and not chosen:
        raise DataError(f"{place} exists; nothing was written. Name another file with --out.")
    opening.check_room(place)
    return place


def _texts(path: Path, rows: int) -> tuple[Any, dict[str, Any]]:
    """Return a CSV file as a table of its texts, and how it is laid out.

    Raises
    ------
    DataError
        If it can't be written again to the last byte.
    """
    import pyarrow as pa

    data = path.read_bytes()
    mark = data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text else "\n"
    first = text.partition("\n")[0]
    separator = max(files.SEPARATORS, key=first.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    header = files._header(lines[0]) is not None  # pyright: ignore[reportPrivateUsage]
    names = lines[0] if header else [str(place) for place in range(len(lines[0]))]
    body = lines[1:] if header else lines
    layout: dict[str, Any] = {"separator": separator, "end": end, "mark": mark, "header": header}
    layout["ended"] = text.endswith(end)
    whole = len(body) == rows and all(len(line) == len(names) for line in body)
    if whole and len(set(names)) == len(names):
        fields = zip(*body, strict=True)
        table = pa.table({name: list(each) for name, each in zip(names, fields, strict=True)})
        if _written(table, layout) == data:
            return table, layout
    raise DataError(
        f"{path} is laid out in a way that can't be repeated to the last byte, such as quotes "
        "where none are needed. Write it again, for example with pandas: "
        "pd.read_csv(...).to_csv(..., index=False)."
    )


def _written(table: Any, layout: dict[str, Any]) -> bytes:
    """Return a table of texts as the CSV file it was."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=layout["separator"], lineterminator=layout["end"])
    if layout["header"]:
        writer.writerow(table.column_names)
    writer.writerows(zip(*(each.to_pylist() for each in table.columns), strict=True))
    text = made.getvalue()
    if not layout["ended"]:
        text = text.removesuffix(layout["end"])
    return (b"\xef\xbb\xbf" if layout["mark"] else b"") + text.encode()


def _repeats(path: Path, values: Any) -> bool:
    """Whether writing an array again makes the same file."""
    if not isinstance(values, np.ndarray) or isinstance(values, pd.DataFrame):
        return False
    made = io.BytesIO()
    np.save(made, np.ascontiguousarray(values), allow_pickle=False)
    return made.getvalue() == path.read_bytes()
