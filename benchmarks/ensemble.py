"""Sixteen small models trained as one, beside sixteen fits one after another.

python benchmarks/ensemble.py [--rounds 3]
"""

import argparse
import gc
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch

import machine
from results import record, table

SECTION = "Sixteen models at once"
MODELS, ROWS, COLUMNS, EPOCHS = 16, 2_000, 20, 20


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args(arguments).rounds
    torch.set_num_threads(1)
    warm_up()
    lines: list[list[str]] = []
    for name, (alone, together) in contenders().items():
        pairs = [(took(alone), took(together)) for _ in range(rounds)]
        one, many = (median(times) for times in zip(*pairs, strict=True))
        ratio = median(a / b for a, b in pairs)
        lines.append([name, f"{one:.2f}", f"{many:.2f}", f"{ratio:.1f}"])
        print(lines[-1], flush=True)
    record(
        SECTION,
        [
            *table(("models", "one after another, s", "as one, s", "times as fast"), lines),
            "",
            f"{MODELS} models each, {ROWS:,} x {COLUMNS} numbers, {EPOCHS} epochs of batches of "
            f"128, a tenth kept aside; Dense(32, 16), code 4; the last row Dense(256, 256), code "
            f"64. Seconds of processor time on one thread, since other work shared the machine; "
            f"the ratio is the median of {rounds} rounds' own. What is "
            "shared is the overhead of a step: where layers are wide, a step is products, and "
            "sixteen of them are sixteen times the work.",
            "",
            f"`python benchmarks/run.py ensemble`. Measured on: {machine.describe()}.",
        ],
    )


def warm_up() -> None:
    from isthmus import Autoencoder, fit_together

    fit_together([Autoencoder(epochs=1, verbose=False) for _ in range(2)], np.eye(50))


def contenders() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """By name: fits one after another, and the same as one."""
    from isthmus import VAE, Autoencoder, DenoisingAutoencoder, Dense, fit_together, sweep

    X = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).astype(np.float32)
    small = {"latent_dim": 4, "backbone": Dense((32, 16)), "epochs": EPOCHS, "verbose": False}
    small["batch_size"] = 128
    wide = small | {"latent_dim": 64, "backbone": Dense((256, 256)), "epochs": 3}
    grid = {"learning_rate": [3e-4, 1e-3, 3e-3, 1e-2], "beta": [0.5, 1.0, 2.0, 4.0]}

    def seeds(family, settings):
        def made():
            return [family(**settings, random_state=seed) for seed in range(MODELS)]

        return lambda: [each.fit(X) for each in made()], lambda: fit_together(made(), X)

    def one_by_one():
        for rate in grid["learning_rate"]:
            for beta in grid["beta"]:
                VAE(**small, learning_rate=rate, beta=beta, random_state=0).fit(X)

    def swept():
        return sweep(VAE(**small, random_state=0), grid, X, by="validation_NLL")

    return {
        "VAE, 16 seeds": seeds(VAE, small),
        "VAE, `sweep` of 4 rates and 4 betas": (one_by_one, swept),
        "Autoencoder, 16 seeds": seeds(Autoencoder, small),
        "DenoisingAutoencoder, 16 seeds": seeds(DenoisingAutoencoder, small),
        "DenoisingAutoencoder, 16 seeds, wide layers": seeds(DenoisingAutoencoder, wide),
    }


def took(job: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    job()
    return time.process_time() - start


if __name__ == "__main__":
    main()
