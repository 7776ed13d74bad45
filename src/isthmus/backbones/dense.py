"""The dense backbone: layers that join everything to everything."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Size, Tensor, nn

from isthmus.backbones.base import Backbone
from isthmus.errors import CompositionError
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
        if not 0 <= depth <= DEEPEST:
            raise CompositionError(f"depth={depth!r} was given; expected 0 to {DEEPEST}.")
        self.widths = [widths] * depth if isinstance(widths, int) else list(widths)
        if any(width < 1 for width in self.widths):
            raise CompositionError(f"widths={widths!r} was given; every layer needs at least 1.")
        if not 0 <= dropout < 1:
            raise CompositionError(f"dropout={dropout} was given; expected 0 up to, not with, 1.")
        self.activation = _named(activation, ACTIVATIONS, "activation")
        self.normalisation = (
            _named(normalisation, NORMALISATIONS, "normalisation") if normalisation else None
        )
        self.dropout = dropout

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

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *shape)`` from ``(B, *)`` and ``(B, C)``."""
        flat = x.flatten(1)
        if context is not None:
            flat = torch.cat([flat, context], dim=1)
        out = self.layers(flat)
        return out if len(self.shape) == 1 else out.reshape(len(flat), *self.shape)


def _named(name: str, choices: dict[str, type[nn.Module]], role: str) -> type[nn.Module]:
    if name not in choices:
        raise CompositionError(f"{role}={name!r} was given; expected one of {', '.join(choices)}.")
    return choices[name]
