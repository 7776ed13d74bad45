"""Layers: what the networks of several backbones share."""

import torch
from torch import Tensor, nn

from isthmus.errors import CompositionError

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


def compares_rows(network: nn.Module) -> bool:
    """Return whether a network normalises over the rows of a batch."""
    return any(isinstance(each, nn.BatchNorm1d | nn.BatchNorm2d) for each in network.modules())


def refuse_one_row(x: Tensor, instead: str) -> None:
    """Raise `CompositionError` where there are no rows to normalise over."""
    if len(x) < 2:
        raise CompositionError(
            f"batch normalisation needs at least 2 rows in a batch; got {len(x)}: use "
            f"batch_size >= 2, or normalisation={instead!r}."
        )


def with_context(h: Tensor, context: Tensor | None) -> Tensor:
    """Return ``(B, D + C, *)``: to ``(B, D, *)`` join ``(B, C)``, the same at every place.

    The context is made as large as all of ``h``: one number in it has as much to say as the
    whole code, which a network would else learn for hundreds of steps.
    """
    if context is None:
        return h
    loud = context * h.shape[1] ** 0.5
    beside = loud.reshape(*context.shape, *(1 for _ in h.shape[2:]))
    return torch.cat([h, beside.expand(*context.shape, *h.shape[2:])], dim=1)


def conditioner(context: int, width: int) -> nn.Linear:
    """Return the map of a context to ``width`` numbers, which are added to a layer's.

    It starts as an embedding does, as large as what it is added to: from where torch starts a
    linear map, a network learns for hundreds of steps before it hears its condition.
    """
    made = nn.Linear(context, width, bias=False)
    nn.init.normal_(made.weight)
    return made
