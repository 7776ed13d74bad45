"""Arrays: rows whose numbers are all of one kind, as symbols and back."""

from typing import Any

import numpy as np
import torch

from isthmus.adapters import Adapter
from isthmus.adapters.base import PART
from isthmus.codec import Codec
from isthmus.errors import CompositionError, DataError
from isthmus.likelihoods import Bernoulli, Categorical, DiscretisedLogistic
from isthmus.tasks.coding import fixed
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
        rows = self.adapter.rows(X)
        parts: list[np.ndarray] = []
        for first in range(0, len(rows), PART):
            batch = self.adapter.batch(rows[first : first + PART])
            if batch.observed is not None and not bool(batch.observed.all()):
                raise DataError(
                    "Some cells are unknown (NaN), and only tables are compressed with holes. "
                    "Fill them, for example with the model's reconstruct."
                )
            x = batch.x.double().numpy()
            scale = 1 if self.space.support == "categories" else self.levels - 1
            parts.append(np.rint(x * scale).astype(np.int64).clip(0, self.levels - 1))
        return np.concatenate(parts)

    def values(self, symbols: np.ndarray, like: Any = None) -> Any:
        """Return symbols as the data they stand for."""
        scale = 1 if self.space.support == "categories" else self.levels - 1
        return self.adapter.inverse_transform(torch.from_numpy(symbols / scale), like=like)

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
