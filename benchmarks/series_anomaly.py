"""Anomalies in series: SeriesDetector with three backbones, beside three peers, on four sets.

python benchmarks/series_anomaly.py [--sets nab smd asd ucr] [--seeds 1] [--write]
"""

import argparse
import csv
import json
import resource
import time
import warnings
from collections.abc import Callable, Iterator
from math import ceil
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score

import machine
import mnist
from isthmus import LSTM, Autoencoder, Conv, SeriesDetector, overlap, windows
from isthmus.backbones import Backbone
from results import record, table
from vus import vus_pr

SECTION = "Anomalies in series: steps of NAB, SMD, ASD and UCR"
CACHE = Path(__file__).resolve().parent / ".cache" / "series-anomaly.json"
SETS = ("nab", "asd", "smd", "ucr")
HALVED = "ECG5000"
WINDOW, STRIDE, MOST = 64, 4, 8_000
STEPS = {"Conv": 1_000, "LSTM": 400}
ODD = 10
LIMIT_GB = 3.0
FORK = get_context("fork")  # what is imported already need not be imported again
NOTE = """Area under the precision-recall curve of the steps (AP, average precision), and VUS-PR:
labels softened over buffers of up to {window} steps, recall weighed by how many stretches are
found at all, averaged over the buffers (Paparrizos et al., 2022, PVLDB 15(11); written from that
definition in `vus.py`). Higher is better; chance is the share of anomalous steps. No point is
adjusted, no threshold chosen. NAB: the series with labelled windows, learned from and scored whole,
labels unseen. SMD, ASD: trained on the training part, scored on the other. UCR: the training series
of the commonest class one after the other; scored are its test series, one in {odd} of another
class put between them, drawn by the seed ({halved} has no test part: half of it). Windows of
{window} steps throughout. `SeriesDetector()` as it comes on NAB, with `clean=True` on the
others, whose training is known to be normal (dense, 8 numbers a code); and with
`Autoencoder(latent_dim=8, backbone=Conv())` for 1,000 steps and `…LSTM()` for 400, at 3e-3. That
windows count beside single errors, and by 7 to 1, was chosen with PCA in place of the network on
half of NAB, and on SMD and ASD, and that codes count where training isn't clean on NAB, so those
figures are seen ones; UCR's are not. Peers:
IsolationForest of windows; PCA of windows to 8 numbers, squared error; squared residual from the
mean of the last {window} steps. Their scores of windows are averaged over the windows that hold a
step. Each run in a process of its own: seconds of the processor, peak memory of the whole process,
Python and libraries among it; the limit was {limit} GB. Seeds: {seeds}. On one thread beside
other work.

`python benchmarks/run.py series-anomaly`, resumed from `benchmarks/.cache` where it was cut off.
Measured on: {machine}."""


class Data(NamedTuple):
    train: np.ndarray  # (t, c)
    test: np.ndarray
    labels: np.ndarray  # (t,)


Method = Callable[[Data, int], np.ndarray]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write what is there, run nothing")
    given = parser.parse_args(arguments)
    if not given.write:
        run(given.sets, given.seeds)
    write()


def run(sets: tuple[str, ...], seeds: int) -> None:
    """Run what is not in the cache yet, quick methods first, and keep each figure as it comes."""
    CACHE.parent.mkdir(exist_ok=True)
    known = _read()
    for seed in range(seeds):
        for method in METHODS:
            for group in sets:
                for name in NAMES[group]():
                    key = f"{group}|{name}|{method}|{seed}"
                    if key in known:
                        continue
                    known[key] = apart(group, name, method, seed)
                    print(key, *(round(each, 3) for each in known[key]), flush=True)
                    CACHE.write_text(json.dumps(known, indent=0))
        write()


def apart(group: str, name: str, method: str, seed: int) -> list[float]:
    """Measure in a process of its own, whose memory nothing else has filled."""
    here, there = FORK.Pipe(duplex=False)
    child = FORK.Process(target=measure, args=(there, group, name, method, seed))
    child.start()
    there.close()
    try:
        return here.recv()
    except EOFError as error:
        raise RuntimeError(f"{group} {name} {method}: see the error above") from error
    finally:
        child.join()


