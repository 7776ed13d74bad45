"""The recurrent backbones: cells that read a series step by step, and write one from a code."""

from abc import abstractmethod
from math import pi, prod
from typing import ClassVar

import torch
from torch import Size, Tensor, nn

from isthmus.backbones.arguments import flag
from isthmus.backbones.base import Backbone
from isthmus.backbones.layers import with_context
from isthmus.ranges import number, whole
from isthmus.space import Series, Space

TONES = 8
"""How many waves tell the decoder the time: the slowest is half a wave long in the series."""


class Recurrent(Backbone):
    """What `LSTM` and `GRU` share: all but the cell.

    The encoder's code is a linear map of the state at each series' own last step, so that
    nothing beyond it matters. The decoder is unrolled from the code, which is the initial state,
    by a linear map, and the input at every step (Srivastava et al., 2015, arXiv:1502.04681),
    beside the time: without it, a long series is hard to keep count of.
    """

    spaces = (Series,)
    states: ClassVar[int]

    def __init__(
        self, width: int = 64, depth: int = 1, bidirectional: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.width = whole("width", width, 1, example=f"{name}(64)")
        self.depth = whole("depth", depth, 1, 100, example=f"{name}(64, depth=2)")
        self.ways = 2 if flag("bidirectional", bidirectional) else 1
        self.dropout = number(
            "dropout", dropout, 0, 1, without=(1,), example=f"{name}(64, dropout=0.1)"
        )

    @abstractmethod
    def cell(self, inputs: int) -> nn.RNNBase:
        """Make one cell, run over all steps in one direction."""

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, C, T)`` to ``(B, out)``."""
        ragged = isinstance(space, Series) and space.ragged
        layers = self._layers(space.shape[0] + context)
        return Encoder(layers, nn.Linear(self.ways * self.width, out), ragged)

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a network from ``(B, code)`` to ``(B, *raw_shape)``."""
        *channels, _ = raw_shape
        layers = self._layers(code + context + 2 * TONES)
        states = self.states * self.depth * self.ways
        return Decoder(
            layers,
            nn.Linear(code + context, states * self.width),
            nn.Linear(self.ways * self.width, prod(channels)),
            raw_shape,
        )

    def _layers(self, inputs: int) -> "Layers":
        widths = [inputs, *[self.ways * self.width] * (self.depth - 1)]
        cells = [[self._begun(self.cell(each)) for _ in range(self.ways)] for each in widths]
        return Layers(cells, self.states, self.dropout)

    def _begun(self, cell: nn.RNNBase) -> nn.RNNBase:
        """Return the cell with weights that carry a state over many steps from the start."""
        for name, each in cell.named_parameters():
            if name.startswith("weight_hh"):
                for gate in each.data.split(self.width):
                    nn.init.orthogonal_(gate)
        return cell


class LSTM(Recurrent):
    """Long short-term memory, for series; they may end at different steps.

    ``c_t = f c_(t-1) + i tanh(W x_t + U h_(t-1) + b)``, ``h_t = o tanh(c_t)``, with gates f, i
    and o that are logistic in ``x_t`` and ``h_(t-1)`` (Hochreiter and Schmidhuber, 1997).

    Parameters
    ----------
    width
        How many numbers the state holds.
    depth
        How many layers, each reading the one below.
    bidirectional
        Read, and write, from the end to the beginning as well.
    dropout
        The share of the hidden numbers lost after each layer, at each training step.

    Examples
    --------
    >>> import torch
    >>> from isthmus import Series
    >>> LSTM(32).encoder(Series(3, 50), out=2)(torch.zeros(7, 3, 50)).shape
    torch.Size([7, 2])
    """

    states = 2

    def cell(self, inputs: int) -> nn.RNNBase:
        """Make one cell; at first it forgets little (Jozefowicz et al., 2015)."""
        cell = nn.LSTM(inputs, self.width)
        bias = dict(cell.named_parameters())["bias_ih_l0"]
        # torch keeps the gates in the order input, forget, cell, output.
        nn.init.ones_(bias.data[self.width : 2 * self.width])
        return cell


class GRU(Recurrent):
    """Gated recurrent units, for series: like `LSTM`, with a state and a gate less.

    ``h_t = u h_(t-1) + (1 - u) tanh(W x_t + r U h_(t-1) + b)``, with gates u and r that are
    logistic in ``x_t`` and ``h_(t-1)`` (Cho et al., 2014, arXiv:1406.1078).

    Parameters
    ----------
    width
        How many numbers the state holds.
    depth
        How many layers, each reading the one below.
    bidirectional
        Read, and write, from the end to the beginning as well.
    dropout
        The share of the hidden numbers lost after each layer, at each training step.

    Examples
    --------
    >>> import torch
    >>> from isthmus import Series
    >>> GRU(32).decoder(2, torch.Size([3, 50]), Series(3, 50))(torch.zeros(7, 2)).shape
    torch.Size([7, 3, 50])
    """

    states = 1

    def cell(self, inputs: int) -> nn.RNNBase:
        """Make one cell."""
        return nn.GRU(inputs, self.width)


