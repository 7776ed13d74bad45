"""Window loss: what a model fails to give back of the windows of a long series."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from isthmus import inference
from isthmus.adapters.windows import starts, windows
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.space import Batch
from isthmus.tasks.scores.residual import deviance
from isthmus.tasks.window_codes import WindowCodes

BLOCK = 2**22
"""How many numbers are worked on at once."""

FEW = 8
"""How many rows are worked on in place of one."""


@dataclass(frozen=True)
class WindowLoss:
    """The deviance of windows from their reconstructions, in nats, cell by cell.

    With ``codes``, how far out a window's code lies stands beside its channels as one more.

    Attributes
    ----------
    model
        Fitted to windows ``(n, size, c)``.
    size, stride
        How many steps a window has, and from how many to the next one begins.
    smooth
        The share of a cell's loss that is the mean over its window, channel by channel.
    codes
        What the codes of training were like; None: they don't count.
    """

    model: BaseAutoencoder
    size: int
    stride: int
    smooth: float
    codes: WindowCodes | None = None

    def beside_codes(self, pieces: np.ndarray) -> Self:
        """Return the same that counts the codes too, measured on windows of training."""
        model = self.model
        rows = model.adapter_.rows(pieces)

        def coded(batch: Batch) -> Tensor:
            return inference.codes(model.codec_, batch).flatten(1)

        found = inference.over(model.codec_, model.adapter_, rows, coded)
        return replace(self, codes=WindowCodes.of(found.double().numpy()))

    def steps(self, x: np.ndarray) -> np.ndarray:
        """Return the mean over the windows that hold a step, ``(t, k)``, of a series ``(t, c)``."""
        if len(x) < self.size:
            raise DataError(
                f"A series of {len(x)} steps was given; expected {self.size}, a window, at least. "
                "Give the steps before as well, or use score_stream."
            )
        places = starts(len(x), self.size, self.stride)
        total, many = np.zeros((len(x), self._kinds(x))), np.zeros((len(x), 1))
        for first, lost in self._blocks(windows(x, self.size), places):
            here = places[first : first + len(lost)]
            for offset in range(self.size):  # places differ, so that each sum counts
                total[here + offset] += lost[:, :, offset]
                many[here + offset] += 1
        return total / many

    def ends(self, pieces: np.ndarray) -> np.ndarray:
        """Return what each of ``(n, size, c)`` fails to give back in its last step, ``(n, k)``."""
        return np.concatenate([lost[:, :, -1] for _, lost in self._blocks(pieces)])

    def end(self, piece: np.ndarray) -> np.ndarray:
        """Return the same of a single window, ``(1, k)``: not a whole chunk of them for it."""
        # Of a single row the product's last bits hang on where in memory the weights lie.
        batch = self.model.adapter_.transform(np.repeat(piece[None], FEW, axis=0))
        with torch.no_grad():
            lost = self._lost(batch.to(next(self.model.codec_.parameters()).device))
        return self._smoothed(lost[:1])[:, :, -1]

    def usual(self, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean of each kind, ``(k,)``, over all steps, and over the last ones."""
        total, last = np.zeros(self._kinds(pieces)), np.zeros(self._kinds(pieces))
        for _, lost in self._blocks(pieces):
            total += lost.sum((0, 2))
            last += lost[:, :, -1].sum(0)
        return total / (len(pieces) * self.size), last / len(pieces)

    def _blocks(
        self, pieces: np.ndarray, places: np.ndarray | None = None
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield from where, and what of those windows is lost, ``(n, k, size)``."""
        model = self.model
        order = np.arange(len(pieces)) if places is None else places
        many = max(inference.CHUNK, BLOCK // (pieces.shape[1] * pieces.shape[2]))
        for first in range(0, len(order), many):
            chosen = pieces[order[first : first + many]].astype(np.float32)
            rows = model.adapter_.rows(chosen)
            found = inference.over(model.codec_, model.adapter_, rows, self._lost)
            yield first, self._smoothed(found)

    def _kinds(self, x: np.ndarray) -> int:
        """Return how many kinds of loss there are: a channel's each, and the code's."""
        return x.shape[-1] + (self.codes is not None)

    def _lost(self, batch: Batch) -> Tensor:
        """Return the deviance of each cell, ``(B, c size)``, and the code, if it counts."""
        if self.codes is None:
            return deviance(self.model, batch)
        codes = inference.codes(self.model.codec_, batch)
        return torch.cat([deviance(self.model, batch, codes), codes.flatten(1)], dim=1)

    def _smoothed(self, found: Tensor) -> np.ndarray:
        """Return what `_lost` found as ``(n, k, size)``, each cell's beside its window's."""
        values = found.cpu().double().numpy()
        cut = values.shape[1] - (0 if self.codes is None else len(self.codes.mean))
        cells = values[:, :cut].reshape(len(values), -1, self.size)
        cells = cells + self.smooth * (cells.mean(2, keepdims=True) - cells)
        if self.codes is None:
            return cells
        far = self.codes.distance(values[:, cut:])[:, None, None]
        return np.concatenate([cells, far.repeat(self.size, axis=2)], axis=1)
