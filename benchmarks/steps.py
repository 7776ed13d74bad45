"""The training step of each backbone: how long it takes, and what share of it is arithmetic.

Arithmetic is what torch's own kernels for products, convolutions, recurrent layers and attention
take, forwards and backwards. The rest is activations, normalisation, likelihood, prior, noise,
optimiser, copies, and Python between them. On one thread, where the two add up.
"""

from collections.abc import Callable
from itertools import cycle
from statistics import median
from time import perf_counter

import torch
from torch.profiler import ProfilerActivity, profile

import machine
import mnist
from isthmus import (
    KL,
    LSTM,
    NLL,
    Batch,
    Bernoulli,
    Codec,
    Conv,
    Dense,
    Gaussian,
    Image,
    Normal,
    Series,
    Transformer,
    Vector,
)
from isthmus.backbones import Backbone
from isthmus.compiled import Compiled
from isthmus.likelihoods import Likelihood
from isthmus.memory import kept
from isthmus.optimiser import Adam
from isthmus.space import Space
from isthmus.training import Measure, step
from results import table
from series import ucr

BATCHES = (32, 128)
CODE, SERIES = 16, "ECG5000"
STEPS = 8
KERNELS = {
    f"aten::{name}"
    for name in (
        "mm", "addmm", "bmm", "baddbmm", "mkldnn_convolution", "convolution_backward",
        "mkldnn_rnn_layer", "mkldnn_rnn_layer_backward",
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_flash_attention_for_cpu_backward",
    )
}  # fmt: skip


def measured(rounds: int) -> list[str]:
    """The lines of a table."""
    about = (
        f"VAE, codes of {CODE}: of binarised MNIST, Bernoulli, and of {SERIES}, 140 steps of one "
        "channel, Normal. Milliseconds a step, and the share of it that products, convolutions, "
        "recurrent layers and attention take, forwards and backwards; the profiler that says so "
        "has a share itself, so that it is at least this. Compiled: how many times as fast a step "
        f"of {BATCHES[-1]} rows is with `compile=True`, in turn with the plain one. Medians over "
        f"{rounds} turns of {STEPS} steps, on one thread."
    )
    header = [
        "backbone",
        *(f"batch {size}{what}" for size in BATCHES for what in (": ms", ", share")),
        "compiled",
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = [_row(*each, rounds) for each in _models()]
    lines = [about, "", *table(header, rows), "", f"Measured on: {machine.describe()}."]
    torch.set_num_threads(threads)
    return lines


def _models() -> list[tuple[Backbone, Space, Likelihood, torch.Tensor]]:
    digits = torch.from_numpy(mnist.binarised().train[:1_000])
    series = torch.from_numpy(ucr(SERIES, "TRAIN")[0]).float().mT  # (n, 1, 140)
    row, picture = Vector(784, support="binary"), Image(1, 28, 28, support="binary")
    steps = Series(*series.shape[1:])
    return [
        (Dense((400,)), row, Bernoulli(), digits),
        (Conv((32, 64)), picture, Bernoulli(), digits.reshape(-1, 1, 28, 28)),
        (LSTM(64), steps, Normal(), series),
        (Transformer(64), steps, Normal(), series),
    ]


def _row(
    backbone: Backbone, space: Space, likelihood: Likelihood, x: torch.Tensor, rounds: int
) -> list[str]:
    cells = [f"`{backbone}`"]
    for size in BATCHES:
        torch.manual_seed(0)
        codec = Codec(space, Gaussian(CODE), likelihood, backbone)
        batches = [Batch(each) for each in x.split(size) if len(each) == size]
        take = _step(codec, batches)
        with kept():
            turns = [(_milliseconds(take), _share(take)) for _ in range(rounds + 1)]
        milliseconds, share = map(median, zip(*turns[1:], strict=True))
        cells += [f"{milliseconds:.1f}", f"{share:.2f}"]
        if size == BATCHES[-1]:
            cells.append(f"{_compiled(codec, batches, rounds):.2f}")
    print(*cells, flush=True)
    return cells


def _compiled(codec: Codec, batches: list[Batch], rounds: int) -> float:
    plain = _step(codec, batches)
    compiled = _step(codec, batches, measure=Compiled(len(batches[0]), torch.device("cpu")))
    with kept():
        turns = [_milliseconds(plain) / _milliseconds(compiled) for _ in range(rounds + 1)]
    return median(turns[1:])


def _step(codec: Codec, batches: list[Batch], **how: Measure) -> Callable[[], object]:
    objective = (NLL() + 1.0 * KL()).on(codec)
    optimiser, rows = Adam(codec.parameters()), cycle(batches)
    codec.train()
    return lambda: step(codec, objective, optimiser, next(rows), **how)


def _milliseconds(take: Callable[[], object]) -> float:
    start = perf_counter()
    for _ in range(STEPS):
        take()
    return 1e3 * (perf_counter() - start) / STEPS


def _share(take: Callable[[], object]) -> float:
    with profile(activities=[ProfilerActivity.CPU]) as found:
        whole = STEPS * _milliseconds(take)
    kernels = (each.self_cpu_time_total for each in found.key_averages() if each.key in KERNELS)
    return sum(kernels) / 1e3 / whole
