"""Shards: data that stay on disk and are read a part at a time, for what is larger than memory."""

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from math import ceil, prod
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.adapters import Files
from isthmus.adapters.folders import pictures_or_sounds
from isthmus.adapters.sound_files import heading
from isthmus.errors import DataError
from isthmus.ranges import whole
from isthmus.shard_files import ARRAYS, TABLES, Shard, holds_tables, read, shards_in, width
from isthmus.writing import check_empty, whole_folder

SAMPLED = 65_536
"""At most how many rows tell what the columns are,"""
PLACES = 8
"""from so many shards, spread evenly, or from more where they are small."""
ROWS, SOUNDS = 65_536, 256
"""How many rows, or sounds, make a shard,"""
NUMBERS, LEAST = 2**23, 128
"""where wide rows, such as pictures, have no more numbers together, or are no more than that."""


class Shards:
    """Data on disk: every ``fit`` takes it, and `map` takes any function of rows through it.

    ``model.fit(Shards("folder"))`` trains as on data in memory, but for two things: rows are
    shuffled within ``window`` shards at a time, whose order is shuffled too; and what is
    learned of the columns (scale, categories) is learned of 65,536 rows at most, spread over all;
    of sounds it is 2,048, the shortest and the longest of all among them. Memory holds the rows of
    two windows, whatever there is on disk.

    Parameters
    ----------
    path
        A Parquet or NPY file, a folder of such, or a folder of PNG or JPEG pictures, or of WAV or
        FLAC sounds. Parquet files may lie in folders inside it, whose names may hold columns as
        Hive writes them, ``year=2024``; folders that begin with ``_`` or ``.`` are passed by.
    columns
        Of Parquet: which to read; None: all.
    rows
        How many rows of an array, pictures or sounds make a shard; None: 65,536, or as many as
        have 2²³ numbers, but at least 128; 256 sounds. A Parquet file's shards are its row groups:
        write it with ``row_group_size=65536``, or like.
    window
        How many shards are shuffled together.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from isthmus import Autoencoder, Shards
    >>> folder = tempfile.TemporaryDirectory()
    >>> np.save(f"{folder.name}/x.npy", np.random.default_rng(0).normal(size=(1000, 4)))
    >>> shards = Shards(folder.name, rows=100)
    >>> len(shards), len(shards.shards)
    (1000, 10)
    >>> model = Autoencoder(latent_dim=2, epochs=2, random_state=0).fit(shards)
    >>> shards.map(model.transform).shape
    (1000, 2)
    >>> folder.cleanup()
    """

    def __init__(
        self,
        path: str | Path,
        *,
        columns: Sequence[str] | None = None,
        rows: int | None = None,
        window: int = 4,
    ) -> None:
        given = [columns] if isinstance(columns, str) else columns
        self.path, self.columns = Path(path), None if given is None else list(given)
        many = self._usual() if rows is None else rows
        self.rows = whole("rows", many, 1, example="Shards(folder, rows=65536)")
        self.window = whole("window", window, 1, example="Shards(folder, window=4)")
        self.most = min(PLACES * self.rows, PLACES * SOUNDS if self._heard else SAMPLED)
        self.shards = list(self._found())
        if not sum(each.rows for each in self.shards):
            raise DataError(f"{path} holds no rows; expected at least one. Is it empty?")

    def __repr__(self) -> str:
        return f"Shards({str(self.path)!r}, rows={self.rows}, window={self.window})"

    def __len__(self) -> int:
        return sum(each.rows for each in self.shards)

    def __iter__(self) -> Iterator[Any]:
        return (self.read(place) for place in range(len(self.shards)))

    def read(self, place: int) -> Any:
        """Return a shard's rows: a frame, an array, or files of pictures or sounds."""
        shard = self.shards[place]
        if self._members is not None:
            return self._members[shard.first : shard.first + shard.rows]
        return read(shard, self.columns)

    def some(self, most: int | None = None) -> Any:
        """Return at most so many rows, of shards that are spread evenly over all.

        None: 65,536, or 2,048 sounds, and no more than eight shards of ``rows``. With them come
        the shortest and the longest sound.
        """
        most = most or self.most
        places = self.spread(most)
        each = max(1, most // len(places))
        found = _joined([_thinned(self.read(place), each) for place in places])
        return [*found, *self._ends(found)] if self._heard else found

    def spread(self, rows: int) -> list[int]:
        """Return the places of shards that are spread evenly over all: few that hold ``rows``."""
        last = len(self.shards) - 1
        enough = max(PLACES, ceil(rows * len(self.shards) / len(self)))
        return sorted({round(at) for at in np.linspace(0, last, min(enough, last + 1))})

    def fingerprint(self) -> str:
        """Return what tells these data from others: names, sizes, times, columns."""
        about = self.columns, self.window, self.shards
        digest = hashlib.blake2b(repr(about).encode(), digest_size=16)
        for path in self._files:
            found = path.stat()
            digest.update(repr((path, found.st_size, found.st_mtime_ns)).encode())
        return digest.hexdigest()

    def map(self, function: Callable[[Any], Any], out: str | Path | None = None) -> Any:
        """Return what ``function`` makes of all rows, one shard after another.

        Parameters
        ----------
        function
            From rows to as many: ``model.transform``, ``detector.score_samples``,
            ``imputer.transform``.
        out
            A folder to write to, whole or not at all: frames as Parquet, arrays as NPY, a file
            for each shard; returned as `Shards`. None: all that was made, in memory.

        Raises
        ------
        DataError
            If there is something in the folder already, or the function makes neither.
        """
        if out is None:
            return _joined([self._made(function, at) for at in range(len(self.shards))])
        place = Path(out)
        check_empty(place)
        with whole_folder(place.resolve()) as made:
            for at in range(len(self.shards)):
                _write(self._made(function, at), made / f"part-{at:05}")
        return Shards(place, rows=self.rows, window=self.window)

    @contextmanager
    def blamed(self, place: int) -> Generator[None]:
        """Have an error of data, inside the block, name the file or folder of a shard."""
        try:
            yield
        except DataError as error:
            raise DataError(f"{self.shards[place].path}: {error}") from error

    def _made(self, function: Callable[[Any], Any], place: int) -> Any:
        rows = self.read(place)
        with self.blamed(place):
            return function(rows)

    def _found(self) -> Iterator[Shard]:
        if not self.path.exists():
            raise DataError(f"{self.path} does not exist. Name a Parquet or NPY file, or a folder.")
        if self._members is None:
            return shards_in(self.path, self.rows, self.columns)
        count, size = len(self._members), self.rows
        return (Shard(self.path, at, min(size, count - at)) for at in range(0, count, size))

    @cached_property  # a folder is listed once, not for each shard
    def _members(self) -> Files | list[Path] | None:
        """The pictures or the sounds of a folder, where it holds no tables."""
        if not self.path.is_dir() or holds_tables(self.path):
            return None
        try:
            return pictures_or_sounds(self.path)
        except DataError as error:
            raise DataError(f"{error} Parquet or NPY files will do as well.") from error

    def _usual(self) -> int:
        """Return how many rows make a shard, where nobody said so."""
        if self._heard:
            return SOUNDS
        if isinstance(self._members, Files):
            first = next(self._members.headers())
            size = prod(first.size) * (1 if first.grey else 3)
        else:
            size = width(self.path)
        return max(LEAST, min(ROWS, NUMBERS // max(1, size)))

    @property
    def _files(self) -> Sequence[Path]:
        if isinstance(self._members, Files):
            return self._members.paths
        return self._members or list(dict.fromkeys(each.path for each in self.shards))

    @property
    def _heard(self) -> bool:
        return isinstance(self._members, list)

    def _ends(self, others: Sequence[Path]) -> list[Path]:
        """Return the shortest and the longest sound, but for those among ``others``.

        A model is fitted to sounds of such lengths, and takes no longer ones.
        """
        assert isinstance(self._members, list)
        ordered = sorted(self._members, key=lambda path: heading(path).seconds)
        return [each for each in {ordered[0]: 0, ordered[-1]: 0} if each not in others]


def _thinned(rows: Any, most: int) -> Any:
    """Return at most so many rows, spread evenly."""
    if len(rows) <= most:
        return rows
    places = np.linspace(0, len(rows) - 1, most).round().astype(int)
    return taken(rows, places)


def taken(rows: Any, places: np.ndarray) -> Any:
    """Return the rows at some places."""
    if isinstance(rows, Files):
        return Files([rows.paths[place] for place in places])
    if isinstance(rows, list):  # of sounds' paths
        return [rows[place] for place in places]
    return rows.iloc[places] if hasattr(rows, "iloc") else rows[places]


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], Files):
        return Files([path for part in parts for path in part.paths])
    if isinstance(parts[0], list):
        return [row for part in parts for row in part]
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    return np.concatenate(parts)


def _write(made: Any, place: Path) -> None:
    if hasattr(made, "to_parquet"):
        # What rows are called goes along, where they are not just counted.
        made.to_parquet(place.with_suffix(TABLES))
    elif isinstance(made, np.ndarray):
        np.save(place.with_suffix(ARRAYS), made, allow_pickle=False)
    else:
        raise DataError(
            f"The function made a {type(made).__name__} of a shard; expected a frame or an array."
        )
