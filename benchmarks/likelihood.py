"""Test likelihood of the VAE 784-400-40 on MNIST, binarised once: the published yardstick.

    log p(x) >= log 1/k sum_k p(x|z_k) p(z_k) / q(z_k|x),   k = 200, the mean over 10,000 images

python benchmarks/likelihood.py [short|full|weighted] [--epochs N] [--seed 0]
"""

import argparse
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

import hand_written
import machine
import mnist
from isthmus import VAE, Bernoulli, Dense
from results import record_row, table

SECTION = "Likelihood: VAE on MNIST"
HEADER = (
    "run",
    "test NLL, nats",
    "by hand",
    "-ELBO train",
    "-ELBO validation",
    "epochs",
    "draws",
    "seed",
    "training",
)


class Plan(NamedTuple):
    epochs: int
    samples: int = 1
    learning_rate: float = 3e-3  # half a nat better than 1e-3 after 60 epochs


PLANS = {"short": Plan(100), "full": Plan(500), "weighted": Plan(150, samples=5)}
SAMPLES = 200
CHECKED = 1_000  # test images that the hand-written estimate is given
NOTE = f"""784-400-40, batch normalisation, ReLU, Bernoulli, batch 128; Adam from 3e-3, falling to
zero along half a cosine; "weighted" trains on the importance-weighted bound of 5 draws. Pixels
are zeros and ones, drawn once (seed {mnist.BINARISATION_SEED}); the first 50,000 images train, the
next 10,000 validate. NLL: {SAMPLES} importance samples, the mean over the 10,000 test images. "By
hand": the same fitted networks through `hand_written.log_likelihood`, the mean over the first
{CHECKED:,} test images, and in brackets Isthmus's figure for those. -ELBO: one draw of each of
10,000 images. Published for this network: 89.8 to 89.9; under 80 would mean grey levels."""


def train(X: np.ndarray, plan: Plan, seed: int) -> VAE:
    model = VAE(
        latent_dim=hand_written.CODE,
        backbone=Dense((hand_written.HIDDEN,), normalisation="batch"),
        samples=plan.samples,
        likelihood=Bernoulli(),
        epochs=plan.epochs,
        batch_size=128,
        learning_rate=plan.learning_rate,
        validation_fraction=0,
        patience=None,
        verbose=False,
        random_state=seed,
    )
    return model.fit(X)


def nats(model: VAE, X: np.ndarray, samples: int) -> float:
    """The mean of -log p(x) as so many samples bound it; one sample gives -ELBO."""
    return -float(np.mean(model.log_likelihood(X, samples=samples)))


def nats_by_hand(model: VAE, X: np.ndarray) -> float:
    """The same figure from the fitted networks alone: no density or estimator of Isthmus."""
    codec = model.codec_.eval()

    def encode(x: Tensor) -> tuple[Tensor, Tensor]:
        q = codec.encode(x)
        return q.mean, 2 * q.stddev.log()

    def decode(z: Tensor) -> Tensor:
        return codec.decode(z).logits

    rows = torch.from_numpy(X).to(next(codec.parameters()))
    torch.manual_seed(0)
    bound = hand_written.log_likelihood(encode, decode, rows, samples=SAMPLES)
    return -bound.mean().item()


def measure(run: str, plan: Plan, seed: int) -> None:
    data = mnist.binarised()
    start = time.perf_counter()
    model = train(data.train, plan, seed)
    minutes = (time.perf_counter() - start) / 60
    few = data.test[:CHECKED]
    row = [
        run,
        f"{nats(model, data.test, SAMPLES):.2f}",
        f"{nats_by_hand(model, few):.2f} ({nats(model, few, SAMPLES):.2f})",
        f"{nats(model, data.train[:10_000], 1):.2f}",
        f"{nats(model, data.validation, 1):.2f}",
        str(plan.epochs),
        str(plan.samples),
        str(seed),
        f"{minutes:.1f} min",
    ]
    note = f"{NOTE}\n\nMeasured on: {machine.describe()}."
    print(f"\n{SECTION}", *table(HEADER, [row]), "", note, sep="\n", flush=True)
    record_row(SECTION, HEADER, row, note)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Test likelihood of the VAE 784-400-40 on MNIST.")
    parser.add_argument("run", nargs="?", choices=PLANS, default="full")
    parser.add_argument("--epochs", type=int, help="another length")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    plan = PLANS[options.run]
    if options.epochs:
        plan = plan._replace(epochs=options.epochs)
    measure(options.run, plan, options.seed)


if __name__ == "__main__":
    main()
