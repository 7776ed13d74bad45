"""Past memory and past one process: what streaming holds, and what processes agree on.

python benchmarks/scale.py stream [--rows 10000000] [--limit 1.5] | together
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RLIMIT_DATA, RUSAGE_SELF, getrusage, setrlimit

import machine
from results import record, record_row, table

COLUMNS, GROUP = 50, 62_500
STREAMED = "Larger than memory"
TOGETHER = "Several processes beside one"
EPOCHS, BATCH = 3, 256
KILLED = "4, one killed, begun again"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("stream", "together", "child", "worker"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--limit", type=float, default=1.5, help="of memory, in GB")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args(arguments)
    if given.what == "stream":
        stream(given.rows, given.limit)
    elif given.what == "together":
        together()
    elif given.what == "child":
        child(given.folder, given.limit)
    else:
        worker(given.folder)


def stream(rows: int, limit: float) -> None:
    """Fit and score tables of several lengths, each in a process whose memory is limited."""
    with tempfile.TemporaryDirectory() as place:
        for part in (100, 10, 1):
            folder = Path(place) / str(part)
            made(folder, rows // part)
            run = [sys.executable, __file__, "child", "--folder", folder, "--limit", limit]
            done = subprocess.run(list(map(str, run)), check=True, capture_output=True, text=True)
            found = json.loads(done.stdout.splitlines()[-1])
            row = [
                f"{rows // part:,}",
                f"{rows // part * COLUMNS * 8 / 1e9:.2f}",
                f"{found['fit']:.1f}",
                f"{1e6 * found['fit'] / (rows // part):.1f}",
                f"{found['score']:.1f}",
                f"{found['peak'] / 1e9:.2f}",
            ]
            print(row, flush=True)
            record_row(
                STREAMED,
                ("rows", "table, GB", "fit, s", "µs a row", "score, s", "peak memory, GB"),
                row,
                f"{COLUMNS} columns of numbers in Parquet files, row groups of {GROUP:,}. "
                "`VAE(latent_dim=8, epochs=1, batch_size=1024).fit(Shards(folder))`, then "
                "`shards.map(model.score_samples, out)`, in a process that may hold no more than "
                f"{limit:g} GB of data (`RLIMIT_DATA`). Peak memory is the resident set, code "
                "included. The column of µs is flat where cost is a straight line.\n\n"
                "`python benchmarks/run.py scale-stream`. Measured on: "
                f"{machine.describe()}.",
            )


def made(folder: Path, rows: int) -> None:
    """Write a table of numbers that hang together, a file for each 8 row groups."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    names = [f"column_{place}" for place in range(COLUMNS)]
    mixing = np.random.default_rng(0).normal(size=(5, COLUMNS))
    for number, first in enumerate(range(0, rows, 8 * GROUP)):
        with pq.ParquetWriter(
            folder / f"{number:03}.parquet", pa.schema([(name, pa.float64()) for name in names])
        ) as file:
            for at in range(first, min(first + 8 * GROUP, rows), GROUP):
                rng = np.random.default_rng(at)
                count = min(GROUP, rows - at)
                x = rng.normal(size=(count, 5)) @ mixing + rng.normal(size=(count, COLUMNS))
                file.write_table(pa.table(dict(zip(names, x.T.copy(), strict=True))))


def child(folder: Path, limit: float) -> None:
    """Fit and score in limited memory, and say what it took."""
    # Arrow's own allocator claims a gigabyte of addresses that it never fills.
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    setrlimit(RLIMIT_DATA, (int(limit * 1e9), int(limit * 1e9)))
    from isthmus import VAE, Shards

    shards, start = Shards(folder), time.perf_counter()
    model = VAE(
        latent_dim=8, epochs=1, batch_size=1024, learning_rate=1e-3, random_state=0, verbose=False
    ).fit(shards)
    middle = time.perf_counter()
    made = shards.map(model.score_samples, folder.with_name(f"{folder.name}-scores"))
    assert len(made) == len(shards)
    end, peak = time.perf_counter(), getrusage(RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"fit": middle - start, "score": end - middle, "peak": peak}))


def together() -> None:
    """Train in 1, 2 and 4 processes, and with one of 4 killed in the middle."""
    lines: list[list[str]] = []
    alone: list[float] = []
    weights: dict[str, str] = {}
    for what, processes in (("1", 1), ("2", 2), ("4", 4), (KILLED, 4)):
        with tempfile.TemporaryDirectory() as place:
            start = time.perf_counter()
            losses, weights[what] = launched(processes, Path(place), what == KILLED)
            took = time.perf_counter() - start
        alone = alone or losses
        apart = max(abs(a / b - 1) for a, b in zip(losses, alone, strict=True))
        figures = ", ".join(f"{loss:.6f}" for loss in losses)
        lines.append([what, figures, f"{apart:.1e}", f"{took:.0f}"])
        print(lines[-1], flush=True)
    record(
        TOGETHER,
        [
            *table(("processes", "loss by epoch, nats", "apart from one, relative", "s"), lines),
            "",
            f"VAE 784-128-16 on the 10,000 test digits of MNIST, {EPOCHS} epochs, batches of "
            f"{BATCH} in all, under `torchrun` with gloo, one thread each. Seconds are of the "
            "whole call, imports included; four processes share two cores here, so no speed is "
            "to be read from them. The last row: SIGKILL to one process in the second epoch; "
            "`torchrun` then ends the others, and the same command goes on from the checkpoint; "
            f"its weights {'are' if weights['4'] == weights[KILLED] else 'ARE NOT'} those of the "
            "four that nobody stopped, bit for bit.",
            "",
            f"`python benchmarks/run.py scale-together`. Measured on: {machine.describe()}.",
        ],
    )


def launched(processes: int, folder: Path, kill: bool) -> tuple[list[float], str]:
    """Return the losses by epoch of a training in so many processes, and its weights' digest."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [sys.executable, *torchrun, __file__, "worker", "--folder", str(folder)]
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    if kill:
        first = subprocess.Popen(command, env=settings, stderr=subprocess.DEVNULL)
        while not (folder / "second-epoch").exists():
            time.sleep(0.05)
        os.kill(int((folder / "pid-3").read_text()), signal.SIGKILL)
        assert first.wait() != 0, "a training without one of its processes ended well"
        assert not (folder / "losses.json").exists()
    subprocess.run(command, env=settings, check=True, stderr=subprocess.DEVNULL)
    return tuple(json.loads((folder / "losses.json").read_text()))


def worker(folder: Path) -> None:
    """Train as one of the processes, and say what it came to."""
    import mnist
    from isthmus import VAE, Dense, checkpoint, training
    from isthmus.distributed import team

    checkpoint.Checkpoint.seconds = 0.5
    rank, advance = os.environ["RANK"], training._close_epoch
    (folder / f"pid-{rank}").write_text(str(os.getpid()))

    def close(run, *given):
        advance(run, *given)
        (folder / "second-epoch").touch()

    training._close_epoch = close
    model = VAE(
        latent_dim=16, backbone=Dense((128,)), epochs=EPOCHS, batch_size=BATCH, random_state=0,
        learning_rate=1e-3, checkpoint=str(folder), verbose=False,
    )  # fmt: skip
    model.fit(mnist.binarised().test)
    if team().leads:
        digest = hashlib.blake2b()
        for each in model.codec_.state_dict().values():
            digest.update(each.numpy().tobytes())
        found = [model.history_.column("loss"), digest.hexdigest()]
        (folder / "losses.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
