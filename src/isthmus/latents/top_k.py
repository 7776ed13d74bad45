"""Codes of which few speak: the k largest are kept, and the others are zero."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution

from isthmus.errors import CompositionError
from isthmus.latents.base import Latent
from isthmus.latents.point import Delta
from isthmus.ranges import whole


class Sparse(Delta):
    """All probability on one point, told by the few of its numbers that are not zero.

    Attributes
    ----------
    values, indices
        ``(B, k, *G)``: the numbers, none negative, and the codes that they belong to.
    raw
        ``(B, D, *G)``: what the encoder said of every code.
    """

    def __init__(self, values: Tensor, indices: Tensor, raw: Tensor) -> None:
        self.values, self.indices, self.raw = values, indices, raw
        Distribution.__init__(self, raw.shape, validate_args=False)

    @cached_property
    def value(self) -> Tensor:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The whole point, ``(B, D, *G)``: zeros and all, laid out when first asked for."""
        return torch.zeros_like(self.raw).scatter(1, self.indices, self.values)

    @property
    def size(self) -> int:
        """How many codes there are, ``D``."""
        return self.raw.shape[1]

    def expand(self, batch_shape: Any, _instance: Any = None) -> Delta:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the same points, broadcast."""
        return Delta(self.value.expand(batch_shape))


class TopK(Latent):
    """A wide code of which the ``k`` largest numbers are kept: the k-sparse latent.

    ``q(z | x) = delta(z - relu(top_k(f(x))))`` with ``f`` the encoder: at most ``k`` numbers
    are not zero, and none is negative (Makhzani and Frey, 2014, arXiv:1312.5663; Gao et al.,
    2024, arXiv:2406.04093). On a grid each position keeps its own.

    In training it counts for how many rows each code has been silent. One that has been for
    more than ``dead_after`` is dead: no gradient reaches it, so it stays silent unless
    `Revive` finds it something to say. How many are dead stands in the history.

    Parameters
    ----------
    dim
        How many codes there are, ``D``.
    k
        How many of them speak.
    dead_after
        After how many rows of silence a code counts as dead.

    Examples
    --------
    >>> import torch
    >>> q = TopK(4, k=2)(torch.tensor([[3.0, -1.0, 0.5, 2.0]]))
    >>> q.mean
    tensor([[3., 0., 0., 2.]])
    >>> q.indices
    tensor([[0, 3]])
    """

    has_density = False
    idle: Tensor

    def __init__(self, dim: int, k: int = 1, dead_after: int = 10_000) -> None:
        super().__init__(dim)
        self.k = whole("k", k, 1, example="TopK(1024, k=32)")
        if self.k > self.dim:
            raise CompositionError(
                f"k={k} was given for {dim} codes; expected at most as many as there are. Use "
                "fewer, as in TopK(1024, k=32): a tenth or less is sparse."
            )
        self.dead_after = whole("dead_after", dead_after, 0, example="TopK(1024, dead_after=5000)")
        self.register_buffer("idle", torch.zeros(self.dim, dtype=torch.long))

    @property
    def raw(self) -> int:
        """One number for each code: ``D``."""
        return self.dim

    @property
    def dead(self) -> Tensor:
        """Which codes have been silent for too long: ``(D,)``."""
        return self.idle > self.dead_after

    def forward(self, raw: Tensor) -> Sparse:
        """Return the point of the ``k`` largest: ``(B, D, *G)``."""
        values, indices = raw.topk(self.k, dim=1)
        q = Sparse(values.relu(), indices, raw)
        if self.training:
            self._count(q)
        return q

    def project(self, z: Tensor) -> Tensor:
        """Return ``z`` with its ``k`` largest numbers alone: ``(B, D, *G)``."""
        values, indices = z.topk(self.k, dim=1)
        return Sparse(values.relu(), indices, z).value

    def figures(self) -> dict[str, float]:
        """Return how many codes are dead."""
        return {"dead": float(self.dead.sum())}

    @torch.no_grad()
    def _count(self, q: Sparse) -> None:
        self.idle += len(q.raw)
        # Written with a product, since indexing by a mask would wait for the device.
        silent = torch.ones_like(self.idle)
        spoke = (q.values > 0).flatten()
        silent.scatter_reduce_(0, q.indices.flatten(), (~spoke).long(), "amin")
        self.idle *= silent
