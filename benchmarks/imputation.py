"""Holes filled: Imputer beside scikit-learn's, on five tables, at three rates, in two ways.

at random:      a cell is hidden with probability r
not at random:  with probability 2 r u, u the rank of its own value in its column, 0 to 1;
                categories are ranked in a drawn order, all rows of one by the middle of theirs

numbers: the mean of ((filled - true) / std of the column)^2 over hidden cells
categories: the share of hidden cells filled with another

python benchmarks/imputation.py [run | ranks] [--tables NAME …] [--rates 0.5 …]
"""

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from torch import full_like

import machine
import results
from isthmus import Imputer
from mnist import data_folder

SECTION = "Imputation"
RANKS = "Imputation: mean ranks"
TARGET = 0.287
RATES = (0.1, 0.3, 0.5)
WAYS = ("at random", "not at random")
METHODS = ("Imputer", "networks", "joint normal", "ridge", "forest", "neighbours", "mean")
RIVALS = ("ridge", "forest", "neighbours", "mean")
HEADER = ("table, what, hidden", *METHODS)
MOST = 8_000
MASKS = {"breast cancer": 3}
# (trees, rounds) of the forest, rounds of ridge: on 8,000 rows of 21 columns they take minutes.
SMALL, LARGE = (20, 5, 10), (10, 2, 4)

NOTE = """`python benchmarks/imputation.py`. Error of the hidden cells: of numbers squared, in
variances of the column ("numbers"); of categories the share filled with another ("categories").
Each imputer is fitted to the table with holes and fills it. "At random": each cell is hidden with
probability r. "Not at random": with probability 2 r u, u the rank of its own value in its column,
from 0 to 1, so that large values hide; categories are ranked in a drawn order. The mean of 3
masks for breast cancer, one for each of the others; of adult and bank marketing 8,000 rows.
Numbers of two different values count as categories. `Imputer()` at its defaults; "networks" and
"joint normal" are its two halves alone, from the same fit. ridge: `IterativeImputer()`, Bayesian
ridge, on standardised numbers and one-hot categories. neighbours: `KNNImputer()` on the same.
forest: `IterativeImputer` with a `RandomForestRegressor` on numbers and codes of categories,
rounded: {trees} trees, {rounds} rounds, leaves of 5. On the two large tables the forest has
{large_trees} trees and {large_rounds} rounds, and ridge {large_ridge} rounds of its usual
{ridge}, for the time they take. mean: the mean, or the most frequent category. "time": the
processor's, for a table. {machine}, beside other work, one thread."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", nargs="?", default="run", choices=("run", "ranks"))
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--rates", nargs="*", type=float, default=RATES)
    chosen = parser.parse_args(arguments)
    if chosen.what == "run":
        for rate in chosen.rates:
            for name in chosen.tables:
                for way in WAYS:
                    measure(name, rate, way)
    ranks()


def measure(name: str, rate: float, way: str) -> None:
    effort = LARGE if name in ("adult", "bank marketing") else SMALL
    found: dict[str, list[tuple[float, float]]] = {}
    spent: dict[str, list[float]] = {}
    X = TABLES[name]()
    for seed in range(1, MASKS.get(name, 1) + 1):
        hidden = mask(X, rate, way, seed)
        holes = X.mask(hidden)
        began = time.process_time()
        for method, filled in completed(holes, effort, seed):
            found.setdefault(method, []).append(errors(X, hidden, filled))
            spent.setdefault(method, []).append(time.process_time() - began)
            began = time.process_time()
    for place, what in enumerate(("numbers", "categories")):
        means = [np.mean([each[place] for each in found[method]]) for method in METHODS]
        if not np.isnan(means[0]):
            _record(f"{name}, {what}, {rate:.0%} {way}", [f"{each:.3f}" for each in means])
    seconds = [f"{np.mean(spent[method]):.1f} s" for method in METHODS]
    _record(f"{name}, time, {rate:.0%} {way}", seconds)


def completed(X: pd.DataFrame, effort: tuple[int, int, int], seed: int) -> Any:
    """Yield each method's name with the table it fills."""
    trees, rounds, of_ridge = effort
    imputer = Imputer(random_state=seed).fit(X)
    yield "Imputer", imputer.transform(X)
    blend = imputer.blend_
    for method, weight in (("networks", 1.0), ("joint normal", 0.0)):
        imputer.blend_ = replace(blend, weight=full_like(blend.weight, weight))
        yield method, imputer.transform(X)
    forest = RandomForestRegressor(trees, min_samples_leaf=5, random_state=seed)
    yield "ridge", one_hot(X, IterativeImputer(max_iter=of_ridge, random_state=seed))
    yield "forest", coded(X, IterativeImputer(forest, max_iter=rounds, random_state=seed))
    yield "neighbours", one_hot(X, KNNImputer())
    yield "mean", one_hot(X, SimpleImputer())


