"""LossyCompressor: what a VQVAE keeps of a row, and nothing more."""

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from math import inf, prod
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from sklearn.utils.validation import check_is_fitted

from isthmus.errors import CompositionError, DataError
from isthmus.families import VQVAE
from isthmus.latents import Quantised
from isthmus.tasks.coding.container import Container, read, sound
from isthmus.tasks.coding.laws import Ladder
from isthmus.tasks.coding.stack import Stack

MOST = 512
"""Rows of a block, at most: after each, the frequencies are brought up to date."""
PRIOR = 16
"""A use of an entry counts so many times what each has at the start."""


class LossyCompressor:
    """Keep of each row which entries of its codebooks a `VQVAE` took, as small as they go.

    An index is coded by how often its entry was taken at that place before: in the rows that
    `fit` was given, if any, and in those that came earlier in the same code. What comes back is
    the model's reconstruction, `VQVAE.from_indices`.

    Parameters
    ----------
    model
        A fitted `VQVAE`.

    Attributes
    ----------
    counts_ : ndarray
        ``(places, codes)``: how often each entry was taken in the rows that `fit` was given.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import VQVAE
    >>> X = load_digits().images
    >>> model = VQVAE(latent_dim=8, codes=32, epochs=3, random_state=0).fit(X)
    >>> compressor = LossyCompressor(model).fit(X[:1000])
    >>> code = compressor.compress(X[1000:])
    >>> compressor.decompress(code).shape, len(code) < 4 * 797
    ((797, 8, 8), True)
    """

    def __init__(self, model: VQVAE) -> None:
        check_is_fitted(model, "codec_")
        latent = model.codec_.latent
        if not isinstance(latent, Quantised):
            raise CompositionError(
                f"{type(model).__name__} has no codebooks; expected a VQVAE. To lose nothing, use "
                "Compressor with a VAE."
            )
        self.model, self.latent = model, latent
        places = latent.groups * prod(model.codec_.code_shape[1:])
        self.counts_ = np.zeros((places, latent.codes), np.int64)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Count how often each entry is taken at each place of rows like those to come."""
        self.counts_ = _counted(self.model.indices(X), np.zeros_like(self.counts_))
        return self

    def compress(self, X: Any) -> bytes:
        """Return the code of the rows' indices.

        Raises
        ------
        DataError, SupportError
            If ``X`` is not like the data that were fitted.
        """
        return self._written(self.model.indices(X), self.counts_)

    def decompress(self, code: bytes) -> Any:
        """Return the reconstructions of what was compressed.

        Raises
        ------
        DataError
            If the code is damaged or cut short, or was made by another model or another fit.
        """
        return self.model.from_indices(self.indices(code))

    def indices(self, code: bytes) -> np.ndarray:
        """Return the indices in a code, ``(n, places)``."""
        container = read(code)
        if container.model != self._key():
            raise DataError(
                "The code was made by another model, or after another fit. Use the compressor "
                "that made it."
            )
        with sound():
            return self._read(container.blobs["code"], container.about["rows"])

    def rate_distortion(self, X: Any, ax: Any = None) -> pd.DataFrame:
        """Return what fewer and fewer entries cost, and what they lose.

        The entries that are taken least often are left out, half of those left each time, and
        rows take the nearest of the others.

        Parameters
        ----------
        X
            Rows of numbers: an array, or pictures.
        ax
            Axes of matplotlib to draw the curve on.

        Returns
        -------
        DataFrame
            For each number of entries the ``rate``, in bits for each number of the data, and the
            ``distortion``, the mean squared error in the data's units.
        """
        given = np.asarray(X, np.float64)
        rows: list[dict[str, float]] = []
        entries = self.latent.codes
        while entries >= 1:
            fewer = self._with(entries, X)
            indices = fewer.indices(X)
            back = np.asarray(fewer.from_indices(indices), np.float64)
            rate = 8 * len(self._written(indices, self._counts_of(fewer))) / given.size
            error = float(np.square(back - given).mean())
            rows.append({"entries": entries, "rate": rate, "distortion": error})
            entries //= 2
        found = pd.DataFrame(rows).set_index("entries")
        if ax is not None:
            ax.plot(found["rate"], found["distortion"], marker="o")
            ax.set(xlabel="rate, bits a number", ylabel="distortion, mean squared error")
        return found

    def _with(self, entries: int, X: Any) -> VQVAE:
        """Return the model with none but the most used entries of each codebook."""
        made = deepcopy(self.model)
        latent = made.codec_.latent
        assert isinstance(latent, Quantised)
        used = _counted(self.model.indices(X), np.zeros_like(self.counts_))
        used = used.reshape(latent.groups, -1, latent.codes).sum(1)
        least = np.argsort(-used, axis=1, kind="stable")[:, entries:]
        latent.idle.scatter_(1, torch.from_numpy(least).to(latent.idle.device), inf)
        return made

    def _counts_of(self, fewer: VQVAE) -> np.ndarray:
        """Return the counts of the entries that a model has left, zero for the others."""
        latent = fewer.codec_.latent
        assert isinstance(latent, Quantised)
        left = (latent.idle < inf).cpu().numpy()
        return self.counts_ * left.repeat(len(self.counts_) // latent.groups, axis=0)

    def _written(self, indices: np.ndarray, counts: np.ndarray) -> bytes:
        laws: list[tuple[Counts, slice]] = []
        for rows in _blocks(len(indices)):
            laws.append((Counts(counts, rows.stop - rows.start), rows))
            counts = _counted(indices[rows], counts)
        stack = Stack()
        for law, rows in reversed(laws):  # the stack's last is the first that is read
            law.push(stack, indices[rows])
        about = {"kind": "indices", "rows": len(indices)}
        return Container(self._key(), about, {"code": stack.bytes()}).written()

    def _read(self, code: bytes, n: int) -> np.ndarray:
        stack, counts = Stack(code), self.counts_
        parts = [np.zeros((0, len(counts)), np.int64)]
        for rows in _blocks(n):
            parts.append(Counts(counts, rows.stop - rows.start).pop(stack))
            counts = _counted(parts[-1], counts)
            if stack.low and rows.stop < n and self.latent.codes > 1:
                break
        found = np.concatenate(parts)
        if len(found) != n or not stack.empty:
            raise DataError("The code doesn't come out even: this version reads it otherwise.")
        return found

    def _key(self) -> bytes:
        digest = hashlib.blake2b(self.counts_.astype("<i8").tobytes(), digest_size=16)
        for each in (self.latent.entries, *self.model.codec_.decoder.state_dict().values()):
            digest.update(each.detach().cpu().contiguous().numpy().tobytes())
        return digest.digest()


class Counts(Ladder):
    """Entries by how often each was taken at its place.

    Parameters
    ----------
    counts
        ``(places, codes)``.
    rows
        How many rows of places there are.
    """

    def __init__(self, counts: np.ndarray, rows: int) -> None:
        places, self.kinds = counts.shape
        self.shape = (rows, places)
        sums = (PRIOR * counts + 1).cumsum(1)
        self.sums = np.concatenate([np.zeros((places, 1), np.int64), sums], axis=1)
        self.place = np.arange(places)

    def below(self, symbol: np.ndarray) -> np.ndarray:
        """Return how often those before an entry were taken."""
        return self.sums[self.place, symbol]


def _counted(indices: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return ``counts`` with those of indices ``(n, places)`` added."""
    places, codes = counts.shape
    flat = indices + codes * np.arange(places)
    return counts + np.bincount(flat.ravel(), minlength=counts.size).reshape(counts.shape)


def _blocks(n: int) -> Iterator[slice]:
    """Yield the rows of each block; the first are small, for there is little to go by yet."""
    first, size = 0, 4
    while first < n:
        yield slice(first, min(n, first + size))
        first, size = first + size, min(MOST, 2 * size)
