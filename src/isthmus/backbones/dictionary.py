"""The dictionary: one linear map to a wide code, and one back that reads few of its rows."""

from math import prod
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Size, Tensor, nn
from torch.autograd import Function
from torch.nn.functional import embedding_bag, linear

from isthmus.backbones.arguments import flag
from isthmus.backbones.base import Backbone
from isthmus.backbones.layers import conditioner
from isthmus.errors import CompositionError
from isthmus.space import Space

SCARCE = 64
"""At most one number in so many differs from zero where a gradient is worth treating as sparse."""


@runtime_checkable
class Gathers(Protocol):
    """A decoder that reads of its weights only what a sparse code asks for."""

    def gather(self, values: Tensor, indices: Tensor, context: Tensor | None = None) -> Tensor:
        """Return what the decoder makes of the code with ``values`` at ``indices``."""
        ...


class Dictionary(Backbone):
    """One linear map to the code and one back: x is a sum of few rows of a dictionary.

    ``f(x) = W x + c`` and ``x_hat = z V + b``; x is flattened. The rows of V begin with unit
    norm, and W as V itself, so that each code begins by looking for what it writes. Where the
    code is sparse the decoder gathers the rows that it needs, in forward and backward, and
    the dense product with V is never made.

    Gao et al. (2024, arXiv:2406.04093) write ``W (x - b) + c``: the same function, with
    another c, which here needs nothing of the decoder's.

    Parameters
    ----------
    tied
        Whether V is W, stored once (Makhzani and Frey, 2014, arXiv:1312.5663).

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Vector
    >>> decoder = Dictionary().decoder(1000, torch.Size([5]), Vector(5))
    >>> values, indices = torch.tensor([[2.0, 0.5]]), torch.tensor([[17, 901]])
    >>> z = torch.zeros(1, 1000).scatter(1, indices, values)
    >>> torch.allclose(decoder.gather(values, indices), decoder(z))
    True
    """

    def __init__(self, tied: bool = False) -> None:
        super().__init__()
        self.tied = flag("tied", tied)

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make the map from ``(B, *E)`` and ``(B, context)`` to ``(B, out)``."""
        return Analysis(space.size, out, context)

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make the map from ``(B, code)`` and ``(B, context)`` to ``(B, *raw_shape)``."""
        return Synthesis(code, raw_shape, context)

    def tie(self, encoder: nn.Module, decoder: nn.Module) -> None:
        """Begin both maps with the same weights, and keep them the same where they are tied."""
        assert isinstance(encoder, Analysis)
        assert isinstance(decoder, Synthesis)
        (said, seen), (codes, written) = encoder.weight.shape, decoder.weight.shape
        # What the encoder sees beside x, such as which cells are known, comes last.
        if alike := said == codes and seen >= written:
            with torch.no_grad():
                encoder.weight[:, :written] = decoder.weight
        if self.tied:
            if not alike:
                raise CompositionError(
                    f"{self!r} was given where the encoder makes {said} numbers of {seen} and the "
                    f"decoder {written} of {codes}: they can't share weights. Use Dictionary(), or "
                    "a latent of one number a code, such as TopK(1024, k=32)."
                )
            decoder.tie(encoder)


class Analysis(nn.Module):
    """``f(x) = W x + c``, whose gradient is made of the codes that have one."""

    def __init__(self, inputs: int, codes: int, context: int = 0) -> None:
        super().__init__()
        # As torch's own linear layer begins; the columns that are tied to the decoder's differ.
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(codes, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(codes))
        self.context = conditioner(context, codes) if context else None

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, codes)`` from ``(B, *)`` and ``(B, C)``."""
        h = x.flatten(1)
        # Waiting to be told how many numbers are zero would stop a GPU, whose product is quick;
        # and where gradients of x are wanted, so may be theirs.
        if self.training and h.device.type == "cpu" and not h.requires_grad:
            said: Any = Product.apply(h, self.weight, self.bias)  # pyright: ignore[reportUnknownMemberType]
        else:
            said = linear(h, self.weight, self.bias)
        return said if self.context is None or context is None else said + self.context(context)


class Synthesis(nn.Module):
    """``x_hat = z V + b``, by the dense product or from the rows of V that are needed."""

    def __init__(self, codes: int, shape: Size, context: int = 0) -> None:
        super().__init__()
        self.shape = tuple(shape)
        rows = nn.functional.normalize(torch.randn(codes, prod(shape)), dim=1)
        self.own: nn.Parameter | None = nn.Parameter(rows)
        self.bias = nn.Parameter(torch.zeros(prod(shape)))
        self.context = conditioner(context, prod(shape)) if context else None
        # Inside a tuple, where modules aren't looked for: the weights belong to the encoder.
        self.encoder: tuple[Analysis, ...] = ()

    @property
    def weight(self) -> Tensor:
        """``V``, ``(codes, features)``."""
        if self.own is not None:
            return self.own
        return self.encoder[0].weight[:, : len(self.bias)]

    def tie(self, encoder: Analysis) -> None:
        """Read the encoder's weights from now on."""
        self.own, self.encoder = None, (encoder,)

    def columns(self) -> Tensor:
        """Return what each code writes, ``(codes, features)``."""
        return self.weight

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *shape)`` from ``(B, codes)`` and ``(B, C)``."""
        return self._finished(z.flatten(1) @ self.weight, context)

    def gather(self, values: Tensor, indices: Tensor, context: Tensor | None = None) -> Tensor:
        """Return the same from the code's ``(B, k)`` values and where they are."""
        return self._finished(
            embedding_bag(indices, self.weight, per_sample_weights=values, mode="sum"), context
        )

    def _finished(self, x: Tensor, context: Tensor | None) -> Tensor:
        x = x + self.bias
        if self.context is not None and context is not None:
            x = x + self.context(context)
        return x.reshape(x.shape[0], *self.shape)


class Product(Function):
    """``x W^T + c``, with the gradient of W summed over the gradient's few numbers alone.

    Where they aren't few, it is the dense product; in every case it is exact.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return ``(B, codes)``."""
        ctx.save_for_backward(x, weight)
        return linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradients of W and c."""
        x, weight = ctx.saved_tensors
        grad = grad.to(x.dtype)
        few = int(grad.count_nonzero()) * SCARCE < grad.numel()
        if torch.is_grad_enabled() or not few:
            return None, grad.T @ x, grad.sum(0)
        rows, codes = grad.nonzero(as_tuple=True)
        starts = torch.searchsorted(rows, torch.arange(len(x)))
        # Gathering rows of W has as its gradient just the sum that is wanted.
        with torch.enable_grad():
            leaf = weight.detach().requires_grad_()
            bags = embedding_bag(
                codes, leaf, starts, per_sample_weights=grad[rows, codes], mode="sum"
            )
        return None, torch.autograd.grad(bags, leaf, x)[0], grad.sum(0)
