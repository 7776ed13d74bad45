"""Held-out loss at the batch size and rate that are chosen, beside those of a batch of 128.

python benchmarks/pace.py
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn import datasets

import machine
import mnist
from isthmus import LSTM, VAE, Autoencoder, Conv, Transformer
from isthmus.estimator import BaseAutoencoder
from results import record, table
from series import ucr

SEEDS = 2
SECTION = "Batch size and learning rate where none is given"
HEADER = ("data, model", "rows", "batch, rate", "loss at 128, 0.001", "as chosen", "time")
FIXED = {"batch_size": 128, "learning_rate": 1e-3}
NOTE = """Nats an example on a fifth of the rows, drawn once, that were neither learned from nor
used to stop; lower is better. Mean of {seeds} seeds, and half of the distance between the lowest
and the highest; time: of training as chosen over that at 128 and 0.001. At most {epochs} epochs
where no number stands, patience 20. Of `digits` and `credit` the `VAE` learns a scale for each
column, some of them with few values far from all others, which decide the mean: there, one seed
differs from another by more than the choice does."""


class Trial(NamedTuple):
    name: str
    rows: Callable[[], np.ndarray]
    model: BaseAutoencoder


def flat(name: str) -> np.ndarray:
    return getattr(datasets, f"load_{name}")().data.astype(np.float32)


def credit() -> np.ndarray:
    path = mnist.data_folder() / "default_credit" / "UCI_Credit_Card.csv.gz"
    return pd.read_csv(path).drop(columns="ID").to_numpy(np.float32)[:10_000]


def series(name: str) -> np.ndarray:
    return np.concatenate([ucr(name, part)[0] for part in ("TRAIN", "TEST")]).astype(np.float32)


def trials() -> list[Trial]:
    small = [
        Trial(f"{name}, {family.__name__}", lambda name=name: flat(name), family(latent_dim=4))
        for name in ("wine", "diabetes", "breast_cancer", "digits")
        for family in (Autoencoder, VAE)
    ]
    conv = VAE(latent_dim=8, backbone=Conv((16, 32)), epochs=40)
    lstm = Autoencoder(latent_dim=8, backbone=LSTM(32), epochs=60)
    attention = VAE(latent_dim=4, backbone=Transformer(32, depth=2), epochs=30)
    deep = VAE(latent_dim=20, epochs=30)
    return [
        *small,
        Trial("credit, VAE, 30", credit, VAE(latent_dim=8, epochs=30)),
        Trial("credit, Autoencoder, 30", credit, Autoencoder(latent_dim=8, epochs=30)),
        Trial("MNIST, VAE, 30", lambda: mnist.binarised().train[:10_000], deep),
        Trial("digits, Conv, 40", lambda: flat("digits").reshape(-1, 8, 8) / 16, conv),
        Trial("SyntheticControl, LSTM, 60", lambda: series("SyntheticControl"), lstm),
        Trial("ItalyPowerDemand, Transformer, 30", lambda: series("ItalyPowerDemand"), attention),
    ]


def measured(trial: Trial) -> list[str]:
    rows = trial.rows()
    order = np.random.default_rng(7).permutation(len(rows))
    asked, known = np.split(rows[order], [len(rows) // 5])
    losses, seconds = np.zeros((2, SEEDS)), np.zeros(2)
    model = trial.model.set_params(verbose=False)
    for seed in range(SEEDS):
        for place, how in enumerate((FIXED, dict.fromkeys(FIXED))):
            start = time.process_time()
            model.set_params(random_state=seed, **how).fit(known)
            seconds[place] += time.process_time() - start
            losses[place, seed] = -model.score(asked)
    spread = np.ptp(losses, axis=1) / 2
    cells = [f"{loss:.2f} ± {s:.2f}" for loss, s in zip(losses.mean(1), spread, strict=True)]
    pace = f"{model.batch_size_}, {model.learning_rate_:g}"
    return [trial.name, f"{len(known):,}", pace, *cells, f"{seconds[1] / seconds[0]:.1f}"]


def main() -> None:
    torch.set_num_threads(1)
    lines: list[list[str]] = []
    for trial in trials():
        lines.append(measured(trial))
        print(*lines[-1], flush=True)
    ending = f"`python benchmarks/run.py pace`. Measured on: {machine.describe()}."
    note = NOTE.format(seeds=SEEDS, epochs=VAE().epochs)
    record(SECTION, [*table(HEADER, lines), "", note, "", ending])


if __name__ == "__main__":
    main()
