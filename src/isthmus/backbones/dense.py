"""The dense backbone: layers that join everything to everything."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

import torch
from torch import Size, Tensor, nn

from isthmus.backbones.base import Backbone
from isthmus.errors import CompositionError
from isthmus.ranges import number, whole
from isthmus.space import Space

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
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
        self.activation = _named(activation, ACTIVATIONS, "activation")
        self.normalisation = (
            _named(normalisation, NORMALISATIONS, "normalisation") if normalisation else None
        )
        self.dropout = number(
            "dropout", dropout, 0, 1, without=(1,), example="Dense((64,), dropout=0.1)"
        )

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, *E)`` to ``(B, out)``."""
        return Perceptron(self._layers([space.size + context, *self.widths, out]), (out,))

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code)`` to ``(B, *raw_shape)``."""
        sizes = [code + context, *reversed(self.widths), prod(raw_shape)]
        return Perceptron(self._layers(sizes), raw_shape)

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
    """Layers between a flattened input, with its context, and an output of some shape."""

    def __init__(self, layers: nn.Sequential, shape: Sequence[int]) -> None:
        super().__init__()
        self.layers = layers
        self.shape = tuple(shape)
        self.compares_rows = any(isinstance(each, nn.BatchNorm1d) for each in layers)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *shape)`` from ``(B, *)`` and ``(B, C)``."""
        if self.compares_rows and self.training and len(x) < 2:
            raise CompositionError(
                f"batch normalisation needs at least 2 rows in a batch; got {len(x)}: use "
                "batch_size >= 2, or normalisation='layer'."
            )
        h = x if x.dim() == 2 else x.flatten(1)
        if context is not None:
            h = torch.cat([h, context], dim=1)
        for layer in self.layers:
            h = layer(h)
        return h if len(self.shape) == 1 else h.reshape(len(h), *self.shape)


def _widths(widths: Any, depth: int) -> list[int]:
    """Return the width of each layer."""
    example = "Dense((64, 32)), or Dense(64, depth=2)"
    if isinstance(widths, tuple | list):
        try:
            return [whole("width", each, 1, example=example) for each in widths]
        except CompositionError as error:
            raise CompositionError(
                f"widths={widths!r} was given; every layer needs at least 1, a whole number, "
                f"as in {example}."
            ) from error
    return [whole("widths", widths, 1, example=example)] * depth


def _named(name: Any, choices: dict[str, type[nn.Module]], role: str) -> type[nn.Module]:
    if not isinstance(name, str) or name not in choices:
        raise CompositionError(f"{role}={name!r} was given; expected one of {', '.join(choices)}.")
    return choices[name]
