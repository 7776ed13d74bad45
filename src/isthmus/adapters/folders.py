"""Folders: of pictures, or of sounds."""

from pathlib import Path

from isthmus.adapters.picture_files import ENDINGS, Files, files_in
from isthmus.adapters.sound_files import sounds_in
from isthmus.errors import DataError


def pictures_or_sounds(folder: Path) -> Files | list[Path]:
    """Return the pictures in a folder and those inside it, or the files of its sounds, in order.

    Raises
    ------
    DataError
        If it holds neither, or both.
    """
    sounds = sounds_in(folder)
    pictures = any(each.suffix.lower() in ENDINGS for each in folder.rglob("*"))
    if bool(sounds) == pictures:
        what = "both pictures and sounds" if sounds else "no picture and no sound"
        raise DataError(f"{folder} holds {what}; expected PNG or JPEG files, or WAV or FLAC files.")
    return sounds or files_in(folder)
