"""Stream: rows that come from disk as training needs them, read ahead, shuffled in windows."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any, Self, overload

import numpy as np
import torch

from isthmus.adapters import Adapter, Conditions
from isthmus.errors import DataError
from isthmus.shards import Shards, taken
from isthmus.space import Batch, joined

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Stream:
    """What a `Batch` is for rows in memory: rows to learn from, in batches.

    Attributes
    ----------
    shards, adapter
        Where the rows are, and what brings them to torch.
    sample
        Some of them, in memory: from these the adapter learned the columns.
    condition, labels
        What the rows depend on in a conditional model, and the columns that hold it.
    aside
        By shard, the rows that are kept aside.
    device
        Where batches are to be.
    """

    shards: Shards
    adapter: Adapter
    sample: Batch
    condition: Conditions | None = None
    labels: tuple[str, ...] = ()
    aside: dict[int, np.ndarray] = field(default_factory=dict[int, np.ndarray])
    device: torch.device = CPU

    def __len__(self) -> int:
        return len(self.shards) - sum(map(len, self.aside.values()))

    def to(self, device: torch.device) -> Self:
        """Return the stream with its batches on ``device``."""
        return replace(self, device=device)

    def split(self, fraction: float, seed: int) -> tuple[Self, Batch | None]:
        """Return the stream without some rows, and these: as many as a sample, of a few shards."""
        wanted = min(int(len(self.shards) * fraction), self.shards.most)
        if wanted < 1 or len(self.shards) - wanted < 2:
            return self, None
        places = self.shards.spread(2 * wanted)  # half of each may be taken
        shares = np.diff(np.linspace(0, wanted, len(places) + 1).round().astype(int))
        rng = np.random.default_rng(seed)
        aside: dict[int, np.ndarray] = {}
        for place, share in zip(places, shares, strict=True):
            count = self.shards.shards[place].rows
            if many := min(share, ceil(count / 2)):
                aside[place] = np.sort(rng.permutation(count)[:many])
        parts = [self._batch(taken(self.shards.read(at), aside[at])) for at in aside]
        return replace(self, aside=aside), joined(parts)

    def batches(self, size: int, seed: int, first: int, steps: int) -> Iterator[Batch]:
        """Yield the batches of an epoch from step ``first`` on.

        Order and shuffling are told by the seed, so that an epoch that was cut off goes on with
        the rows that it would have had; the windows before are not read again.
        """
        windows = self._windows(seed)
        skip = first * size
        while skip and skip >= (rows := sum(map(self._rows, windows[0]))):
            windows, skip = windows[1:], skip - rows
        left: Batch | None = None
        with ThreadPoolExecutor(1, "isthmus-shards") as ahead:
            coming = [ahead.submit(self._window, each, seed) for each in windows[:1]]
            for number in range(len(windows)):
                window = coming.pop().result()
                if number + 1 < len(windows):
                    coming = [ahead.submit(self._window, windows[number + 1], seed)]
                window, skip = window[slice(skip, None)], 0
                left = window if left is None else joined([left, window])
                while len(left) >= size and first < steps:
                    yield left[slice(0, size)].to(self.device)
                    left, first = left[slice(size, None)], first + 1
        if left is not None and len(left) and first < steps:
            yield left.to(self.device)

    def _windows(self, seed: int) -> list[list[int]]:
        order = np.random.default_rng(seed).permutation(len(self.shards.shards)).tolist()
        size = self.shards.window
        return [order[at : at + size] for at in range(0, len(order), size)]

    def _window(self, places: list[int], seed: int) -> Batch:
        """Return the rows of some shards, shuffled together."""
        rows = joined([self._learnt(place) for place in places])
        shuffle = torch.Generator().manual_seed(seed + 1 + places[0])
        return rows[torch.randperm(len(rows), generator=shuffle)]

    def _learnt(self, place: int) -> Batch:
        found = self.shards.read(place)
        with self.shards.blamed(place):
            rows = self._batch(found)
        if place not in self.aside:
            return rows
        kept = np.setdiff1d(np.arange(len(rows)), self.aside[place])
        return rows[torch.from_numpy(kept)]

    def _rows(self, place: int) -> int:
        return self.shards.shards[place].rows - len(self.aside.get(place, ()))

    def _batch(self, rows: Any) -> Batch:
        if self.condition is None:
            return self.adapter.transform(rows)
        y = self.condition.transform(rows[list(self.labels)], len(rows))
        return replace(self.adapter.transform(rows.drop(columns=list(self.labels))), context=y)


def some(X: Any, y: Any) -> tuple[Any, Any, tuple[str, ...]]:
    """Return rows, their conditions, and which columns hold these; of shards some, as a sample.

    Beside shards, ``y`` names the columns that rows depend on.
    """
    if not isinstance(X, Shards):
        return X, y, ()
    rows = X.some()
    if y is None:
        return rows, None, ()
    labels = (y,) if isinstance(y, str) else tuple(y)
    if not all(each in getattr(rows, "columns", ()) for each in labels):
        raise DataError(
            f"y={y!r} was given beside shards; expected the names of columns in them: those that "
            "rows depend on."
        )
    return rows.drop(columns=list(labels)), rows[list(labels)], labels


def resident(data: Batch | Stream) -> Batch:
    """Return the rows that are in memory: all, or a stream's sample."""
    return data.sample if isinstance(data, Stream) else data


def fingerprint(data: Batch | Stream) -> str:
    """Return what tells these rows from others."""
    if isinstance(data, Stream):
        return data.shards.fingerprint()
    digest = hashlib.blake2b(digest_size=16)
    for tensor in data.tensors():
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


@overload
def split(data: Batch, fraction: float, seed: int) -> tuple[Batch, Batch | None]: ...
@overload
def split(data: Stream, fraction: float, seed: int) -> tuple[Stream, Batch | None]: ...
def split(data: Batch | Stream, fraction: float, seed: int) -> tuple[Batch | Stream, Batch | None]:
    """Return the rows to learn from, and those kept aside, if there are enough for any."""
    if isinstance(data, Stream):
        return data.split(fraction, seed)
    aside = int(len(data) * fraction)
    if aside < 1 or len(data) - aside < 2:
        return data, None
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed))
    return data[order[aside:]], data[order[:aside]]
