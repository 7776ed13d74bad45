"""A linear probe of 20 codes, for every family, on MNIST with 550 labels.

Each family learns from all 60,000 training images without labels, as it comes but for the code
size and the epochs. A logistic regression then learns from the codes of 550 labelled ones, and is
asked about the 10,000 test images: how much of what a digit is lies open in its code.

python benchmarks/probe.py [FAMILY ...] [--epochs 60] [--seed 0]
"""

import argparse
import gzip
import time
from dataclasses import fields
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import machine
import mnist
from isthmus.catalogue import FAMILIES
from results import record_row, table

SECTION = "Linear probe: 20 codes, 550 labels, MNIST"
HEADER = ("family", "accuracy", "spread over draws", "published", "squared error", "training")
PUBLISHED = {
    "DenoisingAutoencoder": ".805",
    "Autoencoder": ".784",
    "VQVAE": ".772",
    "VAE": ".602",
    "SparseAutoencoder": ".222",
}
CODES, LABELS, DRAWS = 20, 550, 10
# Beyond the code size: what a code of 20 is to each.
OWN: dict[str, dict[str, Any]] = {"KSparseAutoencoder": {"k": 10}}
LEFT_OUT = ("Composed",)  # no family of its own
NOTE = f"""Each family as it comes, but for {CODES} codes and 60 epochs over the 60,000 training
images, grey levels in [0, 1], one seed. Accuracy: logistic regression on standardised codes of
{LABELS} labelled training images, 55 of each digit, asked about the 10,000 test images; the mean
of {DRAWS} draws of the labelled ones, and beside it their standard deviation. Squared error: a
test image's, summed over its 784 pixels. `KSparseAutoencoder` keeps 10 of its 20 codes.
`ConditionalVAE` is told the labels of the first draw's {LABELS} images in training, and none after.
Published: one run each, 60 epochs. Training ran on one thread, beside other work."""


def labels(name: str) -> np.ndarray:
    """(n,) digits; `name` is 'train' or 't10k'."""
    path = mnist.data_folder() / "mnist" / f"{name}-labels-idx1-ubyte.gz"
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=8).astype(int)


def draw(y: np.ndarray, seed: int) -> np.ndarray:
    """The rows of so many labelled images, as many of each digit."""
    rng = np.random.default_rng(seed)
    each = LABELS // 10
    return np.concatenate([rng.choice(np.flatnonzero(y == d), each, False) for d in range(10)])


def measure(name: str, epochs: int, seed: int) -> None:
    X, y = mnist.grey_images("train"), labels("train")
    test, truth = mnist.grey_images("t10k"), labels("t10k")
    known = np.full(len(y), np.nan)
    known[draw(y, 0)] = y[draw(y, 0)]
    family = FAMILIES[name]
    own = {each.name for each in fields(family)} & {"latent_dim"}
    settings = dict.fromkeys(own, CODES) | OWN.get(name, {})
    start = time.perf_counter()
    model = family(**settings, epochs=epochs, random_state=seed, verbose=False)
    if model.batch_size is None:
        model.set_params(batch_size=128, learning_rate=1e-3)
    model.fit(X, known)
    minutes = (time.perf_counter() - start) / 60
    codes, asked = model.transform(X), model.transform(test)
    scores = [probe(codes, y, asked, truth, turn) for turn in range(DRAWS)]
    error = float(((model.reconstruct(test) - test) ** 2).sum(1).mean())
    row = [
        name,
        f"{np.mean(scores):.3f}",
        f"{np.std(scores):.3f}",
        PUBLISHED.get(name, ""),
        f"{error:.2f}",
        f"{minutes:.1f} min",
    ]
    note = f"{NOTE}\n\nMeasured on: {machine.describe()}."
    print(f"\n{SECTION}", *table(HEADER, [row]), sep="\n", flush=True)
    record_row(SECTION, HEADER, row, note)


def probe(
    codes: np.ndarray, y: np.ndarray, asked: np.ndarray, truth: np.ndarray, seed: int
) -> float:
    rows = draw(y, seed)
    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    return float(judge.fit(codes[rows], y[rows]).score(asked, truth))


def main(argv: list[str] | None = None) -> None:
    names = [name for name in FAMILIES if name not in LEFT_OUT]
    parser = argparse.ArgumentParser(description="A linear probe of every family's codes.")
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(names))
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    for name in options.families or names:
        measure(name, options.epochs, options.seed)


if __name__ == "__main__":
    main()
