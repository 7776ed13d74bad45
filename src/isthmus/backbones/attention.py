"""Attention, with the blocks that Transformers are made of."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

SHORT = 48
"""Up to how many tokens the plain products are faster on a CPU than the fused kernel."""

Turn = tuple[Tensor, Tensor]
"""The cosines and the sines of the angles that rotary positions turn by, ``(T, D / 2)`` each."""


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return ``softmax(q k' / sqrt(D)) v``, differentiable as often as one likes.

    Vaswani et al., 2017, arXiv:1706.03762.

    Parameters
    ----------
    q, k, v
        ``(B, H, T, D)``.
    mask
        True where a token may be looked at: ``(B, 1, 1, T)``; None: everywhere.

    Examples
    --------
    >>> q = k = v = torch.ones(1, 2, 3, 4)
    >>> attention(q, k, v).shape
    torch.Size([1, 2, 3, 4])
    """
    if q.device.type == "cpu" and q.shape[2] <= SHORT:
        return _plain(q, k, v, mask)
    if not torch.is_grad_enabled() or torch.compiler.is_compiling():
        return scaled_dot_product_attention(q, k, v, attn_mask=mask)
    # Inside torch.func, which takes derivatives by rules that the kernel has not.
    if torch._C._are_functorch_transforms_active():  # pyright: ignore[reportPrivateUsage]
        return _plain(q, k, v, mask)
    return _Fused.apply(q, k, v, mask)  # pyright: ignore[reportReturnType]


def _plain(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Return the attention by its formula, whose every derivative torch knows."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)  # (B, H, T, T)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1) @ v


class _Fused(torch.autograd.Function):
    """torch's fused attention, which has no second derivative, with one.

    Backward goes through the fused kernel as well, unless its result is to be differentiated
    in its turn, as it is by a penalty on the Jacobian: then it goes by the formula.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        *given, mask = inputs
        ctx.save_for_backward(*inputs)
        ctx.inner = [each.detach().requires_grad_() for each in given]
        with torch.enable_grad():
            ctx.out = scaled_dot_product_attention(*ctx.inner, attn_mask=mask)
        return ctx.out.detach()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        again = torch.is_grad_enabled()
        inner, out = ctx.inner, ctx.out
        if again:
            *given, mask = ctx.saved_tensors
            q, k, v = inner = [each.view_as(each) for each in given]
            out = _plain(q, k, v, mask)
        found = torch.autograd.grad(out, inner, grads, retain_graph=True, create_graph=again)
        return (*found, None)


class Block(nn.Module):
    """One pre-norm block: ``h <- h + attend(norm(h))``, then ``h <- h + mlp(norm(h))``.

    With normalisation before each branch, not after, deep stacks train without a warm-up
    (Xiong et al., 2020, arXiv:2002.04745).

    Parameters
    ----------
    width, heads
        How many numbers a token has, and how many parts they attend in.
    dropout
        The share of what each branch adds that is lost at a training step.
    depth
        How many blocks are stacked: all their branches together begin by adding as much as
        one would alone.

    Examples
    --------
    >>> Block(8, heads=2)(torch.zeros(5, 3, 8)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0, depth: int = 1) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        # A bias of the keys would change nothing: softmax doesn't see it.
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.mixed = nn.Linear(width, width)
        self.wide, self.last = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self._begin(depth)

    def forward(self, h: Tensor, mask: Tensor | None = None, turn: Turn | None = None) -> Tensor:
        """Return ``(B, T, width)`` from the same."""
        h = h + self.dropout(self._attended(self.norm_attention(h), mask, turn))
        return h + self.dropout(self.last(gelu(self.wide(self.norm_mlp(h)))))

    @torch.no_grad()
    def _begin(self, depth: int) -> None:
        # At torch's own start, a third of this variance, a token hardly hears the others.
        for each in self.modules():
            if isinstance(each, nn.Linear):
                nn.init.xavier_uniform_(each.weight)
        for name, each in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(each)
        for branch in (self.mixed, self.last):
            branch.weight.mul_((2 * depth) ** -0.5)

    def _attended(self, h: Tensor, mask: Tensor | None, turn: Turn | None) -> Tensor:
        # (B, T, 3 H D) -> 3 of (B, H, T, D)
        q, k, v = self.qkv(h).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if turn is not None:
            q, k = turned(q, turn), turned(k, turn)
        return self.mixed(attention(q, k, v, mask).transpose(1, 2).flatten(2))


def turned(x: Tensor, turn: Turn) -> Tensor:
    """Turn each pair of numbers by its angle: ``(..., T, D)``.

    Between a query and a key so turned only the difference of their places matters (Su et al.,
    2021, arXiv:2104.09864).
    """
    cos, sin = (each.to(x.dtype) for each in turn)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def turn_of(counts: Sequence[int], before: int, dim: int, device: torch.device) -> Turn:
    """Return the turns of tokens on a grid, the channels shared out among its axes.

    Parameters
    ----------
    counts
        How many tokens there are along each axis.
    before
        How many tokens without a place come first: they are not turned.
    dim
        How many numbers a head has: twice as many as there are angles.
    """
    # On a picture's short axes slow turns would be none (Heo et al., 2024, arXiv:2403.13298).
    base = 10_000.0 if len(counts) == 1 else 100.0
    each = dim // 2 // len(counts)
    speeds = base ** (-torch.arange(each, device=device) / each)
    axes = [torch.arange(count, device=device, dtype=speeds.dtype) for count in counts]
    places = torch.cartesian_prod(*axes).reshape(-1, len(counts))  # (T, axes)
    angles = (places[..., None] * speeds).flatten(1)
    angles = torch.cat([angles.new_zeros(before, angles.shape[1]), angles])
    return angles.cos(), angles.sin()
