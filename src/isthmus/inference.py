"""Inference: a fitted codec over many rows, a chunk at a time.

Every chunk has the same shape, the last one padded: a matrix product rounds differently
in another shape, and a row's result must not depend on the rows beside it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import log, prod

import torch
from torch import Tensor, logsumexp

from isthmus.adapters import Adapter, Rows
from isthmus.codec import Codec
from isthmus.objectives import Objective
from isthmus.objectives.bound import log_weights
from isthmus.space import Batch

CHUNK = 256
MEASURED = 2_000
"""From how many rows the spread of the codes is measured."""
NUMBERS = 2**22
"""At most how many numbers of x are worked on at once."""
WIDTH = 512
"""How wide a layer may well be, where x is narrower."""

Volume = Callable[[Tensor], Tensor]
"""From x to the log-volume of each cell."""


@torch.no_grad()
def over(
    codec: Codec,
    adapter: Adapter,
    rows: Rows,
    function: Callable[[Batch], Tensor],
    context: Tensor | None = None,
) -> Tensor:
    """Return ``function`` over all ``rows``, ``(n, …)``, on the CPU; ``context`` is theirs."""
    codec.eval()
    device = next(codec.parameters()).device
    size = chunk_size(codec.breadth)

    def results() -> Iterator[Tensor]:
        for first in range(0, len(rows), size):
            batch = adapter.batch(rows[first : first + size])
            if context is not None:
                batch = replace(batch, context=context[first : first + size])
            yield function(_padded(batch, size).to(device))[: len(batch)]

    return _gathered(results(), len(rows))


def codes(codec: Codec, batch: Batch) -> Tensor:
    """Return the mean of ``q(z | x)``: ``(B, d, *G)``."""
    return codec.encode(batch.x, batch.context, batch.observed).mean


def reconstructions(codec: Codec, batch: Batch) -> Tensor:
    """Return the point that stands for ``p(x | z)`` at the mean code: ``(B, *E)``."""
    return codec.likelihood.point(codec.decode(codes(codec, batch), batch.context))


def scores(codec: Codec, objective: Objective, batch: Batch) -> Tensor:
    """Return the negative objective of each row, at the mean code: ``(B,)`` nats."""
    # Where no term has a value for each row, all have the same: zero.
    return -objective(codec, codec(batch, input=batch.x, draw=False)).rows.expand(len(batch))


@torch.no_grad()
def decoded(codec: Codec, z: Tensor, noise: bool = False, context: Tensor | None = None) -> Tensor:
    """Return x for codes ``(n, D)``, flat: the point that stands for each, or a draw; on the CPU.

    A code that the encoder could not have made gives way to the nearest that it could.
    """
    codec.eval()
    device = next(codec.parameters()).device

    def results() -> Iterator[Tensor]:
        size = chunk_size(codec.breadth)
        for first in range(0, len(z), size):
            part = Batch(z, context=context)[first : first + size]
            whole = _padded(part, size).to(device)
            code = codec.latent.project(whole.x.reshape(size, *codec.code_shape))
            p = codec.decode(code, whole.context)
            x = p.sample().float() if noise else codec.likelihood.point(p)
            yield x[: len(part)]

    return _gathered(results(), len(z))


def log_likelihoods(codec: Codec, batch: Batch, samples: int, volume: Volume) -> Tensor:
    """Return the importance-weighted estimate of ``log p(x)``, ``(B,)`` nats.

    ``log (1/k) sum_i p(x | z_i) p(z_i) / q(z_i | x)``; ``volume`` gives the adapter's
    log-volume at x, which brings it to the user's units.
    """
    block = max(1, NUMBERS // (len(batch) * max(codec.breadth, WIDTH)))
    trace = codec(batch, input=batch.x)
    weights = log_weights(codec, trace, samples, block)
    return logsumexp(weights.double(), dim=0) - log(samples) + volumes(batch, volume)


def volumes(batch: Batch, volume: Volume) -> Tensor:
    """Return the log-volume of each row's known cells, ``(B,)``."""
    cells = volume(batch.x.cpu()).to(batch.x.device).expand(batch.x.shape)
    if batch.observed is not None:
        cells = cells.where(batch.observed, 0.0)
    return cells.flatten(1).sum(1)


@torch.no_grad()
def spread(codec: Codec, data: Batch, coded: Callable[[Codec, Batch], Tensor] = codes) -> Tensor:
    """Return how far the codes of ``data`` spread, ``(d,)``; very many rows are told by some."""
    places = torch.linspace(0, len(data) - 1, min(len(data), MEASURED)).long()
    device = next(codec.parameters()).device
    codec.eval()
    mean, squares, rows = torch.zeros(()), torch.zeros(()), 0
    # A wide code of all of them would take gigabytes: some at a time, each beside those before
    # (Chan, Golub and LeVeque, 1983).
    for some in places.split(chunk_size(max(codec.breadth, prod(codec.code_shape)))):
        z = coded(codec, data[some].to(device)).flatten(1).cpu().double()
        change, all_rows = z.mean(0) - mean, rows + len(z)
        squares = squares + z.var(0, correction=0) * len(z)
        squares = squares + change.square() * (rows * len(z) / all_rows)
        mean, rows = mean + change * (len(z) / all_rows), all_rows
    return (squares / rows).sqrt().float()


def chunk_size(numbers: int) -> int:
    """Return how many rows of so many numbers each make a chunk."""
    return max(8, min(CHUNK, NUMBERS // numbers))


def _gathered(parts: Iterator[Tensor], rows: int) -> Tensor:
    """Return the parts one under the other."""
    # Written into one tensor as they come: thousands of small ones would riddle the heap.
    whole, first = torch.empty(0), 0
    for part in parts:
        if not first:
            whole = torch.empty(rows, *part.shape[1:], dtype=part.dtype)
        whole[first : first + len(part)] = part
        first += len(part)
    return whole


def _padded(batch: Batch, size: int) -> Batch:
    """Return the batch with its last row repeated up to ``size`` rows."""
    rows = torch.arange(size).clamp(max=len(batch) - 1)
    return batch if len(batch) == size else batch[rows]