def one_hot(X: pd.DataFrame, imputer: Any) -> pd.DataFrame:
    """Fill standardised numbers and one-hot categories; the largest of a category's is it."""
    numbers, categories = _kinds(X)
    mean, std = X[numbers].mean(), X[numbers].std(ddof=0).replace(0, 1)
    parts, levels = [(X[numbers] - mean) / std], {}
    for name in categories:
        codes, levels[name] = pd.factorize(X[name], sort=True)
        wide = np.eye(len(levels[name]))[codes]
        wide[codes < 0] = np.nan
        parts.append(pd.DataFrame(wide, index=X.index))
    filled = _quietly(imputer, np.hstack(parts))
    made, first = X.copy(), len(numbers)
    made[numbers] = filled[:, :first] * std.to_numpy() + mean.to_numpy()
    for name in categories:
        last = first + len(levels[name])
        made[name] = np.asarray(levels[name])[filled[:, first:last].argmax(1)]
        first = last
    return made


def coded(X: pd.DataFrame, imputer: Any) -> pd.DataFrame:
    """Fill numbers, and codes of categories, the commonest first, which are rounded."""
    numbers, categories = _kinds(X)
    values, levels = X[numbers].copy(), {}
    for name in categories:
        levels[name] = X[name].value_counts().index
        codes = levels[name].get_indexer(X[name])
        values[name] = np.where(codes < 0, np.nan, codes)
    filled = pd.DataFrame(_quietly(imputer, values.to_numpy()), X.index, [*numbers, *categories])
    for name in categories:
        codes = filled[name].round().clip(0, len(levels[name]) - 1).astype(int)
        filled[name] = levels[name].to_numpy()[codes]
    return filled[X.columns]


def mask(X: pd.DataFrame, rate: float, way: str, seed: int) -> np.ndarray:
    """Return which known cells to hide, ``(rows, columns)``."""
    rng = np.random.default_rng(seed)
    draw, share = rng.random(X.shape), np.full(X.shape, rate)
    if way == "not at random":
        for place, name in enumerate(X.columns):
            codes, levels = pd.factorize(X[name], sort=True)
            order = np.arange(len(levels)) if name in _kinds(X)[0] else rng.permutation(len(levels))
            ranks = (rankdata(np.append(order, -1)[codes]) - 0.5) / len(X)
            share[:, place] = 2 * rate * ranks
    return (draw < share) & X.notna().to_numpy()


def errors(X: pd.DataFrame, hidden: np.ndarray, filled: pd.DataFrame) -> tuple[float, float]:
    """Return the error of numbers and of categories."""
    numbers, categories = _kinds(X)
    at = [X.columns.get_loc(name) for name in numbers]
    off = (filled[numbers] - X[numbers]).to_numpy(float) / X[numbers].std(ddof=0).to_numpy()
    of_numbers = np.square(off)[hidden[:, at]].mean()
    if not categories:
        return float(of_numbers), float("nan")
    at = [X.columns.get_loc(name) for name in categories]
    wrong = (filled[categories].astype(str) != X[categories].astype(str)).to_numpy()
    return float(of_numbers), float(wrong[hidden[:, at]].mean())


