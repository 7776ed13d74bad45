"""Writing: a file or a folder, whole or not at all."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from isthmus.errors import DataError, UnwritableError


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """Give a place beside ``path`` to write to; what was written then takes its place.

    Raises
    ------
    UnwritableError
        If it can't be written; then ``path`` is as it was.
    """
    with _beside(path) as room:
        made = room / path.name
        yield made
        made.chmod(0o644)  # some writers let nobody but the owner in
        made.replace(path)


@contextmanager
def whole_folder(path: Path) -> Generator[Path]:
    """Give a folder beside ``path`` to fill; it then takes the place of what is there.

    Raises
    ------
    UnwritableError
        If it can't be written; then ``path`` is as it was.
    """
    with _beside(path) as room:
        made, old = room / "made", room / "old"
        made.mkdir()
        yield made
        if not path.exists():
            made.replace(path)
            return
        path.replace(old)
        try:
            made.replace(path)
        except OSError:
            old.replace(path)
            raise


def check_writable(path: Path) -> None:
    """Raise `UnwritableError` if nothing can be written at ``path``."""
    with _beside(path):
        pass


def check_empty(folder: Path) -> None:
    """Raise `DataError` if there is something at ``folder`` that writing there would replace."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} exists; nothing was done. Name another, or move it away.")


def clear_away(path: Path) -> None:
    """Remove what a killed process may have left beside ``path``."""
    for room in path.parent.glob(f".{path.name}.*"):
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _beside(path: Path) -> Generator[Path]:
    """Give a hidden folder on the same disk as ``path``, for as long as it is written."""
    room: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        yield room
    except (OSError, SafetensorError) as error:
        said = getattr(error, "strerror", None) or error
        raise UnwritableError(
            f"Can't write {path}: {said}. Nothing was left there. Free some space, or name "
            "another place."
        ) from error
    finally:
        if room is not None:
            shutil.rmtree(room, ignore_errors=True)
