"""Test likelihood by draws a bound, on MNIST that is binarised anew at every step.

    L_k = E log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x),   L_1 <= L_5 <= L_50 <= log p(x)

Trains the same network, 784-200-200-50 and back, on L_1, L_5 and L_50 (Burda et al., 2016), for
as many steps each, through the bare-torch door: the pixels are drawn again from the grey levels
for every batch, which a fixed array can't be.

python benchmarks/importance.py [--draws 1 5 50] [--epochs 8] [--rate 4e-3] [--seed 0]
"""

import argparse
import time
from collections.abc import Iterator
from math import cos, pi
from typing import NamedTuple

import torch
from torch import Tensor, nn

import machine
import mnist
from isthmus import VAE, Batch, Codec, Dense, Vector
from isthmus.inference import log_likelihoods
from isthmus.optimiser import Adam
from isthmus.training import step
from results import record_row, table

SECTION = "Importance-weighted bound: draws, on MNIST"
HEADER = (
    "k",
    "test NLL, nats",
    "-L_1",
    "-L_5",
    "-L_50",
    "published, short",
    "published, full",
    "epochs",
    "steps",
    "training",
)
PUBLISHED = {1: ("90.26", "86.76"), 5: ("88.49", "85.54"), 50: ("87.34", "84.78")}
BATCH, SAMPLES = 100, 500
NOTE = """One stochastic layer: 784-200-200-50, tanh, Bernoulli; 60,000 training images, their
pixels drawn anew at every step from the grey levels; batch {batch}; Adam from {rate:g}, falling to
zero along half a cosine (of 2e-3 and 4e-3, the better after 3 epochs at k = 1, on training images
kept aside); weights begin as Glorot's and the decoder's bias at the mean image, as in the paper; as
many epochs for each k, seed {seed}. Test images are drawn once (seed {binarised}); every figure is
over every second one of them, 5,000. Test NLL: {samples:,} importance samples; -L_1, -L_5 and
-L_50: the bounds of 1, 5 and 50 draws on the same weights. Published, short: 400,000 steps at batch
100; this schedule takes {steps:,}, {times:.0f} times fewer. Published, full: 3,280 epochs at batch
20, 5,000 samples. Training: processor time, on one thread."""


class Plan(NamedTuple):
    draws: int
    epochs: int
    rate: float
    seed: int


def binarised_batches(grey: Tensor) -> Iterator[Batch]:
    """One epoch: every image once, its pixels drawn from its grey levels."""
    for rows in torch.randperm(len(grey)).split(BATCH):
        yield Batch(torch.bernoulli(grey[rows]))


@torch.no_grad()
def begin(codec: Codec, grey: Tensor) -> None:
    """Glorot's weights, and the mean image as the decoder's bias, as in the paper."""
    layers = [each for each in codec.modules() if isinstance(each, nn.Linear)]
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    layers[-1].bias.copy_(grey.mean(0).clamp(1e-3, 1 - 1e-3).logit())


def train(plan: Plan, grey: Tensor) -> Codec:
    torch.manual_seed(plan.seed)
    model = VAE(latent_dim=50, backbone=Dense((200, 200), activation="tanh"), samples=plan.draws)
    codec, objective = model.compose(Vector(784, support="binary"))
    begin(codec, grey)
    optimiser = Adam(codec.parameters(), plan.rate)
    steps = len(grey) // BATCH
    for epoch in range(plan.epochs):
        total = torch.zeros(())
        for number, batch in enumerate(binarised_batches(grey)):
            progress = (epoch + number / steps) / plan.epochs
            optimiser.rate = plan.rate * (1 + cos(pi * progress)) / 2
            total += step(codec, objective, optimiser, batch).total.detach()
        print(f"k = {plan.draws}, epoch {epoch + 1}: -L_k {total / steps:.2f}", flush=True)
    return codec.eval()


@torch.no_grad()
def bound(codec: Codec, test: Tensor, samples: int) -> float:
    """-L_k in nats, the mean over the test images."""
    torch.manual_seed(0)
    unscaled = torch.zeros(())
    parts = [log_likelihoods(codec, Batch(x), samples, unscaled) for x in test.split(250)]
    return -torch.cat(parts).mean().item()


def measure(plan: Plan) -> None:
    grey = torch.from_numpy(mnist.grey_images("train"))
    test = torch.from_numpy(mnist.binarised().test[::2].copy())
    start = time.process_time()
    codec = train(plan, grey)
    minutes = (time.process_time() - start) / 60
    steps = plan.epochs * len(grey) // BATCH
    row = [
        str(plan.draws),
        *(f"{bound(codec, test, samples):.2f}" for samples in (SAMPLES, 1, 5, 50)),
        *PUBLISHED.get(plan.draws, ("", "")),
        str(plan.epochs),
        f"{steps:,}",
        f"{minutes:.1f} min of a core",
    ]
    note = NOTE.format(
        batch=BATCH,
        rate=plan.rate,
        seed=plan.seed,
        binarised=mnist.BINARISATION_SEED,
        samples=SAMPLES,
        steps=steps,
        times=400_000 / steps,
    )
    note = f"{note}\n\n`python benchmarks/run.py importance`. Measured on: {machine.describe()}."
    print(f"\n{SECTION}", *table(HEADER, [row]), "", note, sep="\n", flush=True)
    record_row(SECTION, HEADER, row, note)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Importance-weighted bounds on MNIST.")
    parser.add_argument("--draws", type=int, nargs="+", default=list(PUBLISHED))
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    for draws in options.draws:
        measure(Plan(draws, options.epochs, options.rate, options.seed))


if __name__ == "__main__":
    main()
