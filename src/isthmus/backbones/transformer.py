"""The Transformer backbone: tokens that look at one another."""

from math import prod
from typing import ClassVar

import torch
from torch import Size, Tensor, nn

from isthmus.backbones.arguments import chosen
from isthmus.backbones.attention import Block, turn_of
from isthmus.backbones.base import Backbone
from isthmus.backbones.layers import with_context
from isthmus.backbones.patches import Patches
from isthmus.errors import CompositionError
from isthmus.ranges import number, whole
from isthmus.space import Image, Series, Space

POSITIONS = {"learned": False, "rotary": True}
DEEPEST = 1000
EXAMPLE = "Transformer(64, depth=2, heads=4)"
AXES = 2
"""Rotary positions turn pairs of channels, shared out among at most so many axes."""
FAINT, CLEAR = 0.1, 0.5
"""The standard deviations that learned tokens start with: beside what x says, and alone."""
HEARD = 0.25
"""How loud the decoder of a text says at first which token it reads in the code."""


class Transformer(Backbone):
    """Tokens that look at one another, for pictures, series and texts.

    A picture is cut into patches, a series into steps, and each becomes a token. Blocks of
    attention and of a two-layer perceptron, normalised beforehand, join them (Vaswani et al.,
    2017, arXiv:1706.03762; on pictures Dosovitskiy et al., 2021, arXiv:2010.11929). The
    encoder's code is one linear map of all tokens and of a learned one that sums them up. The
    decoder adds another of the code to a learned query for each place, and each becomes its
    patch, all at once. Steps beyond the end of a ragged series are looked at by none.

    Parameters
    ----------
    width
        How many numbers a token has.
    depth
        Blocks in each of the two networks.
    heads
        How many parts of the width attend by themselves.
    patch
        The side of a patch, or the steps to a token; None: as large as makes 64 patches of a
        picture or fewer, and a token for each step of a series. Sizes that it doesn't divide
        are padded, and come back exact.
    positions
        ``"learned"``: a vector for each place is added; ``"rotary"``: queries and keys are
        turned by their places, so that attention sees distances (Su et al., 2021,
        arXiv:2104.09864), along rows and columns in a picture.
    dropout
        The share of what each branch of a block adds that is lost at each training step.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Image
    >>> encoder = Transformer(32, depth=1).encoder(Image(3, 17, 20), out=2)
    >>> encoder(torch.zeros(7, 3, 17, 20)).shape
    torch.Size([7, 2])
    """

    spaces: ClassVar[tuple[type[Space], ...]] = (Image, Series)

    def __init__(
        self,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        patch: int | None = None,
        positions: str = "learned",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.width = whole("width", width, 1, example=EXAMPLE)
        self.depth = whole("depth", depth, 1, DEEPEST, example=EXAMPLE)
        self.heads = whole("heads", heads, 1, example=EXAMPLE)
        self.patch = (
            None if patch is None else whole("patch", patch, 1, example="Transformer(patch=4)")
        )
        self.rotary = chosen(positions, POSITIONS, "positions")
        self.dropout = number(
            "dropout", dropout, 0, 1, without=(1,), example="Transformer(dropout=0.1)"
        )
        self._check_shares()

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, *E)`` to ``(B, out)``."""
        return Encoder(Patches.of(space, self.patch), self._blocks(), space, out, context)

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code)`` to ``(B, *raw_shape)``."""
        return Decoder(Patches.of(space, self.patch), self._blocks(), code + context, raw_shape)

    def begin(self, embedding: Tensor | None, encoder: nn.Module, decoder: nn.Module) -> None:
        """Have the decoder of a text begin as the mirror image of the encoder."""
        assert isinstance(encoder, Encoder)
        assert isinstance(decoder, Decoder)
        if embedding is not None and len(decoder.head.weight) == len(embedding):
            decoder.mirror(encoder, embedding)

    def _blocks(self) -> "Blocks":
        return Blocks(self.width, self.depth, self.heads, self.rotary, self.dropout)

    def _check_shares(self) -> None:
        share = self.heads * (2 * AXES if self.rotary else 1)
        if self.width % share:
            turned = f", each of a multiple of {2 * AXES} numbers to turn" if self.rotary else ""
            raise CompositionError(
                f"width={self.width} was given with heads={self.heads}; expected a width that "
                f"makes {self.heads} equal heads{turned}. Use a multiple of {share}, such as "
                f"width={share * -(-self.width // share)}."
            )


