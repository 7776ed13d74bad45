"""Anomalies: one default detector on 35 sets, beside its peers; and fraud and intrusions.

python benchmarks/anomaly.py [adbench | fraud] [--peers] [--seeds 3] [--write]
"""

import argparse
import csv
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler

import machine
import mnist
from isthmus import AnomalyDetector
from results import record, table

SECTION = "Anomalies: 35 sets of ADBench"
FOLDER = mnist.data_folder() / "adbench"
CACHE = Path(__file__).resolve().parent / ".cache"
SETTINGS = ("semi-supervised", "unsupervised")
TARGETS = {"semi-supervised": (87.0, 86.98), "unsupervised": (78.5, 78.35)}
MOST = 50_000
OURS, PYOD = "AnomalyDetector", ("PyOD AutoEncoder", "PyOD VAE")
Scores = np.ndarray
Method = Callable[[np.ndarray, np.ndarray, str, int], Scores]
NOTE = """Area under the ROC curve in percent, higher is better. Settings as in
`published_auroc.csv`: semi-supervised, trained on half of the normal rows, tested on the other
half and all anomalies (`AnomalyDetector(clean=True)`: that the rows of training are normal is all
that it is told); unsupervised, trained and scored on everything, labels unseen
(`AnomalyDetector()`). At most 50,000 rows of a set, drawn by the seed. One default for all sets,
nothing tuned to any; the default was chosen by the means over these sets at seed 0, on at most
6,000 rows of training, so that seeds 1 and 2 are new splits, not new sets. Peers with their own
defaults on the same splits: scikit-learn's IsolationForest and LocalOutlierFactor, the distance
to the fifth neighbour after standardising, and PyOD's AutoEncoder and VAE, {pyod}. Published
columns are means over 5 seeds of others' splits; small sets were filled up to 1,000 rows there by
repeating some, here not. Time: of the processor, training and scoring of the 35 sets once, in
minutes, on one thread beside other work.

`python benchmarks/run.py anomaly`, resumed from `benchmarks/.cache` where it was cut off.
Measured on: {machine}."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("adbench", "fraud"), default="adbench")
    parser.add_argument("--peers", action="store_true", help="PyOD's alone")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write what is there, run nothing")
    given = parser.parse_args(arguments)
    if given.what == "fraud":
        import anomaly_tables

        anomaly_tables.main()
        return
    if not given.write:
        groups = [PYOD] if given.peers else [tuple(METHODS), PYOD]
        for group in groups:
            run(group, 1 if group is PYOD else given.seeds)
    write()


def run(methods: tuple[str, ...], seeds: int) -> None:
    """Run what is not in the cache yet, small sets first, and keep each figure as it comes."""
    file = CACHE / f"anomaly-{'pyod' if methods is PYOD else 'ours'}.json"
    CACHE.mkdir(exist_ok=True)
    known = _read(file)
    for seed in range(seeds):
        for name, X, y in sets():
            for setting in SETTINGS:
                train, test, labels = split(X, y, setting, seed)
                for method in methods:
                    key = f"{setting}|{name}|{method}|{seed}"
                    if key in known:
                        continue
                    known[key] = measured(method, train, test, labels, setting, seed)
                    print(key, *(round(each, 2) for each in known[key]), flush=True)
                    file.write_text(json.dumps(known, indent=0))


def sets() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for file in sorted(FOLDER.glob("*.npz"), key=lambda file: file.stat().st_size):
        found = np.load(file)
        name = file.stem.partition("_")[2].lower()
        yield name, found["X"].astype(np.float64), found["y"].ravel().astype(int)


def split(
    X: np.ndarray, y: np.ndarray, setting: str, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows to train on, rows to test on, and which of those are anomalies."""
    order = np.random.default_rng(seed).permutation(len(X))[:MOST]
    X, y = X[order], y[order]
    if setting == "unsupervised":
        return X, X, y
    normal = np.flatnonzero(y == 0)
    half, test = normal[: len(normal) // 2], np.ones(len(X), bool)
    test[half] = False
    return X[half], X[test], y[test]


def measured(
    method: str, train: np.ndarray, test: np.ndarray, labels: np.ndarray, setting: str, seed: int
) -> list[float]:
    """Return the area in percent, and the seconds of the processor."""
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = {**METHODS, **PEERS}[method](train, test, setting, seed)
    took = time.process_time() - began
    return [100 * float(roc_auc_score(labels, np.nan_to_num(scores))), took]


def ours(train: np.ndarray, test: np.ndarray, setting: str, seed: int) -> Scores:
    detector = AnomalyDetector(clean=setting == "semi-supervised", random_state=seed)
    return -detector.fit(train).score_samples(test)


def forest(train: np.ndarray, test: np.ndarray, setting: str, seed: int) -> Scores:
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def lof(train: np.ndarray, test: np.ndarray, setting: str, seed: int) -> Scores:
    scaler = StandardScaler().fit(train)
    if setting == "unsupervised":
        return -LocalOutlierFactor().fit(scaler.transform(train)).negative_outlier_factor_
    detector = LocalOutlierFactor(novelty=True).fit(scaler.transform(train))
    return -detector.score_samples(scaler.transform(test))


def neighbours(train: np.ndarray, test: np.ndarray, setting: str, seed: int) -> Scores:
    scaler = StandardScaler().fit(train)
    near = NearestNeighbors(n_neighbors=5).fit(scaler.transform(train))
    own = None if setting == "unsupervised" else scaler.transform(test)
    return near.kneighbors(own)[0][:, -1]


def autoencoder(train: np.ndarray, test: np.ndarray, setting: str, seed: int) -> Scores:
    from pyod.models.auto_encoder import AutoEncoder

    return AutoEncoder(random_state=seed, verbose=0).fit(train).decision_function(test)


def vae(train: np.ndarray, test: np.ndarray, setting: str, seed: int) -> Scores:
    from pyod.models.vae import VAE

    return VAE(random_state=seed, verbose=0).fit(train).decision_function(test)


METHODS: dict[str, Method] = {
    OURS: ours,
    "IsolationForest": forest,
    "LocalOutlierFactor": lof,
    "nearest neighbours": neighbours,
}
PEERS: dict[str, Method] = dict(zip(PYOD, (autoencoder, vae), strict=True))


def write() -> None:
    """Write the table: the means, the time, and ours beside the best of others set by set."""
    known = _read(CACHE / "anomaly-ours.json") | _read(CACHE / "anomaly-pyod.json")
    found: dict[tuple[str, str], dict[str, list[list[float]]]] = {}
    for key, figure in sorted(known.items()):  # in the order of the seeds
        setting, name, method, _ = key.split("|")
        found.setdefault((setting, method), {}).setdefault(name, []).append(figure)
    done = min(len(found.get((s, m), {})) for s in SETTINGS for m in (*METHODS, *PYOD))
    short = "A run that is not through: rows of fewer than 35 sets are means over other sets."
    lead = "Mean over the sets:" if done == 35 else f"Mean over the sets. {short}"
    lines = [lead, "", *_means(found), "", "Set by set, means over the seeds:", ""]
    pyod = {len(each) for (_, m), sets in found.items() if m in PYOD for each in sets.values()}
    told = "one seed" if pyod <= {1} else f"{max(pyod)} seeds"
    note = NOTE.format(pyod=told, machine=machine.describe())
    record(SECTION, [*lines, *_by_set(found), "", note])


def _means(found: dict[tuple[str, str], dict[str, list[list[float]]]]) -> list[str]:
    rows: list[list[str]] = []
    for method in (*METHODS, *PYOD):
        row = [method]
        for setting in SETTINGS:
            sets = found.get((setting, method), {})
            runs = min((len(each) for each in sets.values()), default=0)
            by_seed = [np.mean([each[s][0] for each in sets.values()]) for s in range(runs)]
            minutes = sum(np.mean([run[1] for run in each]) for each in sets.values()) / 60
            told = f"{np.mean(by_seed):.2f} ({', '.join(f'{each:.2f}' for each in by_seed)})"
            row += [told if runs else "—", str(len(sets)), f"{minutes:.1f}"]
        rows.append(row)
    published = _published()
    for method in ("DTE-NP", "KNN", "IForest", "VAE"):
        row = [f"published {method}"]
        for setting in SETTINGS:
            everywhere = {name: float(each[method]) for name, each in published[setting].items()}
            here = [each for name, each in everywhere.items() if name in found[setting, OURS]]
            told = f"{np.mean(list(everywhere.values())):.2f}"
            if len(here) < len(everywhere):
                told += f" ({np.mean(here):.2f} on the {len(here)} of ours)"
            row += [told, "35", ""]
        rows.append(row)
    rows.append(["**target**", "**87.0**", "", "", "**78.5**", "", ""])
    header = ["method"]
    for setting in SETTINGS:
        header += [f"{setting} (each seed)", "sets", "minutes"]
    return table(header, rows)


def _by_set(found: dict[tuple[str, str], dict[str, list[list[float]]]]) -> list[str]:
    names = sorted(found[SETTINGS[0], OURS])
    rows: list[list[str]] = []
    for name in names:
        row = [name]
        for setting in SETTINGS:
            for method in (*METHODS, *PYOD):
                runs = found.get((setting, method), {}).get(name)
                row.append(f"{np.mean([run[0] for run in runs]):.1f}" if runs else "—")
        rows.append(row)
    short = ["ours", "IF", "LOF", "NN", "AE", "VAE"]
    return table(["set", *(f"{s[:1]}: {each}" for s in SETTINGS for each in short)], rows)


def _published() -> dict[str, dict[str, dict[str, str]]]:
    with (FOLDER / "published_auroc.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {s: {row["dataset"]: row for row in rows if row["setting"] == s} for s in SETTINGS}


def _read(file: Path) -> dict[str, list[float]]:
    return json.loads(file.read_text()) if file.is_file() else {}


if __name__ == "__main__":
    main()
