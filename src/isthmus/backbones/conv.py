"""The convolutional backbone: what is near belongs together, wherever it is."""

from collections.abc import Sequence
from itertools import pairwise
from math import gcd, prod
from typing import ClassVar

from torch import Size, Tensor, nn

from isthmus.backbones.arguments import channels_of, chosen, flag
from isthmus.backbones.base import Backbone
from isthmus.backbones.channels_last import CONV, Finer, last, passed
from isthmus.backbones.layers import ACTIVATIONS, compares_rows, refuse_one_row, with_context
from isthmus.errors import CompositionError
from isthmus.ranges import whole
from isthmus.space import Image, Series, Space

EXAMPLE = "Conv((32, 64), kernel=3, stride=2)"
SATURATING = ("sigmoid", "tanh")


class Conv(Backbone):
    """Strided convolutions, for pictures of any size, and for series.

    A stage is ``h <- activation(normalisation(W * h + b))``, and makes a side of ``n``
    pixels one of ``ceil(n / stride)``; a linear map leads from the last to the code. The
    decoder runs backwards through the same sizes, each exact, odd ones too.

    With ``grid`` there is no linear map: the code is ``(B, d, *G)``, one of ``d`` numbers
    for each place of the last stage, and the decoder begins there (van den Oord et al.,
    2017, arXiv:1711.00937, have such codes).

    Parameters
    ----------
    channels
        What each stage of the encoder makes.
    kernel
        The side of a filter: odd, and no less than the stride.
    stride
        How much smaller a stage makes each side.
    activation
        One of ``relu``, ``leaky_relu``, ``elu``, ``gelu``, ``silu``, ``softplus``,
        ``sigmoid``, ``tanh``.
    normalisation
        ``"batch"``, ``"group"`` or None.
    grid
        Keep the places apart in the code.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Image
    >>> Conv((8, 16)).encoder(Image(1, 28, 28), out=2)(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 2])
    >>> Conv((8, 16), grid=True).grid(Image(1, 28, 28))
    (7, 7)
    """

    spaces: ClassVar[tuple[type[Space], ...]] = (Image, Series)

    def __init__(
        self,
        channels: Sequence[int] = (32, 64),
        kernel: int = 3,
        stride: int = 2,
        activation: str = "relu",
        normalisation: str | None = None,
        grid: bool = False,
    ) -> None:
        super().__init__()
        self.channels = channels_of(channels, example=EXAMPLE)
        self.kernel = whole("kernel", kernel, 1, example=EXAMPLE)
        self.stride = whole("stride", stride, 1, example=EXAMPLE)
        if not self.kernel % 2 or self.kernel < self.stride:
            raise CompositionError(
                f"kernel={kernel!r} was given with stride={stride!r}; expected an odd kernel, no "
                f"less than the stride, as in {EXAMPLE}."
            )
        self.activation = chosen(activation, ACTIVATIONS, "activation")
        self.gain = 1.0 if activation in SATURATING else 2**0.5
        self.normalisation = (
            chosen(normalisation, NORMALISATIONS, "normalisation") if normalisation else None
        )
        if normalisation == "group" and 1 in self.channels:
            raise CompositionError(
                f"normalisation='group' was given with channels={channels!r}; expected at least 2 "
                "in each stage: one alone has no group."
            )
        self.keeps_grid = flag("grid", grid)

    def grid(self, space: Space) -> tuple[int, ...]:
        """Return the sides of the last stage, if the code keeps them."""
        return self._sizes(space)[-1] if self.keeps_grid else ()

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, C, *sides)`` to ``(B, out, *G)``."""
        sides = self._sizes(space)[-1]
        top, dim = self.channels[-1], len(sides)
        layers: list[nn.Module] = []
        for before, after in pairwise([space.shape[0] + context, *self.channels]):
            conv = CONV[dim](before, after, self.kernel, self.stride, self.kernel // 2)
            layers += [self._started(conv), *self._after(after)]
        if self.keeps_grid:
            layers.append(CONV[dim](top, out, 1))
        else:
            layers += [nn.Flatten(), nn.Linear(top * prod(sides), out)]
        return Convolutions(layers, (out, *self.grid(space)))

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code, *G)`` to ``(B, *raw_shape)``."""
        *sizes, sides = self._sizes(space)
        back = list(reversed(self.channels))
        steps = zip(pairwise([*back, prod(raw_shape) // prod(sizes[0])]), sizes[::-1], strict=True)
        finer = [Finer(*step, self.kernel, self.stride, size) for step, size in steps]
        for each in finer[:-1]:
            self._started(each.conv)
        layers = self._first(code + context, sides)
        for channels, each in zip(back, finer, strict=True):
            layers += [*self._after(channels), each]
        return Convolutions(layers, raw_shape)

    def _first(self, code: int, sides: tuple[int, ...]) -> list[nn.Module]:
        """Return the layers from the code to the decoder's first stage."""
        top = self.channels[-1]
        if self.keeps_grid:
            return [self._started(CONV[len(sides)](code, top, 1))]
        return [self._started(nn.Linear(code, top * prod(sides))), nn.Unflatten(1, (top, *sides))]

    def _after(self, channels: int) -> list[nn.Module]:
        """Return what follows a stage's convolution."""
        if self.normalisation is None:
            return [self.activation()]
        return [self.normalisation(channels), self.activation()]

    def _started(self, layer: nn.Module) -> nn.Module:
        """Give a hidden layer weights that keep the spread of what passes (He et al., 2015)."""
        for each in layer.parameters():
            if each.dim() > 1:
                nn.init.normal_(each, std=self.gain / each[0].numel() ** 0.5)
            else:
                nn.init.zeros_(each)
        return layer

    def _sizes(self, space: Space) -> list[tuple[int, ...]]:
        """Return the sides at each stage, those of the data first."""
        sizes = [space.shape[1:]]
        for _ in self.channels:
            sizes.append(tuple(-(-side // self.stride) for side in sizes[-1]))
        return sizes


class Convolutions(nn.Module):
    """Layers between an input, with its context at every place, and an output of some shape."""

    def __init__(self, layers: Sequence[nn.Module], shape: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.shape = tuple(shape)
        self.compares_rows = compares_rows(self.layers)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *shape)`` from ``(B, D, *)`` and ``(B, C)``."""
        if self.compares_rows and self.training:
            refuse_one_row(x, instead="group")
        h = passed(self.layers, last(with_context(x, context)))
        return h.contiguous().reshape(h.shape[0], *self.shape)


def group_norm(channels: int) -> nn.Module:
    """Return normalisation over places, and over at least four channels where there are so many.

    One alone, at a single place, would be normalised to zero.
    """
    return nn.GroupNorm(gcd(max(1, channels // 4), channels, 8), channels)


NORMALISATIONS = {"batch": nn.BatchNorm2d, "group": group_norm}
