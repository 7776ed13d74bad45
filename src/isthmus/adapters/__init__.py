"""Adapters: between the user's own kind of data and a Batch."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.adapters.base import Adapter, Rows, plain
from isthmus.adapters.conditions import Conditions
from isthmus.adapters.frames import Frame, of_many_kinds
from isthmus.adapters.images import Images
from isthmus.adapters.long_frames import LongFrames
from isthmus.adapters.picture_files import Files, files_in
from isthmus.adapters.sequences import Sequences, uneven
from isthmus.adapters.sound_files import are_sounds
from isthmus.adapters.sounds import Sounds
from isthmus.adapters.texts import Texts, are_texts
from isthmus.adapters.vectors import Vectors
from isthmus.adapters.windows import overlap, windows
from isthmus.space import Image, Series, Space, Support

if TYPE_CHECKING:
    from isthmus.adapters.tables import Tables

__all__ = [
    "Adapter",
    "Conditions",
    "Files",
    "Frame",
    "Images",
    "LongFrames",
    "Rows",
    "Sequences",
    "Sounds",
    "Tables",
    "Texts",
    "Vectors",
    "adapter_for",
    "files_in",
    "overlap",
    "windows",
]


def adapter_for(
    X: Any, support: Support | None = None, spaces: tuple[type[Space], ...] | None = None
) -> Adapter:
    """Return the adapter, not yet fitted, for the kind of data that ``X`` is.

    Where ``X`` could be of several kinds, ``spaces``, those that the backbone takes, decide.
    """
    if are_sounds(X):
        return Sounds(support)
    if are_texts(X):
        return Texts(support)
    if uneven(X):
        return Sequences(support)
    axes = len(getattr(plain(X) if isinstance(X, list | tuple) else X, "shape", ()))
    if axes == 3 and spaces is not None and Series in spaces and Image not in spaces:
        return Sequences(support)
    if isinstance(X, str | Path | Files) or axes in (3, 4):
        return Images(support)
    if support == "mixed" or (support is None and of_many_kinds(X)):
        from isthmus.adapters.tables import Tables

        return Tables(support=support)
    return Vectors(support)


def __getattr__(name: str) -> Any:
    if name != "Tables":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Whoever fits rows of numbers waits for nothing that only tables need.
    from isthmus.adapters.tables import Tables

    return Tables
