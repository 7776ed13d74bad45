"""Synthetic tables: a classifier trained on rows that were made, tested on real ones.

    F1(h_synthetic; real test)  beside  F1(h_real; real test),   h: gradient boosting

Train on synthetic, test on real (Esteban, Hyland and Raetsch, 2017). The F1 is the mean of both
classes', as TabDDPM and others report it. Beside it stands how far synthetic rows are from the
closest row of training, and the same for real rows that were not trained on.

`TVAE` is the Synthetic Data Vault's, of the package ctgan, with its own defaults. It is given at
least as many seconds as Isthmus took.
"""

import argparse
import gzip
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import f1_score, roc_auc_score

from isthmus import Generator
from machine import describe
from mnist import data_folder
from results import record_row

COLUMNS = [
    *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation"),
    *("relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week"),
    *("native-country", "income"),
]
SEEDS = 3
HEADER = (
    "Trained on",
    "F1 (both classes)",
    "AUROC",
    "seconds to fit",
    "closest record, median",
    "5th percentile",
    "exact copies",
)
CODED = ("SEX", "EDUCATION", "MARRIAGE", "PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")


class Task(NamedTuple):
    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    positive: str


def adult() -> Task:
    """The census: the split that it was published with; `?` is a value like any other."""

    def read(part: str) -> pd.DataFrame:
        with gzip.open(data_folder() / "adult" / f"adult-{part}.csv.gz", "rt") as file:
            frame = pd.read_csv(
                file, header=None, names=COLUMNS, skipinitialspace=True, keep_default_na=False
            )
        return frame.assign(income=frame["income"].str.rstrip("."))

    return Task(read("train"), read("test"), "income", ">50K")


def credit() -> Task:
    """Card clients: 20,000 rows to learn from, the other 10,000 to test."""
    with gzip.open(data_folder() / "default_credit" / "UCI_Credit_Card.csv.gz", "rt") as file:
        frame = pd.read_csv(file).drop(columns="ID").sample(frac=1, random_state=0)
    target = str(frame.columns[-1])
    frame = frame.astype(dict.fromkeys((*CODED, target), str)).reset_index(drop=True)
    return Task(frame[:20_000], frame[20_000:].reset_index(drop=True), target, "1")


def bank() -> Task:
    """Calls of a bank: 30,000 rows to learn from, the others to test."""
    with gzip.open(data_folder() / "bank_marketing" / "bank-additional-full.csv.gz", "rt") as file:
        frame = pd.read_csv(file, sep=";").sample(frac=1, random_state=0).reset_index(drop=True)
    return Task(frame[:30_000], frame[30_000:].reset_index(drop=True), "y", "yes")


TASKS: dict[str, Callable[[], Task]] = {"adult": adult, "credit": credit, "bank": bank}


def utility(rows: pd.DataFrame, task: Task) -> np.ndarray:
    """Return F1 and AUROC on the real test rows, the mean over three seeds of the classifier."""
    both = pd.concat([rows[task.test.columns], task.test], ignore_index=True)
    X = both.drop(columns=task.target)
    words = [name for name in X if X[name].dtype.kind not in "if"]
    X = X.assign(**{name: pd.Categorical(X[name]).codes for name in words})
    y = (both[task.target] == task.positive).to_numpy()
    n, found = len(rows), []
    for seed in range(3):
        model = HistGradientBoostingClassifier(
            early_stopping=True, categorical_features=words, random_state=seed
        ).fit(X[:n], y[:n])
        told = model.predict_proba(X[n:])[:, 1]
        found.append((f1_score(y[n:], told > 0.5, average="macro"), roc_auc_score(y[n:], told)))
    return np.mean(found, axis=0)


def isthmus_rows(task: Task, seed: int) -> tuple[pd.DataFrame, float, Generator]:
    start = time.process_time()
    generator = Generator(random_state=seed).fit(task.train)
    seconds = time.process_time() - start
    return generator.sample(len(task.train), random_state=seed), seconds, generator


def tvae_rows(task: Task, seed: int, epochs: int) -> tuple[pd.DataFrame, float]:
    from ctgan import TVAE

    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - it draws from there
    words = [name for name in task.train if task.train[name].dtype.kind not in "if"]
    start = time.process_time()
    model = TVAE(epochs=epochs, enable_gpu=False)
    model.fit(task.train, words)
    return model.sample(len(task.train)), time.process_time() - start


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", default="adult", choices=list(TASKS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--alone", action="store_true", help="leave TVAE out")
    given = parser.parse_args(argv)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    task = TASKS[given.data]()
    runs: dict[str, list[Any]] = {"Isthmus `Generator`": [], "`TVAE`": []}
    for seed in range(given.seeds):
        rows, seconds, generator = isthmus_rows(task, seed)
        runs["Isthmus `Generator`"].append(_run(rows, seconds, generator, task))
        print(f"isthmus {seed}: {runs['Isthmus `Generator`'][-1]}", flush=True)
        if given.alone:
            continue
        epochs, took = 300, 0.0
        while took < seconds:
            rows, took = tvae_rows(task, seed, epochs)
            epochs = int(epochs * 1.1 * max(1.0, seconds / took))
        runs["`TVAE`"].append(_run(rows, took, generator, task))
        print(f"tvae {seed}: {runs['`TVAE`'][-1]}", flush=True)
    section, note = _section(given.data), _note(given, task)
    held_out = generator.privacy(task.test[:2000], task.train).synthetic
    real = [*utility(task.train, task), np.nan, held_out.median, held_out.fifth, held_out.copies]
    for name, found in (("real rows", [real]), *runs.items()):
        if found:
            record_row(section, HEADER, _cells(name, np.array(found)), note)


def _run(rows: pd.DataFrame, seconds: float, generator: Generator, task: Task) -> list[float]:
    close = generator.privacy(rows[:2000], task.train).synthetic
    return [*utility(rows, task), seconds, close.median, close.fifth, close.copies]


def _cells(name: str, runs: np.ndarray) -> list[str]:
    mean, spread = runs.mean(0), runs.std(0)
    f1 = f"{mean[0]:.3f}" + (f" ± {spread[0]:.3f}" if len(runs) > 1 else "")
    seconds = "" if np.isnan(mean[2]) else f"{mean[2]:.0f}"
    return [
        name,
        f1,
        f"{mean[1]:.3f}",
        seconds,
        *(f"{each:.2f}" for each in mean[3:5]),
        f"{mean[5]:.2%}",
    ]


def _section(data: str) -> str:
    return f"Synthetic tables: `{data}`"


def _note(given: argparse.Namespace, task: Task) -> str:
    published = (
        "Published, with CatBoost: real .815, TVAE .781 (TabDDPM's table). "
        if given.data == "adult"
        else ""
    )
    rival = (
        ""
        if given.alone
        else f"; `TVAE` (ctgan {_version()}) is given at least as many as Isthmus took, and 300 "
        "epochs at least"
    )
    return (
        f"`python benchmarks/run.py synthetic{'' if given.data == 'adult' else '-' + given.data}`: "
        f"{len(task.train):,} rows to learn from, as many made, tested on {len(task.test):,} real "
        f"ones; scikit-learn's histogram gradient boosting, {given.seeds} seed"
        f"{'s' * (given.seeds > 1)} of each generator, three of the classifier. {published}Seconds "
        f"are those of one processor core, in one thread, beside other work{rival}. The closest "
        "record: of 2,000 rows, Euclidean over the scaled cells, two categories that differ 1 "
        f"apart; for real rows, those of the test set. {describe()}"
    )


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ctgan")
    except PackageNotFoundError:
        return "(absent)"


if __name__ == "__main__":
    main()
