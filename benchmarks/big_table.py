"""A large table of many kinds: one pass of training, and a score for every row.

python benchmarks/big_table.py [--rows 1000000]
"""

import argparse
import time
from resource import RUSAGE_SELF, getrusage

import numpy as np
import pandas as pd

import machine
from isthmus import VAE
from results import record_row

SECTION = "A large table of many kinds"
HEADER = [
    "rows", "columns", "table, GiB", "fit, one pass, s", "score, s", "peak memory, GiB",
    "mean score, nats",
]  # fmt: skip
HOLES = 0.05
NOTE = """30 columns: 10 normal numbers, 5 log-normal ones, 10 categories of 2 to 10,000 values
(their shares fall as 1 / rank), 3 truth values, 2 dates; 5 % of the cells are unknown. All hang on
two hidden numbers a row. `VAE(epochs=1, batch_size=512, learning_rate=1e-3)`, all else as it
comes; then `score_samples` of all rows. Peak memory: of the whole process, the pandas table
included, which is given beside it. One run, on {threads} thread(s), beside other work.

`python benchmarks/run.py big-table`. Measured on: {machine}."""


def made(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return a table of ``rows`` rows whose 30 columns hang together."""
    random = np.random.default_rng(seed)
    hidden = random.normal(size=(rows, 2))
    columns: dict[str, pd.Series] = {}
    for place in range(15):
        value = hidden @ random.normal(size=2) + random.normal(size=rows)
        heavy = place >= 10
        columns[f"{'amount' if heavy else 'number'}_{place}"] = pd.Series(
            np.exp(value) if heavy else value
        )
    for place, levels in enumerate(np.geomspace(2, 10_000, 10).astype(int)):
        shares = 1 / np.arange(1, levels + 1)
        drawn = random.choice(levels, size=rows, p=shares / shares.sum())
        drawn = np.where(hidden[:, place % 2] > 1, 0, drawn)
        names = np.array([f"level {each}" for each in range(levels)])
        columns[f"category_{place}"] = pd.Series(pd.Categorical.from_codes(drawn, names))
    for place in range(3):
        columns[f"flag_{place}"] = pd.Series(hidden[:, place % 2] > random.normal(size=rows))
    for place in range(2):
        days = (hidden[:, place] * 100).astype(int).astype("timedelta64[D]")
        columns[f"date_{place}"] = pd.Series(np.datetime64("2024-01-01") + days)
    return pd.DataFrame(
        {name: each.mask(random.random(rows) < HOLES) for name, each in columns.items()}
    )


def main(argv: list[str] | None = None) -> None:
    """Fit and score, and write the row."""
    parser = argparse.ArgumentParser(description="One pass over a large table of many kinds.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args(argv).rows
    X = made(rows)
    size = X.memory_usage(deep=True).sum() / 2**30
    model = VAE(epochs=1, batch_size=512, learning_rate=1e-3, random_state=0, verbose=False)
    start = time.perf_counter()
    model.fit(X)
    fitted = time.perf_counter()
    scores = model.score_samples(X)
    scored = time.perf_counter()
    peak = getrusage(RUSAGE_SELF).ru_maxrss / 2**20
    row = [
        f"{rows:,}", str(X.shape[1]), f"{size:.2f}", f"{fitted - start:.0f}",
        f"{scored - fitted:.0f}", f"{peak:.2f}", f"{scores.mean():.2f}",
    ]  # fmt: skip
    print(*row, sep=" | ")
    import torch

    note = NOTE.format(threads=torch.get_num_threads(), machine=machine.describe())
    record_row(SECTION, HEADER, row, note)


if __name__ == "__main__":
    main()