def measure(answer: Connection, group: str, name: str, method: str, seed: int) -> None:
    data = READ[group](name, seed)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = METHODS[method](data, seed)
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    area = float(average_precision_score(data.labels, scores))
    volume = vus_pr(data.labels, scores, WINDOW)
    answer.send([area, volume, took, peak, float(data.labels.mean()), len(data.test)])


def ours(backbone: Backbone | None) -> Method:
    def scores(data: Data, seed: int) -> np.ndarray:
        model = None
        if backbone is not None:
            pieces = min(MOST, len(data.train) // STRIDE)
            model = Autoencoder(
                latent_dim=8,
                backbone=backbone,
                epochs=ceil(STEPS[type(backbone).__name__] / ceil(pieces / 128)),
                batch_size=128,
                learning_rate=3e-3,
                validation_fraction=0,
                patience=None,
                verbose=False,
            )
        clean = data.train is not data.test  # NAB is learned from and scored whole
        detector = SeriesDetector(
            model, window=WINDOW, stride=STRIDE, clean=clean, random_state=seed
        )
        return -detector.fit(data.train).score_steps(data.test)

    return scores


def forest(data: Data, seed: int) -> np.ndarray:
    train, test = cut(data)
    found = IsolationForest(random_state=seed).fit(train)
    return spread_out(-found.score_samples(test), len(data.test))


def pca(data: Data, seed: int) -> np.ndarray:
    train, test = cut(data)
    found = PCA(min(8, len(train) - 1), svd_solver="covariance_eigh").fit(train)
    error = np.square(found.inverse_transform(found.transform(test)) - test).mean(1)
    return spread_out(error, len(data.test))


def average(data: Data, seed: int) -> np.ndarray:
    x, _ = standardised(data)
    sums = np.cumsum(np.vstack([np.repeat(x[:1], WINDOW, axis=0), x]), axis=0)
    mean = (sums[WINDOW - 1 : -1] - np.vstack([0 * sums[:1], sums[: len(x) - 1]])) / WINDOW
    return np.square(x - mean).mean(1)


METHODS: dict[str, Method] = {
    "moving average": average,
    "PCA": pca,
    "IsolationForest": forest,
    "SeriesDetector, dense": ours(None),
    "SeriesDetector, Conv": ours(Conv()),
    "SeriesDetector, LSTM": ours(LSTM()),
}


def standardised(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return what is scored, and what is learned from."""
    mean, spread = data.train.mean(0), data.train.std(0)
    spread = np.where(spread > 0, spread, 1)
    return (data.test - mean) / spread, (data.train - mean) / spread


def cut(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return windows to learn from, and those to score, flat."""
    test, train = standardised(data)
    stride = max(STRIDE, ceil(len(train) / MOST))
    pieces = windows(train.astype(np.float32), WINDOW, stride)
    scored = windows(test.astype(np.float32), WINDOW, STRIDE)
    return pieces.reshape(len(pieces), -1), scored.reshape(len(scored), -1)


def spread_out(scores: np.ndarray, steps: int) -> np.ndarray:
    return overlap(np.repeat(scores[:, None], WINDOW, axis=1), steps, STRIDE)


def nab_names() -> list[str]:
    folder = mnist.data_folder() / "nab"
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    return sorted(name for name, found in labels.items() if found and (folder / name).is_file())


def nab(name: str, seed: int) -> Data:
    folder = mnist.data_folder() / "nab"
    spans = json.loads((folder / "labels" / "combined_windows.json").read_text())[name]
    with (folder / name).open() as file:
        rows = list(csv.DictReader(file))
    when = np.array([row["timestamp"] for row in rows], dtype="datetime64[s]")
    x = np.array([float(row["value"]) for row in rows])[:, None]
    inside = [(when >= np.datetime64(a)) & (when <= np.datetime64(b)) for a, b in spans]
    return Data(x, x, np.any(inside, axis=0).astype(int))


def servers(group: str) -> Callable[[], list[str]]:
    return lambda: sorted(file.stem for file in (mnist.data_folder() / group).glob("*.npz"))


def server(group: str) -> Callable[[str, int], Data]:
    def read(name: str, seed: int) -> Data:
        found = np.load(mnist.data_folder() / group / f"{name}.npz")
        x, test = found["train"].astype(float), found["test"].astype(float)
        return Data(x, test, found["test_label"].astype(int))

    return read


def ucr_names() -> list[str]:
    return sorted(each.name for each in (mnist.data_folder() / "ucr").iterdir() if each.is_dir())


def ucr(name: str, seed: int) -> Data:
    random = np.random.default_rng(seed)
    x, y = _ucr_part(name, "TRAIN")
    if name == HALVED:
        order = random.permutation(len(x))
        test_x, test_y = x[order[::2]], y[order[::2]]
        x, y = x[order[1::2]], y[order[1::2]]
    else:
        test_x, test_y = _ucr_part(name, "TEST")
    kinds, many = np.unique(y, return_counts=True)
    kind = kinds[many.argmax()]
    normal, other = test_x[test_y == kind], random.permutation(test_x[test_y != kind])
    pieces, labels = list[np.ndarray](), list[int]()
    for place, each in enumerate(normal, start=1):
        pieces.append(each)
        labels.append(0)
        if place % (ODD - 1) == ODD // 2 and len(other):
            pieces.append(other[len(pieces) % len(other)])
            labels.append(1)
    test = np.concatenate(pieces)[:, None]
    return Data(np.concatenate(x[y == kind])[:, None], test, np.repeat(labels, x.shape[1]))


def _ucr_part(name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    file = mnist.data_folder() / "ucr" / name / f"{name}_{part}.tsv.gz"
    values = np.loadtxt(file)
    return values[:, 1:], values[:, 0].astype(int)


NAMES: dict[str, Callable[[], list[str]]] = {
    "nab": nab_names,
    "asd": servers("asd"),
    "smd": servers("smd"),
    "ucr": ucr_names,
}
READ: dict[str, Callable[[str, int], Data]] = {
    "nab": nab,
    "asd": server("asd"),
    "smd": server("smd"),
    "ucr": ucr,
}


def write() -> None:
    known = _read()
    if not known:
        return
    short = [] if _complete(known) else ["A run that is not through: means over what is there.", ""]
    means = list(_means(known))
    header = ["set", "series", "anomalous", "method", "AP", "VUS-PR", "seconds a series", "peak GB"]
    seeds = sorted({key.rpartition("|")[2] for key in known})
    note = NOTE.format(
        window=WINDOW,
        odd=ODD,
        halved=HALVED,
        limit=LIMIT_GB,
        seeds=", ".join(seeds),
        machine=machine.describe(),
    )
    by_series = ["", "Series by series, VUS-PR:", "", *_by_series(known), ""]
    record(SECTION, [*short, *table(header, means), *by_series, note])


def _means(known: dict[str, list[float]]) -> Iterator[list[str]]:
    for group in SETS:
        for method in METHODS:
            runs = [
                found
                for key, found in known.items()
                if key.split("|")[0] == group and key.split("|")[2] == method
            ]
            if runs:
                area, volume, took, _, share, _ = np.mean(runs, axis=0)
                peak = max(run[3] for run in runs)
                yield [
                    group,
                    str(len(runs)),
                    f"{100 * share:.1f} %",
                    method,
                    f"{area:.3f}",
                    f"{volume:.3f}",
                    f"{took:.1f}",
                    f"{peak:.2f}" + (" (over)" if peak > LIMIT_GB else ""),
                ]


def _by_series(known: dict[str, list[float]]) -> list[str]:
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for key, figures in known.items():
        group, name, method, _ = key.split("|")
        told = Path(name).stem
        found.setdefault((group, told), {}).setdefault(method, []).append(figures[1])
    rows = [
        [group, name, *(f"{np.mean(each[m]):.3f}" if m in each else "—" for m in METHODS)]
        for (group, name), each in sorted(found.items())
    ]
    return table(["set", "series", *METHODS], rows)


def _complete(known: dict[str, list[float]]) -> bool:
    return all(
        f"{group}|{name}|{method}|0" in known
        for group in SETS
        for name in NAMES[group]()
        for method in METHODS
    )


def _read() -> dict[str, list[float]]:
    return json.loads(CACHE.read_text()) if CACHE.is_file() else {}


if __name__ == "__main__":
    main()
