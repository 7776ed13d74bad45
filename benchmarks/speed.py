"""Training speed beside a hand-written loop, peers, and the arithmetic's own limit.

python benchmarks/speed.py [vae | conv | table | backbones] [--rounds 5] [--epochs 3] [--rows 50000]
"""

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from math import log, pi
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

import ceiling
import hand_written
import machine
import mnist
import peer_pythae
import peer_tables
import steps
from isthmus import VAE, Autoencoder, Bernoulli, Conv, Dense
from isthmus.backbones import Backbone
from results import record, table
from timing import Seconds, alternate, medians, speed_ratio

Jobs = dict[str, Callable[[], object]]

LIMIT = "matrix products alone"
BATCH = 128
CHANNELS = (32, 64)
COMMON = {
    "learning_rate": 1e-3,
    "validation_fraction": 0,
    "patience": None,
    "verbose": False,
    "random_state": 0,
}

TABLE_ROWS, TABLE_COLUMNS = 5_000, 20
TABLE = {"epochs": 5, "batch_size": 32}
UNSAID = {"batch_size": None, "learning_rate": None}
OWN_PACE = "isthmus, batch and rate as it chooses"
EMPTY: Mapping[str, str] = MappingProxyType({})
WIDTHS = (64, 32)  # the last is the code: 20-64-32-64-20


def vae_jobs(X: np.ndarray, epochs: int) -> Jobs:
    rows = torch.from_numpy(X)
    run = {"epochs": epochs, "batch_size": BATCH}
    return {
        "isthmus": partial(isthmus_vae, X, Dense((hand_written.HIDDEN,)), **run),
        "hand-written loop": partial(hand_written.train_vae, rows, **run),
        "pythae": partial(peer_pythae.train, rows, fused=False, **run),
        "pythae, fused Adam": partial(peer_pythae.train, rows, fused=True, **run),
        LIMIT: partial(ceiling.run, len(X), epochs, BATCH),
    }


def conv_jobs(X: np.ndarray, epochs: int) -> Jobs:
    rows = torch.from_numpy(X)[:, None]  # (n, 1, 28, 28)
    run = {"epochs": epochs, "batch_size": BATCH}
    same = {"networks": hand_written.convolutional, **run}
    return {
        "isthmus": partial(isthmus_vae, X, Conv(CHANNELS), **run),
        "hand-written loop": partial(hand_written.train_vae, rows, **same),
        "hand-written, channels last": partial(
            hand_written.train_vae, rows, layout=torch.channels_last, **same
        ),
        "pythae": partial(peer_pythae.train, rows, fused=False, **same),
        "pythae, fused Adam": partial(peer_pythae.train, rows, fused=True, **same),
    }


def weights(job: Callable[[], object]) -> int:
    """How many numbers a job learns."""
    made = job()
    network = made.codec_ if isinstance(made, VAE) else made
    assert isinstance(network, torch.nn.Module)
    return sum(each.numel() for each in network.parameters())


def isthmus_vae(X: np.ndarray, backbone: Backbone, **run: int) -> VAE:
    model = VAE(latent_dim=hand_written.CODE, backbone=backbone, likelihood=Bernoulli())
    return model.set_params(**run, **COMMON).fit(X)


def table_jobs(X: np.ndarray) -> Jobs:
    # PyOD scores the rows as part of its fit, so everybody does.
    return {
        "isthmus": partial(isthmus_table, X, **TABLE, **COMMON),
        OWN_PACE: partial(isthmus_table, X, **{**TABLE, **COMMON, **UNSAID}),
        "hand-written loop": partial(hand_written_table, X),
        "PyOD, same network": partial(peer_tables.pyod, X, widths=WIDTHS, plain=True, **TABLE),
        "PyOD, as it comes": partial(peer_tables.pyod, X, widths=WIDTHS, plain=False, **TABLE),
        "scikit-learn MLPRegressor": partial(peer_tables.scikit_learn, X, widths=WIDTHS, **TABLE),
    }


def isthmus_table(X: np.ndarray, **how: Any) -> np.ndarray:
    hidden, code = WIDTHS
    model = Autoencoder(latent_dim=code, backbone=Dense((hidden,)), **how)
    # log p = -(squared error + columns log 2 pi) / 2
    return -2 * model.fit(X).score_samples(X) - X.shape[1] * log(2 * pi)


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


def report(
    title: str, about: str, seconds: Seconds, samples: int, errors: Mapping[str, str] = EMPTY
) -> None:
    header = ["contender", "seconds", "samples/s", "Isthmus's speed over its"]
    rows = []
    for name, time in medians(seconds).items():
        ratio = speed_ratio(seconds, "isthmus", name)
        rows.append([name, f"{time:.2f}", f"{samples / time:,.0f}", f"{ratio:.2f}"])
        rows[-1] += [errors[name]] if errors else []
    header += ["squared error a row"] if errors else []
    lines = [about, "", *table(header, rows), "", f"Measured on: {machine.describe()}."]
    print(f"\n{title}", *lines, sep="\n", flush=True)
    record(title, lines)


def vae(rounds: int, epochs: int = 3, rows: int = mnist.TRAIN_ROWS) -> None:
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


def conv(rounds: int, epochs: int = 1, rows: int = 10_000) -> None:
    X = mnist.binarised().train[:rows].reshape(-1, 28, 28)
    numbers = {weights(job) for job in conv_jobs(X[:BATCH], epochs=1).values()}
    assert len(numbers) == 1, f"the networks differ: {numbers} weights"
    seconds = alternate(conv_jobs(X, epochs), rounds)
    about = (
        f"VAE of convolutions, `Conv({CHANNELS})`, codes of {hand_written.CODE}, the same "
        f"{numbers.pop():,} weights for all, Bernoulli, Adam 1e-3, batch {BATCH}, {epochs} x "
        f"{len(X):,} rows of binarised MNIST, {rounds} rounds in turn after one of warm-up. "
        "The whole call is timed; figures are medians over rounds."
    )
    report("Speed: convolutional VAE on MNIST", about, seconds, epochs * len(X))


def backbones(rounds: int, **_: int) -> None:
    lines = steps.measured(rounds)
    print("", *lines, sep="\n", flush=True)
    record("Speed: the step, by backbone", lines)


def small_table(rounds: int, **_: int) -> None:
    X = correlated()
    jobs = table_jobs(X)
    errors = {name: f"{np.mean(job()):.3f}" for name, job in jobs.items()}
    seconds = alternate(jobs, rounds)
    about = (
        f"Autoencoder 20-64-32-64-20 fitted to {TABLE_ROWS:,} x {TABLE_COLUMNS}, {TABLE['epochs']} "
        f"epochs, batch {TABLE['batch_size']}, then its rows scored (PyOD's fit does both); "
        f"{rounds} rounds in turn after one of warm-up. The last column is what is left of the "
        "rows, in standard units, after those epochs: batches of 128 make a quarter of the steps."
    )
    report("Speed: a small table", about, seconds, TABLE["epochs"] * TABLE_ROWS, errors)


PARTS = {"vae": vae, "conv": conv, "table": small_table, "backbones": backbones}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Training speed beside peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="3, and 1 of the convolutional VAE")
    parser.add_argument("--rows", type=int, help="50,000, and 10,000 of the convolutional VAE")
    given = vars(parser.parse_args(argv)).items()
    options = {name: value for name, value in given if value is not None}
    for name in options.pop("parts") or PARTS:
        PARTS[name](**options)


if __name__ == "__main__":
    main()
