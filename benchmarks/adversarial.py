"""The adversarial autoencoder's codes against the prior, beside the plain autoencoder's, on MNIST.

    energy distance:  2 E|z - p| - E|z - z'| - E|p - p'|,   z: codes of test images, p ~ N(0, 1)

The two-sample test asks how often so large a distance comes about where codes and draws are
shuffled (Székely and Rizzo, 2004). The critic's loss is measured on the same codes.

python benchmarks/adversarial.py [--epochs 20] [--latent 8] [--seed 0]
"""

import argparse
import time
from math import log
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import softplus

import machine
import mnist
from isthmus import AdversarialAutoencoder, Autoencoder, BaseAutoencoder
from results import record, table

SECTION = "Adversarial: codes against the prior, on MNIST"
HEADER = (
    "model",
    "mean of a code",
    "standard deviation",
    "largest correlation",
    "energy distance",
    "by chance, 95 %",
    "p, 2,000 codes",
    "p, 500 codes",
    "squared error, test",
    "training",
)
TESTED, SHUFFLES = (2_000, 500), 199
NOTE = """28x28 grey levels in [0, 1], 60,000 training images, {epochs} epochs at batch 128, Adam
from 1e-3, a unit normal likelihood, the default networks (784-256-128-{latent}) for all, all else
as it comes, the adversarial weight of the first row too; seed {seed}. Codes are those of the 10,000
test images, which none saw. Means and standard deviations: the least and the greatest of the
{latent} codes. The energy distance, what it comes to by chance and the first p are over {tested:,}
of them and as many draws of the prior; {shuffles} shuffles, so that p is at least {least:.3f}. The
squared error is summed over an image.

First row: on test codes the critic's loss is {critic:.3f}, beside 2 ln 2 = {rest:.3f}, where it
can't tell; the encoder's is {encoder:.3f}, beside ln 2 = {half:.3f}. In training the term, penalty
included, was {term:.3f} in the last epoch, beside 3 ln 2 = {whole:.3f}.

`python benchmarks/run.py adversarial`. Training: processor time, on one thread. Measured on:
{machine}."""


class Test(NamedTuple):
    distance: float
    chance: float  # 95 % of the distances by chance are below
    p: float


def energy_test(codes: np.ndarray, seed: int) -> Test:
    """The energy distance of codes from draws of the prior, and how likely it is by chance."""
    rng = np.random.default_rng(seed)
    rows = len(codes)
    both = torch.from_numpy(np.concatenate([codes, rng.standard_normal(codes.shape)])).float()
    apart = torch.cdist(both, both).double()
    # With signs s, +1 for a code and -1 for a draw, the energy distance is -s' D s / rows^2.
    signs = np.repeat([1.0, -1.0], rows)
    columns = np.stack([signs, *(rng.permutation(signs) for _ in range(SHUFFLES))], axis=1)
    shuffled = torch.from_numpy(columns)
    observed, *chance = (-(shuffled * (apart @ shuffled)).sum(0) / rows**2).tolist()
    p = (1 + sum(each >= observed for each in chance)) / (1 + SHUFFLES)
    return Test(observed, float(np.quantile(chance, 0.95)), p)


def look(name: str, model: BaseAutoencoder, minutes: float, test: np.ndarray) -> list[str]:
    codes = model.transform(test)
    shuffled = np.random.default_rng(0).permutation(codes)
    error = np.square(model.reconstruct(test) - test).sum(axis=(1, 2)).mean()
    many, few = (energy_test(shuffled[:rows], seed=1) for rows in TESTED)
    off = np.corrcoef(codes.T) - np.eye(codes.shape[1])
    return [
        name,
        _range(codes.mean(axis=0)),
        _range(codes.std(axis=0)),
        f"{np.abs(off).max():.2f}",
        f"{many.distance:.4f}",
        f"{many.chance:.4f}",
        f"{many.p:.3f}",
        f"{few.p:.3f}",
        f"{error:.2f}",
        f"{minutes:.1f} min",
    ]


@torch.no_grad()
def losses(model: AdversarialAutoencoder, test: np.ndarray) -> tuple[float, float]:
    """The critic's loss without its penalty, and the encoder's, on codes of the test images."""
    critic = model.objective_.terms["Adversarial"].critic
    z = torch.from_numpy(model.transform(test)).float()
    draws = torch.randn(len(z) * 10, z.shape[1], generator=torch.Generator().manual_seed(0))
    told = softplus(-critic(draws)).mean() + softplus(critic(z)).mean()
    return told.item(), softplus(-critic(z)).mean().item()


def trained(model: BaseAutoencoder, X: np.ndarray) -> float:
    """Train the model; return the minutes of processor time."""
    start = time.process_time()
    model.fit(X)
    return (time.process_time() - start) / 60


def measure(epochs: int, latent: int, seed: int) -> None:
    train, test = (mnist.grey_images(name).reshape(-1, 28, 28) for name in ("train", "t10k"))
    common = {"latent_dim": latent, "epochs": epochs, "random_state": seed, "verbose": False}
    common |= {"batch_size": 128, "learning_rate": 1e-3}
    adversarial = AdversarialAutoencoder(**common)
    # The plain one trains on all rows to the end too.
    plain = Autoencoder(**common, validation_fraction=0, patience=None)
    lighter = AdversarialAutoencoder(**common, weight=1.0)
    models = {
        f"adversarial, weight {adversarial.weight:g}": adversarial,
        f"adversarial, weight {lighter.weight:g}": lighter,
        "plain": plain,
    }
    rows = [look(name, model, trained(model, train), test) for name, model in models.items()]
    critic, encoder = losses(adversarial, test)
    note = NOTE.format(
        epochs=epochs,
        latent=latent,
        seed=seed,
        tested=TESTED[0],
        shuffles=SHUFFLES,
        least=1 / (1 + SHUFFLES),
        critic=critic,
        encoder=encoder,
        rest=2 * log(2),
        half=log(2),
        whole=3 * log(2),
        term=adversarial.history_.rows[-1]["Adversarial"],
        machine=machine.describe(),
    )
    lines = [*table(HEADER, rows), "", note]
    print(f"\n{SECTION}", *lines, sep="\n", flush=True)
    record(SECTION, lines)


def _range(values: np.ndarray) -> str:
    return f"{values.min():.2f} to {values.max():.2f}"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Adversarial codes against the prior, on MNIST.")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--latent", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    measure(options.epochs, options.latent, options.seed)


if __name__ == "__main__":
    main()
