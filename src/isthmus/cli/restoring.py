"""Restoring: what ``denoise`` and ``inpaint`` do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import typer

from isthmus.adapters import Files, Images, Sequences, Sounds
from isthmus.adapters.base import plain
from isthmus.adapters.picture_files import files_in
from isthmus.adapters.sound_files import are_sounds
from isthmus.cli import files, jobs, opening, screen, sounds
from isthmus.cli.opening import Places
from isthmus.cli.screen import Answer
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.tasks.base import Kept, Task, is_task
from isthmus.tasks.denoising import Denoiser
from isthmus.tasks.inpainting import Inpainter

ZIPPED = ".npz"
HALF = 127
"""Pixels of a mask that are lighter than this are hidden."""

Restorer = TypeVar("Restorer", Denoiser, Inpainter)


@dataclass(frozen=True)
class Taken:
    """Pictures, series or sounds to restore: as they came, and what each is called."""

    X: Any
    source: Path
    series: bool

    @property
    def names(self) -> list[str] | None:
        """The files without their endings, or None where there are none."""
        if not isinstance(self.X, Files | list):
            return None
        paths = self.X if isinstance(self.X, list) else self.X.paths
        root = self.source if self.source.is_dir() else self.source.parent
        return [path.relative_to(root).with_suffix("").as_posix() for path in paths]

    @property
    def adapter(self) -> Any:
        """What it is to be taken for, if that was said."""
        return Sequences() if self.series else None


def read(path: Path, series: bool = False) -> Taken:
    """Read a folder of pictures or of sounds, or a .npy or .npz file of an array.

    Raises
    ------
    DataError
        If it is none, or can't be read.
    """
    found = _unzipped(path) if path.suffix.lower() == ZIPPED else files.read(path)
    rows = isinstance(found, np.ndarray) and found.ndim == 2 and not series
    if isinstance(found, pd.DataFrame) or rows:
        raise DataError(
            f"{path} holds a table; expected a folder of PNG or JPEG pictures, or of WAV or FLAC "
            "sounds, or a .npy or .npz file of pictures (n, height, width), or of series with "
            "--series. `isthmus impute` fills the holes of tables."
        )
    if series and isinstance(found, Files | list):
        what = "sounds" if isinstance(found, list) else "pictures"
        raise typer.BadParameter(f"{path} holds {what}, not series.", param_hint="--series")
    return Taken(sounds.checked(found) if isinstance(found, list) else found, path, series)


def checked(data: Path, out: Path, save: Path | None, series: bool) -> Places:
    """Return where results go, or raise an error if they can't be written there."""
    if are_sounds(data):
        return Places(out, save).checked("sounds")
    return Places(out, save).checked("series" if series else "pictures")


def check_seen(data: Taken) -> None:
    """Raise `DataError` for sounds, in which nothing is covered."""
    if isinstance(data.X, list):
        raise DataError(
            f"{data.source} holds sounds; expected pictures or series. What sounds can have taken "
            "off is noise, by `isthmus denoise`."
        )


def check_told(model: Path | None, clean: Path | None, noise: float | None) -> None:
    """Raise `typer.BadParameter` where nothing says what noise is to be taken for."""
    told = [each for each in (model, clean, noise) if each is not None]
    if len(told) != 1:
        raise typer.BadParameter(
            "noise can be told from what it covers by what was learnt, -m; or by clean data, "
            "--clean; or, in IN itself, by how strong it is, --noise. Name one of them.",
        )


def denoiser(
    data: Taken, clean: Path | None, noise: float | None, network: BaseAutoencoder | None, seed: int
) -> Denoiser:
    """Fit a denoiser: to clean data, or to noisy ones whose noise is known."""
    known = data if clean is None else read(clean, data.series)
    if isinstance(data.X, list) != isinstance(known.X, list):
        raise DataError(f"{clean} and {data.source} hold different kinds of data; expected one.")
    if isinstance(data.X, list):
        sounds.check_rate(data.X, sounds.rate(known.X))
    screen.note(f"Learning from {len(known.X):,} rows of {known.source}.")
    made = Denoiser(network, noise=noise, adapter=data.adapter, random_state=seed)
    return made.fit(known.X)


def inpainter(
    data: Taken, whole: Path | None, mask: Any, network: BaseAutoencoder | None, seed: int
) -> Inpainter:
    """Fit an inpainter: to whole data, or to those that are to be restored."""
    known = data if whole is None else read(whole, data.series)
    screen.note(f"Learning from {len(known.X):,} rows of {known.source}.")
    find = mask is None and not _holed(data.X)
    made = Inpainter(network, find=find, adapter=data.adapter, random_state=seed)
    if whole is None and mask is not None:
        screen.note("What is hidden by the mask is not learnt.")
        return made.fit(_holes(data, mask))
    return made.fit(known.X)


def seen(folder: Path, cls: type[Restorer]) -> Restorer:
    """Return a saved task, or one round a saved model."""
    if is_task(folder):
        return opening.task(folder, cls)
    model = opening.model(folder)
    made: Any = cls() if cls is Denoiser else Inpainter(find=False)
    return made.take(Kept([model], {"threshold": None}))


