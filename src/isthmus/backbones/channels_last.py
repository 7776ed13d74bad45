"""Channels last: how what passes through convolutions lies in memory, whatever its shape says.

On a processor they are faster so, those of series up to twice, as pictures one pixel high. The
layers are torch's own, with their weights as torch has them: these are few, and are laid out anew
at each pass, where else all that passes would be.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

CONV = {1: nn.Conv1d, 2: nn.Conv2d}
"""By the number of sides."""


class Finer(nn.Module):
    """A convolution that makes each place ``stride`` places along every side.

    It emits the channels of all of them, which are then laid side by side (Shi et al., 2016,
    arXiv:1609.05158), and what is beyond ``sides`` is cut off. A transposed convolution leaves
    neighbours with unlike numbers of terms, which shows as a checkerboard; these have equal ones.
    """

    def __init__(
        self, before: int, after: int, kernel: int, stride: int, sides: tuple[int, ...]
    ) -> None:
        super().__init__()
        dim = len(sides)
        self.conv = CONV[dim](before, after * stride**dim, kernel, padding=kernel // 2)
        self.stride = stride
        self.sides = sides

    def forward(self, h: Tensor) -> Tensor:
        """Return pictures, ``(B, after, *sides)``, from ``(B, before, *ceil(sides / stride))``."""
        assert self.conv.bias is not None
        weight, bias = self._by_place(self.conv.weight), self._by_place(self.conv.bias)
        h = convolved(h, weight, bias, 1)  # (B, s t C, n, m)
        s, t = (1, *(self.stride for _ in self.sides))[-2:]
        h = h.movedim(1, -1).unflatten(-1, (s, t, -1)).transpose(2, 3)  # (B, n, s, m, t, C)
        h = h.flatten(3, 4).flatten(1, 2).movedim(-1, 1)
        for axis, side in enumerate((1, *self.sides)[-2:], start=2):
            h = h.narrow(axis, 0, side) if h.shape[axis] > side else h
        return h

    def _by_place(self, x: Tensor) -> Tensor:
        """Return what belongs to ``after * stride^dim`` channels with those of a place together."""
        return x.unflatten(0, (-1, self.stride ** len(self.sides))).transpose(0, 1).flatten(0, 1)


def passed(layer: nn.Module, h: Tensor) -> Tensor:
    """Return what a layer, or a row of them, makes of vectors, or of pictures as of `last`."""
    match layer:
        case nn.Sequential():
            for each in layer:
                h = passed(each, h)
            return h
        case nn.Conv1d():
            return convolved(h, layer.weight, layer.bias, layer.stride[0])
        case nn.Flatten():
            return h  # the linear layer behind it reads pictures as they lie
        case nn.Linear() if h.dim() == 4:
            weight = layer.weight.unflatten(1, h.shape[1:])
            return linear(_flat(h), _flat(weight), layer.bias)
        case nn.Unflatten():
            return last(layer(h))
        case _:
            return layer(h)


def last(h: Tensor) -> Tensor:
    """Return ``(B, C, *sides)`` as pictures whose channels lie together, vectors as they are."""
    return h if h.dim() == 2 else picture(h).to(memory_format=torch.channels_last)


def picture(x: Tensor) -> Tensor:
    """Return ``(B, C, 1, T)`` for ``(B, C, T)``."""
    return x.unsqueeze(2) if x.dim() == 3 else x


def convolved(h: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    """Return ``W * h + b`` of pictures, with as many places as there are strides in a side."""
    weight = picture(weight)
    kernel = weight.shape[2:]
    return conv2d(h, weight, bias, [min(stride, k) for k in kernel], [k // 2 for k in kernel])


def _flat(x: Tensor) -> Tensor:
    """Return ``(B, sides C)`` from ``(B, C, *sides)``."""
    return x.movedim(1, -1).flatten(1)