class Blocks(nn.Module):
    """A stack of blocks over tokens that lie on a grid, normalised at its end."""

    def __init__(self, width: int, depth: int, heads: int, rotary: bool, dropout: float) -> None:
        super().__init__()
        self.width, self.head, self.rotary = width, width // heads, rotary
        self.blocks = nn.ModuleList(Block(width, heads, dropout, depth) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(
        self, first: list[Tensor], h: Tensor, counts: tuple[int, ...], mask: Tensor | None = None
    ) -> Tensor:
        """Return ``(B, F + T, width)``: tokens of no place, ``F`` of ``(B, width)``, go first."""
        h = torch.cat([*(each[:, None] for each in first), h], dim=1)
        if mask is not None:
            there = mask.new_ones(mask.shape[0], len(first))
            mask = torch.cat([there, mask], dim=1)[:, None, None]  # (B, 1, 1, F + T)
        turn = turn_of(counts, len(first), self.head, h.device) if self.rotary else None
        for block in self.blocks:
            h = block(h, mask, turn)
        return self.norm(h)


class Encoder(nn.Module):
    """Patches to tokens, and tokens to a code."""

    def __init__(
        self, patches: Patches, blocks: Blocks, space: Space, out: int, context: int
    ) -> None:
        super().__init__()
        width = blocks.width
        self.patches, self.blocks = patches, blocks
        self.ragged = isinstance(space, Series) and space.ragged
        self.embed = nn.Linear(space.shape[0] * patches.size, width)
        self.positions = None if blocks.rotary else tokens(FAINT, len(patches), width)
        self.summary = tokens(FAINT, width)
        self.context = nn.Linear(context, width) if context else None
        # From the summary alone, the usual choice, codes learn several times slower.
        self.head = nn.Linear((1 + len(patches)) * width, out)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, out)`` from ``(B, C, *S)`` and ``(B, context)``."""
        mask = None
        if self.ragged:
            there = x[:, -1:] > 0  # (B, 1, T)
            x, mask = x * there, self.patches.cut(there).any(dim=2)
        h = self.embed(self.patches.cut(x))  # (B, T, width)
        h = h if self.positions is None else h + self.positions
        first = [self.summary.expand(x.shape[0], -1)]
        if self.context is not None and context is not None:
            first.insert(0, self.context(context))
        return self.head(self._read(self.blocks(first, h, self.patches.counts, mask), mask))

    def _read(self, h: Tensor, mask: Tensor | None) -> Tensor:
        """Return the summary and all tokens that are there, in one row."""
        h = h[:, -1 - len(self.patches) :]
        if mask is not None:
            h = torch.cat([h[:, :1], h[:, 1:] * mask[:, :, None]], dim=1)
        return h.flatten(1)


class Decoder(nn.Module):
    """The code to a query for each place, and each to its patch."""

    def __init__(self, patches: Patches, blocks: Blocks, code: int, raw_shape: Size) -> None:
        super().__init__()
        self.patches, self.blocks, self.shape = patches, blocks, tuple(raw_shape)
        # What the code means differs from place to place: were it said to all alike, it would
        # be long before any of it were heard.
        self.code = nn.Linear(code, len(patches) * blocks.width)
        self.queries = tokens(CLEAR, len(patches), blocks.width)
        channels = prod(raw_shape) // prod(patches.sizes)
        self.head = nn.Linear(blocks.width, channels * patches.size)
        _quieten(self.head)

    def forward(self, code: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *raw_shape)`` from ``(B, code)`` and ``(B, context)``."""
        said = self.code(with_context(code, context)).unflatten(1, self.queries.shape)
        h = self.blocks([], said + self.queries, self.patches.counts)
        return self.patches.join(self.head(h)).reshape(code.shape[0], *self.shape)

    @torch.no_grad()
    def mirror(self, encoder: Encoder, embedding: Tensor) -> None:
        """Begin with the transposes of the encoder's random maps, from tokens to code.

        What a random map keeps its transpose gives back, but for a noise of ``sqrt(n / d)``, for
        n numbers in a code of d: so at the first step many a token can be told from the others,
        whichever it is and wherever it stands. To learn that from few texts takes long, and what
        is learned instead are those texts.
        """
        given = encoder.context.in_features if encoder.context is not None else 0
        d, width = self.code.in_features - given, self.queries.shape[1]
        said = encoder.head.weight[:d, width:]  # (d, T width): what all tokens but the summary say
        if len(said) == d:
            self.code.weight[:, :d] = said.T / (d * said.square().mean())
        read = encoder.embed.weight[:, : embedding.shape[1]]  # (width, EMBEDDED)
        self.head.weight.copy_(HEARD * embedding @ read.T)


def tokens(spread: float, *shape: int) -> nn.Parameter:
    """Return learned tokens."""
    return nn.Parameter(spread * torch.randn(shape))


@torch.no_grad()
def _quieten(head: nn.Linear) -> None:
    """Have the decoder begin near zero: else it first unlearns what it says at random."""
    head.weight.mul_(FAINT)
    nn.init.zeros_(head.bias)