def mask_of(path: Path | None, data: Taken) -> Any:
    """Read a mask: a picture or a folder of pictures, white where hidden, or an array.

    Raises
    ------
    DataError
        If it can't be read, or has no picture for one of those to restore.
    """
    if path is None:
        return None
    if path.suffix.lower() in files.ARRAYS:
        try:
            return np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} can't be read as a mask: {error}.") from error
    if path.is_file():
        return _pixels(Files([path]))[0]
    if not path.is_dir():
        raise DataError(f"{path} does not exist; expected a picture, white where hidden.")
    if data.names is None:
        raise DataError(f"{path} is a folder, and {data.source} none: name a .npy file.")
    named = {
        each.relative_to(path).with_suffix("").as_posix(): each for each in files_in(path).paths
    }
    lacking = [name for name in data.names if name not in named]
    if lacking:
        raise DataError(
            f"{path} holds no mask for {lacking[0]}; expected one of the same name for each of "
            f"{len(data.names)} pictures, all black where nothing is hidden."
        )
    return _pixels(Files([named[name] for name in data.names]))


def hidden(task: Inpainter, data: Taken, mask: Any) -> Any:
    """Return where something is hidden: as the mask has it, or else where it is found to be.

    Raises
    ------
    DataError
        If it is not told, and to find it was not learnt.
    """
    _check_kind(data, task.adapter_)
    if mask is not None or _holed(data.X):
        return mask
    if task.finder_ is None:
        raise DataError(
            f"Where {data.source} is hidden was not said, and the model has not learnt to find it. "
            "Say it by --mask, or learn anew: without -m, from --whole."
        )
    found = task.covered(data.X)
    many = sum(bool(np.any(each)) for each in found)
    screen.note(f"Something is found to be covered in {many:,} of {len(found):,} rows.")
    if not many:
        screen.note("Nothing is filled in, then: what is hidden can be said by --mask.")
    return found


def delivered(
    title: str, task: Task, data: Taken, places: Places, transform: Callable[[Any], Any]
) -> Answer:
    """Restore, write what was restored, and say so."""
    adapter: Any = task.adapter_ if isinstance(task, Denoiser | Inpainter) else None
    _check_kind(data, adapter)
    made = transform(data.X)
    if places.save is not None:
        task.save(places.save)
    assert places.out is not None
    if isinstance(adapter, Sounds):
        sounds.write(places.out, made, adapter.rate_, data.names, like=data.X)
        told = {"rows": len(made), "rate": adapter.rate_}
        return jobs.told(title, {**told, **places.written})
    if isinstance(adapter, Images):
        files.write_pictures(places.out, made, (adapter.low_, adapter.high_), data.names)
    else:
        files.write(places.out, np.stack(made))
    facts: dict[str, Any] = {"rows": len(made), "shape": list(np.shape(made[0]))}
    if isinstance(task, Inpainter) and data.names is None:
        facts["changed"] = _changed(data.X, made)
    return jobs.told(title, {**facts, **places.written})


def _check_kind(data: Taken, adapter: Any) -> None:
    """Raise `DataError` where data are not of the kind that was learnt."""
    if isinstance(data.X, list) != isinstance(adapter, Sounds):
        what = "sounds" if isinstance(data.X, list) else "no sounds"
        raise DataError(f"{data.source} holds {what}; expected data such as were learnt from.")
    if isinstance(data.X, list):
        sounds.check_rate(data.X, adapter.rate_)
    elif not isinstance(adapter, Images | Sequences):
        raise DataError(f"{data.source} holds neither pictures, series nor sounds.")


def _changed(before: Any, after: Any) -> str:
    """Return the share of the cells that are other than they were."""
    return f"{float(np.mean(np.asarray(before) != np.asarray(after))):.1%}"


def _unzipped(path: Path) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive.files)
            found = archive[names[0]] if len(names) == 1 else None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} can't be read as an archive of arrays: {error}.") from error
    if found is None or found.dtype.kind not in "buif" or found.ndim not in (2, 3, 4):
        raise DataError(
            f"{path} holds {len(names)} arrays; expected one, of pictures (n, height, width) or "
            "(n, height, width, channels), or of series with --series."
        )
    return found


def _pixels(found: Files) -> np.ndarray:
    sizes = {each.size for each in found.headers()}
    if len(sizes) > 1:
        raise DataError(
            f"Masks of {len(sizes)} sizes were given; expected one, as of what is read."
        )
    return found.read(sizes.pop(), grey=True) > HALF


def _holed(X: Any) -> bool:
    return isinstance(X, np.ndarray) and X.dtype.kind == "f" and bool(np.isnan(X).any())


def _holes(data: Taken, mask: Any) -> Any:
    """Return the rows as floats, with NaN where they are hidden."""
    if isinstance(data.X, Files):
        adapter = Images().fit(data.X)
        values = adapter.inverse_transform(adapter.transform(data.X).x)
    else:
        values = np.asarray(plain(data.X))
    hidden = np.asarray(mask, bool)
    if hidden.ndim == values.ndim - 1 and hidden.shape == values.shape[:-1]:
        hidden = hidden[..., None]
    try:
        lost = np.broadcast_to(hidden, values.shape)
    except ValueError as error:
        raise DataError(
            f"A mask of shape {hidden.shape} was given for {values.shape}; expected the same, or "
            "that of one row."
        ) from error
    return np.where(lost, np.nan, values)
