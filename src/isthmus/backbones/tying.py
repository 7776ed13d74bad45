"""Tied weights: a decoder that reads the encoder's, stored once."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from isthmus.errors import CompositionError


class Transposed(nn.Module):
    """A linear map back by another's weights: ``y = W^T x + b``, with a bias of its own.

    The weights belong to the other layer alone, and are looked up there whenever they are
    needed: whatever is done to the two together (copied, moved, saved, loaded), they stay tied.

    Parameters
    ----------
    source
        The layer whose weights are read.
    outputs
        How many of its inputs are written, the first ones.

    Examples
    --------
    >>> forth = nn.Linear(5, 2)
    >>> back = Transposed(forth, outputs=5)
    >>> back(torch.ones(7, 2)).shape, list(back.state_dict())
    (torch.Size([7, 5]), ['bias'])
    """

    def __init__(self, source: nn.Linear, outputs: int) -> None:
        super().__init__()
        # Inside a tuple, where modules aren't looked for: the weights are stored with the other.
        self.source: tuple[nn.Linear] = (source,)
        bound = source.out_features**-0.5
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))

    @property
    def weight(self) -> Tensor:
        """``W^T``, as a linear layer has it: ``(outputs, inputs)``."""
        return self.source[0].weight[:, : len(self.bias)].T

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, outputs)`` from ``(B, inputs)``."""
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Print how wide it is."""
        return f"{self.source[0].out_features}, {len(self.bias)}"


def tie(encoder: nn.Sequential, decoder: nn.Sequential, whose: str) -> None:
    """Put into ``decoder`` the transposes of the linear layers of ``encoder``, mirrored.

    The decoder's last may write fewer numbers than the encoder's first reads: what is read
    beside x, such as which cells are known, has weights of the encoder's own.

    Parameters
    ----------
    encoder, decoder
        Layers, as many linear ones in each.
    whose
        What the two belong to, as it prints.

    Raises
    ------
    CompositionError
        If a layer doesn't write what its mirror image reads.
    """
    forth = [each for each in encoder if isinstance(each, nn.Linear)]
    back = [place for place, each in enumerate(decoder) if isinstance(each, nn.Linear)]
    made: list[Transposed] = []
    for place, source in zip(back, reversed(forth), strict=True):
        mirror = decoder[place]
        assert isinstance(mirror, nn.Linear)
        first = source is forth[0]
        written, read = mirror.out_features, source.in_features
        fits = written <= read if first else written == read
        if mirror.in_features != source.out_features or not fits:
            raise CompositionError(
                f"{whose} has tied weights, and a layer of its decoder goes from "
                f"{mirror.in_features} numbers to {written} where the encoder's goes from {read} "
                f"to {source.out_features}: it can't be the transpose. Tie codes that are points, "
                "such as Point(16), or leave tied=False."
            )
        made.append(Transposed(source, written))
    for place, each in zip(back, made, strict=True):
        decoder[place] = each