def ranks() -> None:
    """Write down in which place each method comes, on the mean."""
    rows = [each for each in _recorded() if ", time, " not in each[0]]
    values = np.array([[float(cell) for cell in row[1:]] for row in rows])
    places = [METHODS.index(each) for each in ("Imputer", *RIVALS)]
    ranked = rankdata(values[:, places], axis=1)
    lines = results.table(
        ("rows", "Imputer", *RIVALS),
        [
            (what, *(f"{each:.2f}" for each in ranked[chosen].mean(0)))
            for what, chosen in _groups([row[0] for row in rows])
        ],
    )
    best = 1 + values[:, places[1:]].argmin(1)
    behind = [
        f"- {row[0]}: {value[0]:.3f}, {RIVALS[at - 1]} {value[places][at]:.3f}"
        for row, value, at in zip(rows, values, best, strict=True)
        if value[0] > value[places][at]
    ]
    where = ["", "Where another is ahead:", "", *behind] if behind else ["", "Ahead everywhere."]
    results.record(RANKS, [*lines, *where])


def _recorded() -> list[list[str]]:
    """Return the rows of the results that are there."""
    body = results.RESULTS.read_text().partition(f"## {SECTION}\n")[2].partition("\n## ")[0]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _groups(names: list[str]) -> list[tuple[str, np.ndarray]]:
    parts = ("numbers", "categories", "10%", "30%", "50%", "not at random", *TABLES)
    groups = [(each, np.array([each in name for name in names])) for each in parts]
    groups.insert(0, ("all", np.ones(len(names), dtype=bool)))
    return [(f"{each} ({chosen.sum()})", chosen) for each, chosen in groups if chosen.any()]


def _record(first: str, cells: list[str]) -> None:
    (trees, rounds, ridge), (large_trees, large_rounds, large_ridge) = SMALL, LARGE
    note = NOTE.format(
        trees=trees,
        rounds=rounds,
        ridge=ridge,
        large_trees=large_trees,
        large_rounds=large_rounds,
        large_ridge=large_ridge,
        machine=machine.describe(),
    )
    print(first, *cells, flush=True)
    results.record_row(SECTION, HEADER, [first, *cells], note)


def _kinds(X: pd.DataFrame) -> tuple[list[str], list[str]]:
    numeric = [name for name in X.columns if pd.api.types.is_numeric_dtype(X[name])]
    numbers = [name for name in numeric if X[name].nunique() > 2]
    return numbers, [name for name in X.columns if name not in numbers]


def _quietly(imputer: Any, values: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ten rounds are scikit-learn's own default
        return imputer.fit_transform(values)


def _breast_cancer() -> pd.DataFrame:
    return load_breast_cancer(as_frame=True).data


def _abalone() -> pd.DataFrame:
    return _read("abalone/abalone.csv", header=None)


def _adult() -> pd.DataFrame:
    return _read("adult/adult-train.csv.gz", header=None, skipinitialspace=True, na_values="?")


def _bank() -> pd.DataFrame:
    return _read("bank_marketing/bank-additional-full.csv.gz", sep=";")


def _german() -> pd.DataFrame:
    return _read("german_credit/german.csv", header=None)


def _read(path: str, **how: Any) -> pd.DataFrame:
    X = pd.read_csv(data_folder() / path, **how)
    X.columns = [str(name) for name in X.columns]
    return X.sample(min(MOST, len(X)), random_state=0, ignore_index=True)


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "breast cancer": _breast_cancer,
    "german credit": _german,
    "abalone": _abalone,
    "bank marketing": _bank,
    "adult": _adult,
}

if __name__ == "__main__":
    main()
