"""Arrays: rows whose numbers are all of one kind, as symbols and back."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus.adapters import Adapter, Files
from isthmus.adapters.base import PART, plain
from isthmus.codec import Codec
from isthmus.errors import CompositionError, DataError
from isthmus.likelihoods import Bernoulli, Categorical, DiscretisedLogistic
from isthmus.tasks.coding import fixed, libraries
from isthmus.tasks.coding.dictionaries import Packer, Unpacker, arrow, stream, table_of
from isthmus.tasks.coding.laws import Bells, Categories, Coins, Law


class Arrays:
    """Zeros and ones, levels or categories, elementwise over ``(B, *E)``.

    Parameters
    ----------
    codec, adapter
        Of a fitted model.

    Raises
    ------
    CompositionError
        If its likelihood gives no probabilities.
    """

    def __init__(self, codec: Codec, adapter: Adapter) -> None:
        self.space, self.likelihood, self.adapter = codec.space, codec.likelihood, adapter
        match codec.likelihood:
            case Bernoulli():
                self.levels = 2
            case DiscretisedLogistic(levels=levels):
                self.levels = levels
            case Categorical():
                self.levels = codec.space.levels
            case _:
                raise CompositionError(
                    f"{codec.likelihood!r} gives densities, and a "
                    "code needs probabilities. Fit a model with Bernoulli() to zeros and ones, "
                    "DiscretisedLogistic() to levels such as pixels, Categorical() to categories, "
                    "or Mixed() to a table."
                )

    def symbols(self, X: Any) -> np.ndarray:
        """Return rows as symbols, ``(n, *E)``.

        Raises
        ------
        DataError
            If cells are unknown.
        """
        if isinstance(X, str | Path | Files):
            raise DataError("A folder was given; expected an array of its pictures.")
        rows = self.adapter.rows(X)
        parts: list[np.ndarray] = []
        for first in range(0, len(rows), PART):
            batch = self.adapter.batch(rows[first : first + PART])
            if batch.observed is not None and not bool(batch.observed.all()):
                raise DataError(
                    "Some cells are unknown: NaN, or beyond the end of a series. Only tables are "
                    "compressed with holes. Fill them, for example with the model's reconstruct; "
                    "bring series to the length that was fitted."
                )
            x = batch.x.double().numpy()
            scale = 1 if self.space.support == "categories" else self.levels - 1
            parts.append(np.rint(x * scale).astype(np.int64).clip(0, self.levels - 1))
        return np.concatenate(parts)

    def told(self, X: Any, symbols: np.ndarray) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what the symbols of ``X`` don't tell of it: what `made` needs beside them.

        Raises
        ------
        DataError
            If ``X`` would come back otherwise than it is.
        """
        if hasattr(X, "columns"):
            table = libraries.exact(X)
            packer = Packer()
            packer.text(table.schema.serialize().to_pybytes())
            packer.text(stream(table.select(range(self.space.size, table.num_columns))))
            found = {"kind": "frame", "sizes": packer.sizes}, {"frame": packer.packed()}
            numbers: Any = self.adapter.rows(X)
            _check_same(numbers, self._numbers(symbols))
            libraries.check_same(X, self.made(symbols, *found))
            return found
        values = np.asarray(plain(X))
        about: dict[str, Any] = {"kind": "array"}
        about |= {"dtype": values.dtype.str, "shape": values.shape[1:]}
        if isinstance(X, torch.Tensor):
            about |= {"kind": "tensor", "torch": str(X.dtype).removeprefix("torch.")}
        elif isinstance(X, list | tuple) and isinstance(X[0], np.ndarray):
            about |= {"kind": "list"}
        back = self._numbers(symbols, about)
        if _same(values, back):
            return about, {}
        own = _own(values, back)
        _check_same(values, _put(own, back))
        return about, {"values": own.tobytes()}

    def made(self, symbols: np.ndarray, about: dict[str, Any], blobs: dict[str, bytes]) -> Any:
        """Return symbols as the data they stand for, of the kind that `told` tells."""
        if about["kind"] == "frame":
            return libraries.native(self._table(symbols, about, blobs))
        found = self._numbers(symbols, about)
        if "values" in blobs:
            found = _put(np.frombuffer(blobs["values"], about["dtype"]), found)
        match about["kind"]:
            case "tensor":
                return torch.from_numpy(found).to(getattr(torch, about["torch"]))
            case "list":
                return list(found)
            case _:
                return found

    def _table(self, symbols: np.ndarray, about: dict[str, Any], blobs: dict[str, bytes]) -> Any:
        """Return symbols as an Arrow table, beside the columns that no model tells of."""
        pa = arrow()
        unpacker = Unpacker(blobs["frame"], about["sizes"])
        schema = pa.ipc.read_schema(pa.py_buffer(unpacker.text()))
        others = table_of(unpacker.text())
        columns = zip(self._numbers(symbols).T, schema, strict=False)
        own = [pa.array(values).cast(each.type) for values, each in columns]
        return pa.Table.from_arrays([*own, *others.columns], schema=schema)

    def _numbers(self, symbols: np.ndarray, about: dict[str, Any] | None = None) -> np.ndarray:
        """Return the numbers that symbols stand for: of a frame ``(n, features)``."""
        whole = self.space.support in ("categories", "binary")
        usual: dict[str, Any] = {"dtype": "<i8" if whole else "<f8", "shape": self.space.shape}
        told = about or usual
        # As much data as there are symbols, of which there is but one number in memory.
        like = np.broadcast_to(np.zeros((), told["dtype"]), (len(symbols), *told["shape"]))
        scale = 1 if self.space.support == "categories" else self.levels - 1
        return np.asarray(
            self.adapter.inverse_transform(torch.from_numpy(symbols / scale), like=like)
        )

    def seen(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what the encoder sees: numbers from 0 to 1, or categories."""
        if self.space.support == "categories":
            return symbols.astype(np.float64), None
        top = self.levels - 1
        return (symbols * fixed.ONE + top // 2) // top / fixed.ONE, None

    def law(self, raw: np.ndarray) -> Law:
        """Return the law of the decoder's numbers."""
        match self.likelihood:
            case DiscretisedLogistic(levels=levels):
                return Bells(raw, levels)
            case Categorical():
                return Categories(raw)
            case _:
                return Coins(raw)


def _own(given: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Return what stands for each of the different numbers in ``back``, by their order.

    Levels need not lie as evenly as they are reckoned to, such as those of ``0.1 * k``.
    """
    levels, places = np.unique(back, return_inverse=True)
    own = np.zeros(len(levels), given.dtype)
    own[places.ravel()] = given.ravel()
    return own


def _put(own: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Return ``back`` with each of its numbers replaced by what stands for it."""
    return own[np.unique(back, return_inverse=True)[1]].reshape(back.shape)


def _same(given: np.ndarray, back: np.ndarray) -> bool:
    """Return whether two arrays hold the same numbers, to the sign of a zero."""
    back = back.astype(given.dtype)
    same = np.array_equal(given, back)
    return same and (given.dtype.kind != "f" or np.array_equal(np.signbit(given), np.signbit(back)))


def _check_same(given: np.ndarray, back: np.ndarray) -> None:
    """Raise `DataError` where symbols don't say all that there was."""
    if not _same(given, back):
        raise DataError(
            "The data hold more than the model's likelihood tells of: values between its levels, "
            "or -0.0 beside 0.0. Round them to levels, or fit DiscretisedLogistic(levels=...) "
            "with as many as there are; adding 0.0 makes -0.0 a plain zero."
        )
