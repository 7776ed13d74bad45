"""The deep autoencoder 784-1000-500-250-30 on MNIST, pre-trained layer by layer and not.

    error = mean over the 10,000 test images of  sum_j (x_j - x^_j)^2,   x in [0, 1]

python benchmarks/stacked.py [pretrained|plain|longer|PCA] [--epochs N] [--pretraining N] [--seed 0]
"""

import argparse
import time

import numpy as np
from sklearn.decomposition import PCA

import machine
import mnist
from isthmus import Dense, StackedAutoencoder, Vectors
from results import record_row, table

SECTION = "Stacked: 784-1000-500-250-30 on MNIST"
HEADER = ("run", "test error", "train error", "epochs a layer", "epochs of the whole", "training")
CODE = 30
EPOCHS, PRETRAINING = 40, 10
LONGER = 80
RUNS = ("PCA", "plain", "pretrained", "longer")
NOTE = """Error: the sum over 784 pixels in [0, 1] of squared differences, the mean over images: the
10,000 of the test set, and the first 10,000 of the 60,000 that train. Published: 3.00, and 13.87
for PCA; the target is 3.0. {settings} A pass over the rows for each of the four layers costs what
one of the whole does: "plain" and "pretrained" take the same time, "longer" is plain too. Seed
{seed}."""
SETTINGS = "ELU, squared error, Adam from 1e-3, falling along half a cosine, batch 128."


def error(X: np.ndarray, again: np.ndarray) -> float:
    return float(np.square(X.astype(np.float64) - again).sum(axis=1).mean())


def model(epochs: int, pretraining: int, seed: int) -> StackedAutoencoder:
    return StackedAutoencoder(
        latent_dim=CODE,
        pretraining_epochs=pretraining,
        backbone=Dense((1000, 500, 250), activation="elu"),
        adapter=Vectors("unit"),  # pixels as they are
        epochs=epochs,
        batch_size=128,
        learning_rate=1e-3,
        validation_fraction=0,
        patience=None,
        random_state=seed,
        verbose=False,
    )


def measured(run: str, epochs: int, pretraining: int, seed: int) -> list[str]:
    """Return the run's row."""
    train, test = mnist.grey_images("train"), mnist.grey_images("t10k")
    few = train[: len(test)]
    start = time.perf_counter()
    if run == "PCA":
        fitted, length = PCA(CODE).fit(train), ["", ""]
        errors = [error(X, fitted.inverse_transform(fitted.transform(X))) for X in (test, few)]
    else:
        before = pretraining if run == "pretrained" else 0
        epochs = LONGER if run == "longer" else epochs
        fitted, length = model(epochs - before, before, seed).fit(train), [before, epochs - before]
        errors = [error(X, fitted.reconstruct(X)) for X in (test, few)]
    minutes = (time.perf_counter() - start) / 60
    return [run, *(f"{each:.2f}" for each in errors), *map(str, length), f"{minutes:.1f} min"]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The deep autoencoder of 2006 on MNIST.")
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"all, or of {', '.join(RUNS)}")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="in all")
    parser.add_argument("--pretraining", type=int, default=PRETRAINING, help="of each layer")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    if unknown := set(options.runs) - set(RUNS):
        parser.error(f"no run {', '.join(unknown)}: there are {', '.join(RUNS)}")
    for run in options.runs or RUNS:
        row = measured(run, options.epochs, options.pretraining, options.seed)
        note = NOTE.format(settings=SETTINGS, seed=options.seed).replace("\n", " ")
        note = f"{note}\n\nMeasured on: {machine.describe()}."
        print(f"\n{SECTION}", *table(HEADER, [row]), "", note, sep="\n", flush=True)
        record_row(SECTION, HEADER, row, note)


if __name__ == "__main__":
    main()
