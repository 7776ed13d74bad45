"""What training costs against rows, columns and latent size: seconds an epoch, and peak memory.

python benchmarks/cost.py
"""

import multiprocessing
import tempfile
import time
from functools import cache
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np
import torch

import machine
from isthmus import VAE, Shards
from results import record, table

SECTION = "Cost against rows, columns and latent size"
FIGURE = Path(__file__).resolve().parent / "figures" / "cost.png"
USUAL = {"rows": 10_000, "columns": 50, "latent": 8}
SWEPT = {
    "rows": (1_000, 10_000, 100_000, 1_000_000),
    "columns": (10, 50, 200, 1_000),
    "latent": (2, 8, 32, 256),
}
BATCH, SEEN, BLOCK = 256, 40_000, 10_000
"""Rows a step; at least how many rows a measurement passes through; rows made at once."""
INK, ACCENT, MUTED, FAINT = "#1b1f24", "#b4462a", "#6b7280", "#e5e7eb"
Cost = tuple[float, float]
"""Seconds an epoch, and gigabytes at the peak."""


def main(arguments: list[str] | None = None) -> None:
    found = {
        what: {value: cost(**USUAL | {what: value}) for value in values}
        for what, values in SWEPT.items()
    }
    found["rows, streamed"] = {
        rows: cost(**USUAL | {"rows": rows}, stream=True) for rows in SWEPT["rows"]
    }
    tell(found)
    draw(found)


@cache
def cost(rows: int, columns: int, latent: int, stream: bool = False) -> Cost:
    """Train in a process of its own, whose memory is nobody else's, and return what it cost."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        found = pool.apply(trained, (rows, columns, latent, stream))
    print(rows, columns, latent, "streamed" if stream else "", *found, flush=True)
    return found


def trained(rows: int, columns: int, latent: int, stream: bool) -> Cost:
    torch.set_num_threads(1)
    epochs = max(1, SEEN // rows)
    model = VAE(latent_dim=latent, epochs=epochs, batch_size=BATCH, patience=None, random_state=0)
    model.set_params(learning_rate=1e-3, verbose=False, validation_fraction=0.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        put(path, rows, columns)
        data = Shards(path) if stream else np.load(path)
        start = time.process_time()
        model.fit(data)
        seconds = (time.process_time() - start) / epochs
    return seconds, getrusage(RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def put(path: Path, rows: int, columns: int) -> None:
    """Write random numbers to a file, some at a time."""
    X = np.lib.format.open_memmap(path, "w+", np.float32, (rows, columns))
    for first in range(0, rows, BLOCK):
        some = X[first : first + BLOCK]
        some[:] = np.random.default_rng(first).standard_normal(some.shape, np.float32)
        X.flush()


def tell(found: dict[str, dict[int, Cost]]) -> None:
    lines = [
        [what, f"{value:,}", f"{seconds:.3g}", micro(what, value, seconds), f"{peak:.2f}"]
        for what, swept in found.items()
        for value, (seconds, peak) in swept.items()
    ]
    head = ("what varies", "is", "seconds an epoch", "µs a row", "peak memory, GB")
    about = ", ".join(f"{value:,} {name}" for name, value in USUAL.items())
    record(
        SECTION,
        [
            *table(head, lines),
            "",
            "![Seconds an epoch and peak memory](figures/cost.png)",
            "",
            f"`VAE()`, its dense layers as they come, batches of {BATCH}, float32 numbers; what "
            f"does not vary: {about}. Each in a process of its own, on one thread; seconds are of "
            "processor time, the checks of the data included, since other work shared the "
            "machine. Peak memory is the resident set, with Python and torch; streamed, the same "
            "rows are `Shards` of an NPY file, whose pages count while they are mapped. The "
            "column of µs is flat where cost is a straight line.",
            "",
            f"`python benchmarks/run.py cost`. Measured on: {machine.describe()}.",
        ],
    )


def micro(what: str, value: int, seconds: float) -> str:
    rows = value if what.startswith("rows") else USUAL["rows"]
    return f"{1e6 * seconds / rows:.1f}"


def draw(found: dict[str, dict[int, Cost]]) -> None:
    """Draw cost against each of the three, time over memory."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rounded = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    with plt.rc_context(rounded):
        figure, axes = plt.subplots(2, 3, figsize=(10, 5.6), sharex="col", layout="constrained")
        for what, swept in found.items():
            name, _, how = what.partition(", ")
            column = axes[:, list(SWEPT).index(name)]
            colour, label = (INK, how) if how else (ACCENT, "in memory")
            for axis, values in zip(column, zip(*swept.values(), strict=True), strict=True):
                axis.plot(list(swept), values, "o-", color=colour, ms=4, label=label)
            column[1].set_xlabel("latent size" if name == "latent" else name)
        for axis in axes.flat:
            axis.set_xscale("log")
            if axis is not axes[0, 0]:
                axis.set_ylim(0, 1.1 * max(axis.get_ylim()))
            axis.grid(color=FAINT, linewidth=0.7)
            axis.tick_params(colors=MUTED, which="both")
            axis.xaxis.set_major_formatter("{x:,.0f}")
        axes[0, 0].set_yscale("log")
        axes[0, 0].yaxis.set_major_formatter("{x:g}")
        axes[0, 0].legend(frameon=False)
        axes[0, 0].set_ylabel("seconds an epoch")
        axes[1, 0].set_ylabel("peak memory, GB")
        figure.savefig(FIGURE, dpi=130)
        plt.close(figure)


if __name__ == "__main__":
    main()
