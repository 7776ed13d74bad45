"""The dense backbone: layers that join everything to everything."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

from torch import Size, Tensor, nn

from isthmus.backbones.arguments import chosen, flag, wholes
from isthmus.backbones.base import Backbone
from isthmus.backbones.cells import mirrors
from isthmus.backbones.layers import ACTIVATIONS, compares_rows, conditioner, refuse_one_row
from isthmus.backbones.tying import Transposed, tie
from isthmus.errors import CompositionError
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
    tied
        Whether the decoder's linear maps are the transposes of the encoder's, with biases of
        their own (Vincent et al., 2010; Rifai et al., 2011): half the weights, and codes whose
        scale is fixed. It takes a latent for which the encoder emits one number a code.

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
        tied: bool = False,
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
        self.tied = flag("tied", tied)

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, *E)`` to ``(B, out)``."""
        return Perceptron(self._layers([space.size, *self.widths, out]), (out,), context)

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code)`` to ``(B, *raw_shape)``."""
        sizes = [code, *reversed(self.widths), prod(raw_shape)]
        network = Perceptron(self._layers(sizes), raw_shape, context)
        network.mirrors = mirrors(space, raw_shape)
        return network

    def tie(self, encoder: nn.Module, decoder: nn.Module) -> None:
        """Put the transposes of the encoder's weights into the decoder, if they are tied."""
        if not self.tied:
            return
        assert isinstance(encoder, Perceptron)
        assert isinstance(decoder, Perceptron)
        if not decoder.mirrors:
            raise CompositionError(
                f"{self!r} was given with a likelihood that takes several numbers for each of x, "
                f"{decoder.shape} in all: the encoder's weights have none for them. Use a "
                "likelihood of one number, such as Normal(), or tied=False."
            )
        tie(encoder.layers, decoder.layers, whose=repr(self))

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
            self.context = conditioner(context, _outputs(layers[0]))
        self.shape = tuple(shape)
        self.compares_rows = compares_rows(layers)
        self.mirrors = True

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
        return h if len(self.shape) == 1 else h.reshape(h.shape[0], *self.shape)

    def columns(self) -> Tensor | None:
        """Return what each of its inputs is multiplied by, ``(inputs, *)``, if it has one layer."""
        only, *others = self.layers
        if others:
            return None
        assert isinstance(only, nn.Linear | Transposed)
        return only.weight.T

    def blocks(self) -> list["Perceptron"]:
        """Return each linear layer, with what follows it, as a network of its own.

        One after the other they make this one, whose layers they share.
        """
        parts: list[list[nn.Module]] = []
        for layer in self.layers:
            if isinstance(layer, nn.Linear | Transposed):
                parts.append([])
            parts[-1].append(layer)
        widths = [_outputs(first) for first, *_ in parts[:-1]]
        shapes = [*((width,) for width in widths), self.shape]
        return [Perceptron(nn.Sequential(*p), s) for p, s in zip(parts, shapes, strict=True)]


def _outputs(layer: nn.Module) -> int:
    assert isinstance(layer, nn.Linear | Transposed)
    return layer.bias.numel()


def _widths(widths: Any, depth: int) -> list[int]:
    """Return the width of each layer."""
    example = "Dense((64, 32)), or Dense(64, depth=2)"
    if isinstance(widths, tuple | list):
        return wholes("widths", "width", widths, example=example)
    return [whole("widths", widths, 1, example=example)] * depth
