"""Training speed beside a hand-written loop, peers, and the arithmetic's own limit.

python benchmarks/speed.py [vae | table] [--rounds 5] [--epochs 3] [--rows 50000]
"""

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

import ceiling
import hand_written
import machine
import mnist
import peer_pythae
import peer_tables
from isthmus import VAE, Autoencoder, Bernoulli, Dense
from results import record, table
from timing import Seconds, alternate, medians, speed_ratio

Jobs = dict[str, Callable[[], object]]

LIMIT = "matrix products alone"
BATCH = 128
COMMON = {
    "learning_rate": 1e-3,
    "validation_fraction": 0,
    "patience": None,
    "verbose": False,
    "random_state": 0,
}

TABLE_ROWS, TABLE_COLUMNS = 5_000, 20
TABLE = {"epochs": 5, "batch_size": 32}
WIDTHS = (64, 32)  # the last is the code: 20-64-32-64-20


def vae_jobs(X: np.ndarray, epochs: int) -> Jobs:
    rows = torch.from_numpy(X)
    run = {"epochs": epochs, "batch_size": BATCH}
    return {
        "isthmus": partial(isthmus_vae, X, **run),
        "hand-written loop": partial(hand_written.train_vae, rows, **run),
        "pythae": partial(peer_pythae.train, rows, fused=False, **run),
        "pythae, fused Adam": partial(peer_pythae.train, rows, fused=True, **run),
        LIMIT: partial(ceiling.run, len(X), epochs, BATCH),
    }


def isthmus_vae(X: np.ndarray, **run: int) -> None:
    VAE(
        latent_dim=hand_written.CODE,
        backbone=Dense((hand_written.HIDDEN,)),
        likelihood=Bernoulli(),
        **run,
        **COMMON,
    ).fit(X)


def table_jobs(X: np.ndarray) -> Jobs:
    # PyOD scores the rows as part of its fit, so everybody does.
    return {
        "isthmus": partial(isthmus_table, X),
        "hand-written loop": partial(hand_written_table, X),
        "PyOD, same network": partial(peer_tables.pyod, X, widths=WIDTHS, plain=True, **TABLE),
        "PyOD, as it comes": partial(peer_tables.pyod, X, widths=WIDTHS, plain=False, **TABLE),
        "scikit-learn MLPRegressor": partial(peer_tables.scikit_learn, X, widths=WIDTHS, **TABLE),
    }


def isthmus_table(X: np.ndarray) -> np.ndarray:
    hidden, code = WIDTHS
    model = Autoencoder(latent_dim=code, backbone=Dense((hidden,)), **TABLE, **COMMON)
    return model.fit(X).score_samples(X)


@torch.no_grad()
def hand_written_table(X: np.ndarray) -> np.ndarray:
    hidden, code = WIDTHS
    rows = torch.from_numpy((X - X.mean(0)) / X.std(0)).float()
    with torch.enable_grad():
        model = hand_written.train_autoencoder(rows, hidden=hidden, code=code, **TABLE)
    return (model(rows) - rows).square().sum(1).numpy()


def correlated(rows: int = TABLE_ROWS, columns: int = TABLE_COLUMNS, seed: int = 0) -> np.ndarray:
    """Normal columns that five hidden causes tie together."""
    rng = np.random.default_rng(seed)
    causes = rng.normal(size=(rows, 5)) @ rng.normal(size=(5, columns))
    return causes + 0.3 * rng.normal(size=(rows, columns))


def report(title: str, about: str, seconds: Seconds, samples: int) -> None:
    header = ["contender", "seconds", "samples/s", "Isthmus's speed over its"]
    rows = []
    for name, time in medians(seconds).items():
        ratio = speed_ratio(seconds, "isthmus", name)
        rows.append([name, f"{time:.2f}", f"{samples / time:,.0f}", f"{ratio:.2f}"])
    lines = [about, "", *table(header, rows), "", f"Measured on: {machine.describe()}."]
    print(f"\n{title}", *lines, sep="\n", flush=True)
    record(title, lines)


def vae(rounds: int, epochs: int, rows: int) -> None:
    X = mnist.binarised().train[:rows]
    seconds = alternate(vae_jobs(X, epochs), rounds)
    share = speed_ratio(seconds, "hand-written loop", LIMIT)
    about = (
        f"VAE 784-400-40, ReLU, Bernoulli, Adam 1e-3, batch {BATCH}: {epochs} epochs over "
        f"{len(X):,} rows of binarised MNIST, {rounds} rounds in turn after one of warm-up. "
        "The whole call is timed, from the array to the trained model; figures are medians over "
        "rounds. Against the matrix products, the last column is the share of the limit reached: "
        f"{share:.2f} for the hand-written loop."
    )
    report("Speed: VAE on MNIST", about, seconds, epochs * len(X))


def small_table(rounds: int, **_: int) -> None:
    X = correlated()
    seconds = alternate(table_jobs(X), rounds)
    about = (
        f"Autoencoder 20-64-32-64-20 fitted to {TABLE_ROWS:,} x {TABLE_COLUMNS}, {TABLE['epochs']} "
        f"epochs, batch {TABLE['batch_size']}, then its rows scored (PyOD's fit does both); "
        f"{rounds} rounds in turn after one of warm-up."
    )
    report("Speed: a small table", about, seconds, TABLE["epochs"] * TABLE_ROWS)


PARTS = {"vae": vae, "table": small_table}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Training speed beside peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="vae, table; or both")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=mnist.TRAIN_ROWS)
    options = vars(parser.parse_args(argv))
    for name in options.pop("parts") or PARTS:
        PARTS[name](**options)


if __name__ == "__main__":
    main()
