"""How far off the nearest known rows are."""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from isthmus import inference
from isthmus.backbones.arguments import chosen
from isthmus.errors import CompositionError
from isthmus.ranges import whole
from isthmus.space import Batch, Space, Table, Vector
from isthmus.tasks.scores.base import Models, Score
from isthmus.tasks.scores.layout import Layout, told

KEPT = 10_000
"""How many rows are kept to be neighbours, at most."""
NUMBERS = 2**23
"""How many numbers are worked on at once."""
LEAST = 1e-3
"""The least spread, and the least distance beside the mean one, that a distance is measured in."""
TINY = 1e-12
Where = Literal["auto", "cells", "codes"]
PLACES: dict[str, Where] = {"auto": "auto", "cells": "cells", "codes": "codes"}


class Neighbours(Score):
    """The mean distance to the ``k`` nearest rows of training, ``sum_j |x_j - n_j|``.

    Numbers count in standard deviations, a category that differs as one of them; cells that are
    unknown in either row are left out, and the others count for them. A sum of absolute
    differences says of each cell what it adds, and of far cells it makes less than squares do.

    With ``local=True`` the distance is divided by the mean of those of its neighbours to their
    own: how much emptier it is here than next door (after Breunig et al., 2000, "LOF").

    Parameters
    ----------
    k
        How many neighbours. Few look closely; many see past a clump of anomalies.
    local
        Whether distances are relative to those round about.
    of
        ``"cells"``; ``"codes"``: distances between codes, of all models side by side, which
        count for the row as a whole; ``"auto"``: cells of rows of a table, codes of pictures
        and series.
    weight
        What it counts for beside other scores.

    Examples
    --------
    >>> Neighbours(20, local=True)
    Neighbours(20, local=True)
    """

    rows: Tensor
    known: Tensor | None
    round_about: Tensor
    origin: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self, k: int = 5, local: bool = False, of: Where = "auto", weight: float = 1.0
    ) -> None:
        super().__init__(weight)
        self.k = whole("k", k, 1, example="Neighbours(5)")
        self.local = bool(local)
        self.of = chosen(of, PLACES, "of")
        self.layout = Layout()
        self.register_buffer("known", None)

    def needs_model(self, space: Space) -> bool:
        """Whether distances are those of codes, for rows of ``space``."""
        return self.of == "codes" or (self.of == "auto" and not isinstance(space, Vector | Table))

    def learn(self, models: Models, batch: Batch, space: Space) -> None:
        """Keep the rows, or as many of them as need be, drawn at random."""
        own = batch[torch.randperm(len(batch))[:KEPT].sort().values]
        self.keep(origin=told(own))
        if self.needs_model(space):
            if not models:
                raise CompositionError(f"{self!r} looks at codes: give a model to make them.")
            z = _codes(models, own)
            self.keep(centre=z.mean(0), scale=z.std(0, correction=0).clamp(min=LEAST))
        else:
            self.layout.learn(own, space)
        points, known = self._points(models, own)
        self.keep(rows=points)
        if known is not None:
            self.keep(known=known)
        if self.local:
            near = [distances.mean(1) for _, distances, _ in self._nearest(points, own=True)]
            self.keep(round_about=torch.cat(near))

    def blame(self, models: Models, batch: Batch, own: bool) -> Tensor:
        """Return what each cell adds to the distance: ``(B, cells)``, or ``(B, 1)`` of codes."""
        points, known = self._points(models, batch)
        parts: list[Tensor] = []
        for some, distances, nearest in self._nearest(points, own):
            if self._looks_at_codes:
                gaps = distances.mean(1, keepdim=True)
            else:
                there = None if known is None else known[some]
                gaps = self.layout.by_cell(
                    self._gaps(points[some], there, nearest), batch.x[0].numel()
                )
            if self.local:
                usual = self.round_about
                gaps = gaps / (usual[nearest].mean(1, keepdim=True) + LEAST * usual.mean() + TINY)
            parts.append(gaps)
        return torch.cat(parts)

    def expected(self, models: Models, batch: Batch, own: bool) -> Tensor | None:
        """Return the neighbours as they are, ``(k, B, cells)``: NaN where they are unknown."""
        points, _ = self._points(models, batch)
        near = torch.cat([nearest for _, _, nearest in self._nearest(points, own)])
        return self.origin[near.T]

    @property
    def _looks_at_codes(self) -> bool:
        return "centre" in self._buffers

    def _points(self, models: Models, batch: Batch) -> tuple[Tensor, Tensor | None]:
        if self._looks_at_codes:
            return (_codes(models, batch) - self.centre) / self.scale, None
        return self.layout(batch)

    def _nearest(self, points: Tensor, own: bool) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Yield the distances to the nearest rows, and which they are, some points at a time.

        Where the points may be among the rows, one row at no distance is the point itself.
        """
        k = min(self.k, len(self.rows) - 1) or 1
        size = max(1, NUMBERS // max(len(self.rows), k * points.shape[1]))
        for first in range(0, len(points), size):
            some = slice(first, first + size)
            every = torch.cdist(points[some], self.rows, p=1)
            near = every.topk(min(k + own, len(self.rows)), largest=False)
            distances, nearest = near.values, near.indices
            if own and distances.shape[1] > k:
                itself = distances[:, :1] == 0
                distances = distances[:, 1:].where(itself, distances[:, :-1])
                nearest = nearest[:, 1:].where(itself, nearest[:, :-1])
            yield some, distances, nearest

    def _gaps(self, points: Tensor, known: Tensor | None, nearest: Tensor) -> Tensor:
        """Return ``|x_j - n_j|``, its mean over the neighbours: ``(B, F)``."""
        gaps = (points[:, None] - self.rows[nearest]).abs()  # (B, k, F)
        if known is None and self.known is None:
            return gaps.mean(1)
        both = torch.ones_like(gaps, dtype=torch.bool)
        if known is not None:
            both &= known[:, None]
        if self.known is not None:
            both &= self.known[nearest]
        share = both.float().mean(2, keepdim=True).clamp(min=1 / both.shape[2])
        return (gaps * both / share).mean(1)


def _codes(models: Models, batch: Batch) -> Tensor:
    return torch.cat([inference.codes(each.codec_, batch).flatten(1) for each in models], dim=1)
