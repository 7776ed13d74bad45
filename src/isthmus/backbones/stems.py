"""Stems: how x enters an encoder."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from isthmus.space import Image, Space, Vector


class Stem(nn.Module):
    """Turn what x is into numbers that a network can take.

    Categories become one-hot channels. Where cells may be unknown, the mask of the known
    ones is laid beside x, so that the encoder can tell a zero from a hole.

    Parameters
    ----------
    space
        What x is.

    Attributes
    ----------
    space
        What comes out: real numbers, with more features or channels than went in.
    """

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.levels = space.levels if space.support == "categories" else 1
        self.holes = space.holes
        self.space = _widened(space, self.levels + self.holes)

    def forward(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Return ``(B, C', *)`` from ``(B, C, *)``, unknown cells all zero."""
        channels = [x]
        if self.levels > 1:
            channels = list(one_hot(x.long(), self.levels).to(x.device).float().unbind(-1))
        if observed is not None:
            channels = [each * observed for each in channels]
        if self.holes:
            channels.append(torch.ones_like(x) if observed is None else observed.to(x.dtype))
        return channels[0] if len(channels) == 1 else torch.cat(channels, dim=1)


def _widened(space: Space, times: int) -> Space:
    """Return the space of real numbers with ``times`` as many features or channels."""
    plain = replace(space, support="real", levels=0, holes=False) if times > 1 else space
    match plain:
        case Vector(features=features):
            return replace(plain, features=features * times)
        case Image(channels=channels):
            return replace(plain, channels=channels * times)
        case _:
            return plain
