"""Lines: texts in files, one a line, or in a column of a table."""

from pathlib import Path

import pandas as pd

from isthmus.adapters import Texts
from isthmus.cli import files, screen
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.writing import whole_file

COLUMN = "text"
"""What the column of texts is called where they come from lines."""


def read(path: Path, column: str | None = None) -> files.Readable:
    """Read a file of lines as a Series of texts, and any other file as `files.read` does.

    A blank line is an empty text, so that the n-th row is the n-th line. A table's ``column`` of
    texts is read as it is written: in it ``NA`` is a word, not a hole.

    Raises
    ------
    DataError
        If the file is missing, empty, or holds something else.
    """
    if path.suffix.lower() != files.LINES or path.is_dir() or not path.exists():
        return files.read(path, text=column)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is no text in UTF-8, at byte {error.start:,}. Expected one text a line: save "
            "it as UTF-8, or name a file of text."
        ) from error
    if "\0" in text:
        raise DataError(
            f"{path} holds the byte 0 at {text.index(chr(0)):,}, which no text does: it is of "
            "another kind than its name says. Expected one text a line."
        )
    if not text.strip():
        raise DataError(f"{path} holds no texts; expected at least one, each on a line.")
    return pd.Series(text.removesuffix("\n").split("\n"), name=COLUMN, dtype=object)


def known_to(model: BaseAutoencoder, path: Path) -> files.Readable:
    """Read a file for a model: of a table, its own column of texts as it is written."""
    adapter = model.adapter_
    return read(path, column_of(adapter) if isinstance(adapter, Texts) else None)


def column_of(adapter: Texts) -> str:
    """Return what the column of texts is called that an adapter was fitted to."""
    return adapter.name_ or COLUMN


def write(path: Path, texts: pd.Series) -> None:
    """Write texts, one a line, whole or not at all; breaks within one become spaces, and are told.

    Reading them again gives as many.
    """
    lines = [" ".join(each.splitlines()) if _broken(each) else each for each in texts]
    broken = sum(map(_broken, texts))
    if broken:
        screen.note(
            f"{broken:,} of {len(lines):,} texts have line breaks within, which were written as "
            "spaces; a .csv file keeps them."
        )
    with whole_file(path) as file:
        file.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")


def _broken(text: str) -> bool:
    return "\n" in text or "\r" in text
