"""Patches: a picture or a series as a row of tokens, and back."""

from collections.abc import Sequence
from math import prod

from torch import Tensor
from torch.nn.functional import pad

from isthmus.space import Image, Space

TOKENS = 64
"""How many patches a picture is cut into at most, where nobody chose their size."""


class Patches:
    """Cut ``(B, C, *S)`` into ``(B, T, C prod(patch))``, and put it together again.

    Sizes that the patch doesn't divide are padded with zeros at their ends, and cut back.

    Parameters
    ----------
    sizes
        ``*S``: height and width, or steps.
    patch
        The sizes of one patch.

    Attributes
    ----------
    counts
        How many patches there are along each of ``*S``; T is their product.

    Examples
    --------
    >>> import torch
    >>> patches = Patches((5, 4), (2, 2))
    >>> x = torch.randn(7, 3, 5, 4)
    >>> tokens = patches.cut(x)
    >>> tokens.shape, torch.equal(patches.join(tokens), x)
    (torch.Size([7, 6, 12]), True)
    """

    def __init__(self, sizes: Sequence[int], patch: Sequence[int]) -> None:
        self.sizes, self.patch = tuple(sizes), tuple(patch)
        self.counts = tuple(-(-size // p) for size, p in zip(sizes, patch, strict=True))

    @classmethod
    def of(cls, space: Space, patch: int | None) -> "Patches":
        """Return those of an `Image` or a `Series`; None: a size that suits it."""
        sizes = space.shape[1:]
        if patch is None:
            patch = _square(sizes) if isinstance(space, Image) else 1
        return cls(sizes, [min(patch, size) for size in sizes])

    def __len__(self) -> int:
        return prod(self.counts)

    @property
    def size(self) -> int:
        """How many cells of one channel a patch holds."""
        return prod(self.patch)

    def cut(self, x: Tensor) -> Tensor:
        """Return ``(B, T, C prod(patch))`` from ``(B, C, *S)``."""
        x = pad(x, self._missing())
        for axis, p in enumerate(self.patch):
            x = x.unflatten(2 + 2 * axis, (-1, p))  # (B, C, n, p, ...)
        x = x.movedim(self._inner(), self._last())  # (B, C, *n, *p)
        return x.flatten(2, 1 + len(self.sizes)).transpose(1, 2).flatten(2)

    def join(self, tokens: Tensor) -> Tensor:
        """Return ``(B, C, *S)`` from ``(B, T, C prod(patch))``."""
        x = tokens.unflatten(2, (-1, *self.patch)).unflatten(1, self.counts)  # (B, *n, C, *p)
        x = x.movedim(1 + len(self.sizes), 1).movedim(self._last(), self._inner())
        for axis, size in enumerate(self.sizes):
            x = x.flatten(2 + axis, 3 + axis).narrow(2 + axis, 0, size)
        return x

    def _missing(self) -> list[int]:
        """Return what to pad: torch wants the last size first, its beginning before its end."""
        ends = zip(self.sizes, self.patch, self.counts, strict=True)
        return [each for size, p, n in reversed([*ends]) for each in (0, n * p - size)]

    def _inner(self) -> list[int]:
        return [3 + 2 * axis for axis in range(len(self.sizes))]

    def _last(self) -> list[int]:
        return [axis - len(self.sizes) for axis in range(len(self.sizes))]


def _square(sizes: Sequence[int]) -> int:
    """Return the smallest patch, from 2 up, that makes no more than `TOKENS` of them."""
    patch = 2
    while prod(-(-size // patch) for size in sizes) > TOKENS:
        patch += 1
    return patch