class Layers(nn.Module):
    """Layers of cells, each of one or of two directions: ``(T, B, inputs)`` to ``(T, B, W)``."""

    def __init__(self, cells: list[list[nn.RNNBase]], states: int, dropout: float) -> None:
        super().__init__()
        self.cells = nn.ModuleList(nn.ModuleList(each) for each in cells)
        self.states = states
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, lengths: Tensor | None, start: Tensor | None = None) -> Tensor:
        """Return the states at every step; ``start``, ``(B, *)``, holds the initial ones."""
        many = len(self.cells) * len(self.cells[0])  # pyright: ignore[reportArgumentType]
        starts = iter(start.chunk(many, dim=1) if start is not None else [None] * many)
        for layer in self.cells:
            onward, *back = layer  # pyright: ignore[reportGeneralTypeIssues]
            h = [onward(x, self._state(next(starts)))[0]]
            for cell in back:
                states, _ = cell(turned(x, lengths), self._state(next(starts)))
                h.append(turned(states, lengths))
            x = self.dropout(torch.cat(h, dim=2) if back else h[0])
        return x

    def _state(self, numbers: Tensor | None) -> tuple[Tensor, ...] | Tensor | None:
        """Return numbers, ``(B, states W)``, as a cell takes its state."""
        if numbers is None:
            return None
        parts = [each.contiguous() for each in numbers[None].chunk(self.states, dim=2)]
        return tuple(parts) if len(parts) > 1 else parts[0]


class Encoder(nn.Module):
    """Cells that read a series, and a linear map of their state at its end."""

    def __init__(self, layers: Layers, last: nn.Linear, ragged: bool) -> None:
        super().__init__()
        self.layers = layers
        self.last = last
        self.ragged = ragged

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, out)`` from ``(B, C, T)`` and ``(B, context)``."""
        # Of a ragged series the last channel is 1 as long as it lasts; an empty one counts as 1.
        lengths = x[:, -1].sum(dim=1).long().clamp(min=1) if self.ragged else None
        h = self.layers(with_context(x, context).permute(2, 0, 1), lengths)  # (T, B, W)
        # Padded and then picked is faster than packed, up to five times on CPU; and a row's
        # result doesn't hang on the lengths of the rows beside it, not even in its last bit.
        rows = torch.arange(x.shape[0], device=x.device)
        ends = h[-1] if lengths is None else h[lengths - 1, rows]
        if len(self.layers.cells[0]) > 1:  # pyright: ignore[reportArgumentType]
            half = ends.shape[1] // 2
            ends = torch.cat([ends[:, :half], h[0, :, half:]], dim=1)
        return self.last(ends)


class Decoder(nn.Module):
    """Cells unrolled from a code, and a linear map of their state at every step."""

    def __init__(self, layers: Layers, first: nn.Linear, last: nn.Linear, shape: Size) -> None:
        super().__init__()
        self.layers = layers
        self.first = first
        self.last = last
        self.shape = tuple(shape)

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, *shape)`` from ``(B, code)`` and ``(B, context)``."""
        code = with_context(z, context)
        start = self.first(code).to(code.dtype)
        time = clock(self.shape[-1], code).expand(-1, code.shape[0], -1)
        steps = torch.cat([code.expand(len(time), *code.shape), time], dim=2)
        h = self.layers(steps, None, start)  # (T, B, W)
        return self.last(h).permute(1, 2, 0).reshape(z.shape[0], *self.shape)


def clock(steps: int, like: Tensor) -> Tensor:
    """Return the time at each step in waves: ``(T, 1, 2 TONES)``, as ``like`` is.

    Examples
    --------
    >>> clock(50, torch.zeros(())).shape
    torch.Size([50, 1, 16])
    """
    time = (torch.arange(steps, device=like.device, dtype=like.dtype) + 0.5) / steps
    tones = torch.arange(1, TONES + 1, device=like.device, dtype=like.dtype)
    angles = pi * time[:, None, None] * tones
    return torch.cat([angles.sin(), angles.cos()], dim=2)


def turned(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return ``(T, B, F)`` with each series from its end to its beginning, padding where it was.

    Examples
    --------
    >>> turned(torch.tensor([[[1]], [[2]], [[0]]]), torch.tensor([2])).flatten()
    tensor([2, 1, 0])
    """
    if lengths is None:
        return x.flip(0)
    step = torch.arange(len(x), device=x.device)[:, None]
    order = torch.where(step < lengths, lengths - 1 - step, step)  # (T, B)
    return x.gather(0, order[..., None].expand_as(x))
