"""Few labels: MNIST with 100, 1,000 and 3,000 labels, as many of each digit.

python benchmarks/few_labels.py [--rows 60000] [--epochs 10] [--seed 0] [--sizes 100 1000 3000]
    [--ways "labels alone" frozen fine-tuned spread m2]
"""

import argparse
import gzip
import time
from typing import Any

import numpy as np

import machine
import mnist
from isthmus import VAE, Bernoulli, ConditionalVAE, Dense, EncoderClassifier
from results import record_row

SECTION = "Few labels: MNIST"
TARGETS = {100: 0.932, 1000: 0.949, 3000: 0.958}
WAYS = ("labels alone", "frozen", "fine-tuned", "spread", "m2")
HEADER = ("labels, rows", "target", *WAYS, "processor time")
NOTE = """Accuracy on the 10,000 test images, which nothing was chosen by: sizes, passes and how far
labels spread were, by other labels of the training images. So many training images, the first
ones, of which so many have a label, as many of each digit, drawn with seed {seed}; grey levels in
[0, 1] as rows of 784. "frozen", "fine-tuned", "spread": `VAE(latent_dim=20,
backbone=Dense((400,), activation="gelu"), likelihood=Bernoulli())`, {epochs} passes; "fine-tuned"
and "spread" as many again. "labels alone": the same network, its encoder and a linear map of the
code to the classes, given nothing but the labelled rows, 200 passes (1,000 with 100 labels), with a
weight of 1,000 on their labels. "m2": `ConditionalVAE(latent_dim=50, backbone=Dense((400,),
activation="gelu"), likelihood=Bernoulli())`, {epochs} passes, weight 50. Targets: published for M2
with z 50, h 500 on all 60,000 images; met by the best of the columns, or missed. Empty: not
measured.

`python benchmarks/run.py few-labels`; the row of 20,000 by `python benchmarks/few_labels.py
--rows 20000 --sizes 100 --ways frozen fine-tuned m2 spread`; on one thread beside other work.
Measured on: {machine}."""


def labels_of(name: str) -> np.ndarray:
    path = mnist.data_folder() / "mnist" / f"{name}-labels-idx1-ubyte.gz"
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=8).astype(int)


def few(y: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Return the labels with all but ``size`` of them unknown, -1."""
    rng, kept = np.random.default_rng(seed), np.full(len(y), -1)
    for digit in range(10):
        places = rng.permutation(np.flatnonzero(y == digit))[: size // 10]
        kept[places] = digit
    return kept


def ways(epochs: int, size: int) -> dict[str, dict[str, Any]]:
    shared: dict[str, Any] = {
        "backbone": Dense((400,), activation="gelu"),
        "likelihood": Bernoulli(),
        "learning_rate": 1e-3,
        "validation_fraction": 0,
        "patience": None,
        "verbose": False,
    }
    plain = VAE(latent_dim=20, epochs=epochs, batch_size=128, **shared)
    passes = max(200, 100_000 // size)
    alone = VAE(latent_dim=20, epochs=passes, batch_size=min(100, size), **shared)
    given = ConditionalVAE(latent_dim=50, forgetting=0.0, epochs=epochs, batch_size=128, **shared)
    return {
        "labels alone": {"model": alone, "method": "fine-tuned", "weight": 1e3},
        "frozen": {"model": plain},
        "fine-tuned": {"model": plain, "method": "fine-tuned"},
        "spread": {"model": plain, "method": "spread"},
        "m2": {"model": given, "method": "m2"},
    }


def measure(options: argparse.Namespace, size: int) -> None:
    rows, seed = options.rows, options.seed
    X, T = mnist.grey_images("train")[:rows], mnist.grey_images("t10k")
    y, truth = labels_of("train")[:rows], labels_of("t10k")
    known = few(y, size, seed)
    found, start = dict[str, float](), time.process_time()
    for name in options.ways:
        mine = known >= 0 if name == "labels alone" else slice(None)
        how = ways(options.epochs, size)[name]
        fitted = EncoderClassifier(**how, random_state=seed).fit(X[mine], known[mine])
        found[name] = float(fitted.score(T, truth))
        minutes = (time.process_time() - start) / 60
        print(size, name, f"{found[name]:.4f}", f"{minutes:.1f} min", flush=True)
        record(options, size, found, minutes)


def record(options: argparse.Namespace, size: int, found: dict[str, float], minutes: float) -> None:
    """Put down what has been found so far: a run that is cut off leaves that."""
    met = "met" if max(found.values()) >= TARGETS[size] else "missed"
    cells = [f"{found[name]:.4f}" if name in found else "" for name in WAYS]
    note = NOTE.format(epochs=options.epochs, seed=options.seed, machine=machine.describe())
    first = [f"{size:,} of {options.rows:,}", f"{TARGETS[size]:.3f}: {met}"]
    record_row(SECTION, HEADER, [*first, *cells, f"{minutes:.1f} min"], note)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Few labels, on MNIST.")
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(TARGETS))
    parser.add_argument("--ways", nargs="*", default=["labels alone", "spread"], choices=WAYS)
    options = parser.parse_args(argv)
    for size in options.sizes:
        measure(options, size)


if __name__ == "__main__":
    main()
