"""The U-Net: convolutions at several scales, with every pixel at hand at the end."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import ClassVar

import torch
from torch import Size, Tensor, nn
from torch.nn.functional import interpolate

from isthmus.backbones.arguments import channels_of, chosen
from isthmus.backbones.base import Backbone
from isthmus.backbones.channels_last import CONV, last, passed
from isthmus.backbones.layers import ACTIVATIONS, with_context
from isthmus.space import Image, Series, Space

EXAMPLE = "UNet((16, 32, 64))"
KERNEL = 3


class UNet(Backbone):
    """A network that mends pictures or series: no bottleneck, at every scale its own stage.

    Stage ``i`` halves the sides of the one above and gives them ``channels[i]``; on the way back
    up each is laid beside what there was on the way down (Ronneberger, Fischer and Brox, 2015,
    arXiv:1505.04597). The code is ``(B, d, *sides)``, d numbers for each place of x, to which x
    itself is added by a linear map, and the decoder reads it place by place, linearly: so what is
    learned is what to change, the residual (Zhang et al., 2017, arXiv:1608.03981).

    It is for undoing damage. Without any it learns to copy, and its codes then say nothing.

    Parameters
    ----------
    channels
        What each stage makes, the full size first.
    activation
        As in `Conv`.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Image
    >>> network = UNet((8, 16)).encoder(Image(1, 28, 28), out=4)
    >>> network(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 4, 28, 28])
    """

    spaces: ClassVar[tuple[type[Space], ...]] = (Image, Series)

    def __init__(self, channels: Sequence[int] = (16, 32, 64), activation: str = "relu") -> None:
        super().__init__()
        self.channels = channels_of(channels, example=EXAMPLE)
        self.activation = chosen(activation, ACTIVATIONS, "activation")

    def grid(self, space: Space) -> tuple[int, ...]:
        """Return the sides of x: each place keeps a code of its own."""
        return tuple(space.shape[1:])

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, C, *sides)`` to ``(B, out, *sides)``."""
        dim = len(space.shape) - 1
        return Scales(space.shape[0] + context, self.channels, out, dim, self.activation)

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a linear map from ``(B, code, *sides)`` to ``(B, *raw_shape)``, at each place."""
        sides = self.grid(space)
        return Pointwise(code + context, prod(raw_shape) // prod(sides), raw_shape, len(sides))


class Scales(nn.Module):
    """Down through the scales, up again, and x beside."""

    def __init__(
        self, given: int, channels: Sequence[int], out: int, dim: int, activation: type[nn.Module]
    ) -> None:
        super().__init__()
        conv = CONV[dim]

        def stage(before: int, after: int, stride: int = 1) -> nn.Module:
            first = conv(before, after, KERNEL, stride, padding=KERNEL // 2)
            return nn.Sequential(
                started(first),
                activation(),
                started(conv(after, after, KERNEL, padding=KERNEL // 2)),
                activation(),
            )

        self.down = nn.ModuleList([stage(given, channels[0])])
        self.down.extend(stage(fine, coarse, stride=2) for fine, coarse in pairwise(channels))
        self.up = nn.ModuleList(
            nn.Sequential(
                started(conv(fine + coarse, fine, KERNEL, padding=KERNEL // 2)), activation()
            )
            for fine, coarse in reversed(list(pairwise(channels)))
        )
        self.head = conv(channels[0], out, 1)
        self.beside = conv(given, out, 1, bias=False)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, out, *sides)`` from ``(B, D, *sides)`` and ``(B, C)``."""
        shape = x.shape[2:]
        h = x = last(with_context(x, context))
        finer: list[Tensor] = []
        for stage in self.down:
            h = passed(stage, h)
            finer.append(h)
        finer.pop()
        for stage in self.up:
            fine = finer.pop()
            h = passed(stage, torch.cat([fine, interpolate(h, size=fine.shape[2:])], dim=1))
        h = passed(self.head, h) + passed(self.beside, x)
        return h.contiguous().reshape(*h.shape[:2], *shape)


class Pointwise(nn.Module):
    """A linear map at each place."""

    def __init__(self, before: int, after: int, shape: Sequence[int], dim: int) -> None:
        super().__init__()
        self.map = CONV[dim](before, after, 1)
        self.shape = tuple(shape)

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *shape)`` from ``(B, D, *sides)`` and ``(B, C)``."""
        return self.map(with_context(z, context)).reshape(z.shape[0], *self.shape)


def started(layer: nn.Module) -> nn.Module:
    """Give a hidden layer weights that keep the spread of what passes (He et al., 2015)."""
    for each in layer.parameters():
        if each.dim() > 1:
            nn.init.normal_(each, std=(2 / each[0].numel()) ** 0.5)
        else:
            nn.init.zeros_(each)
    return layer
