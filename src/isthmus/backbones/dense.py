"""The dense backbone: layers that join everything to everything."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

from torch import Size, Tensor, nn

from isthmus.backbones.base import Backbone
from isthmus.backbones.layers import (
    ACTIVATIONS,
    chosen,
    compares_rows,
    refuse_one_row,
    wholes,
)
from isthmus.ranges import number, whole
from isthmus.space import Space

DEEPEST = 1000
NORMALISATIONS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


class Dense(Backbone):
    """Fully connected layers, for data in no spatial order; it takes pictures too.

    Each layer is ``h <- dropout(activation(normalisation(W h + b)))``; the last is linear.
    The decoder runs through the widths backwards.

    Parameters
    ----------
    widths
        The encoder's hidden layers, from the data to the code. A number is that width,
        ``depth`` times; ``()`` makes both networks linear.
    depth
        How many layers, where ``widths`` is a number.
    activation
        One of ``relu``, ``leaky_relu``, ``elu``, ``gelu``, ``silu``, ``softplus``,
        ``sigmoid``, ``tanh``.
    normalisation
        ``"batch"``, ``"layer"`` or None.
    dropout
        The share of hidden numbers lost at each training step.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Vector
    >>> Dense((32, 16)).encoder(Vector(5), out=2)(torch.zeros(7, 5)).shape
    torch.Size([7, 2])
    """

    def __init__(
        self,
        widths: Sequence[int] | int = (256, 128),
        depth: int = 2,
        activation: str = "relu",
        normalisation: str | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.widths = _widths(
            widths, whole("depth", depth, 0, DEEPEST, example="Dense(64, depth=2)")
        )
        self.activation = chosen(activation, ACTIVATIONS, "activation")
        self.normalisation = (
            chosen(normalisation, NORMALISATIONS, "normalisation") if normalisation else None
        )
        self.dropout = number(
            "dropout", dropout, 0, 1, without=(1,), example="Dense((64,), dropout=0.1)"
        )

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, *E)`` to ``(B, out)``."""
        return Perceptron(self._layers([space.size, *self.widths, out]), (out,), context)

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code)`` to ``(B, *raw_shape)``."""
        sizes = [code, *reversed(self.widths), prod(raw_shape)]
        return Perceptron(self._layers(sizes), raw_shape, context)

    def _layers(self, sizes: list[int]) -> nn.Sequential:
        *hidden, last = pairwise(sizes)
        layers: list[nn.Module] = []
        for before, after in hidden:
            layers.append(nn.Linear(before, after))
            if self.normalisation:
                layers.append(self.normalisation(after))
            layers.append(self.activation())
            if self.dropout:
                layers.append(nn.Dropout(self.dropout))
        return nn.Sequential(*layers, nn.Linear(*last))


class Perceptron(nn.Module):
    """Layers between a flattened input and an output of some shape.

    A context enters through a linear map of its own, added to the first layer's: as if it were
    laid beside the input, whose product then has the same shape, and rounds the same, without.
    """

    def __init__(self, layers: nn.Sequential, shape: Sequence[int], context: int = 0) -> None:
        super().__init__()
        self.layers = layers
        if context:
            self.context = nn.Linear(context, _outputs(layers[0]), bias=False)
        self.shape = tuple(shape)
        self.compares_rows = compares_rows(layers)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *shape)`` from ``(B, *)`` and ``(B, C)``."""
        if self.compares_rows and self.training:
            refuse_one_row(x, instead="layer")
        first, *others = self.layers
        h = first(x if x.dim() == 2 else x.flatten(1))
        if context is not None:
            h = h + self.context(context)
        for layer in others:
            h = layer(h)
        return h if len(self.shape) == 1 else h.reshape(len(h), *self.shape)


def _outputs(layer: nn.Module) -> int:
    assert isinstance(layer, nn.Linear)
    return layer.out_features


def _widths(widths: Any, depth: int) -> list[int]:
    """Return the width of each layer."""
    example = "Dense((64, 32)), or Dense(64, depth=2)"
    if isinstance(widths, tuple | list):
        return wholes("widths", "width", widths, example=example)
    return [whole("widths", widths, 1, example=example)] * depth
