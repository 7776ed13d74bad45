"""Intrinsic dimension: manifolds whose dimension is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, make_swiss_roll

from isthmus import intrinsic_dimension
from isthmus.errors import CompositionError, DataError

DRAW = np.random.default_rng(0)
N = 2000


def torus() -> np.ndarray:
    a, b = DRAW.uniform(0, 2 * np.pi, (2, N))
    ring = 3 + np.cos(a)
    return np.stack([ring * np.cos(b), ring * np.sin(b), np.sin(a)], axis=1)


MANIFOLDS = {
    "line": (np.outer(DRAW.normal(size=N), [1.0, -2.0, 0.5]), 1),
    "swiss roll": (make_swiss_roll(N, random_state=0)[0], 2),
    "torus": (torus(), 2),
    "five in twenty": (DRAW.normal(size=(N, 5)) @ DRAW.normal(size=(5, 20)), 5),
}


@pytest.mark.parametrize("method", ["twonn", "mle"])
@pytest.mark.parametrize("name", MANIFOLDS)
def test_a_known_dimension_is_found(name, method):
    X, true = MANIFOLDS[name]
    found = intrinsic_dimension(X, method)
    assert found.estimate == pytest.approx(true, rel=0.1)
    assert found.latent_dim == true
    assert 0 < found.spread < 0.1 * true
    assert found.rows == N


def test_the_spread_falls_with_the_rows():
    X, _ = MANIFOLDS["five in twenty"]
    few, many = (intrinsic_dimension(X[:n]).spread for n in (200, N))
    assert few > 1.6 * many


def test_the_spread_is_that_of_other_draws():
    draws = [DRAW.normal(size=(400, 3)) for _ in range(30)]
    found = [intrinsic_dimension(each) for each in draws]
    spread = np.std([each.estimate for each in found])
    assert 0.5 < np.mean([each.spread for each in found]) / spread < 2


def test_copies_and_many_rows_change_nothing_much():
    X, true = MANIFOLDS["torus"]
    twice = np.concatenate([X, X])
    assert intrinsic_dimension(twice).estimate == intrinsic_dimension(X).estimate
    assert intrinsic_dimension(X, rows=500).rows == 500
    assert intrinsic_dimension(X, rows=500).estimate == pytest.approx(true, rel=0.15)


def test_pictures_and_tables_have_one_too():
    assert 5 < intrinsic_dimension(load_digits().images[:600]).estimate < 12
    height = DRAW.normal(size=400)
    frame = pd.DataFrame({"cm": height, "inch": height / 2.54, "sex": DRAW.choice(["f", "m"], 400)})
    assert intrinsic_dimension(frame).latent_dim == 1


def test_what_can_not_be_told_is_refused():
    with pytest.raises(DataError, match="at least 30"):
        intrinsic_dimension(np.eye(20))
    grid = np.stack(np.meshgrid(range(20), range(20)), -1).reshape(-1, 2)
    with pytest.raises(DataError, match="as on a grid"):
        intrinsic_dimension(grid)
    assert 1.5 < intrinsic_dimension(grid, "mle").estimate < 2.5
    with pytest.raises(CompositionError, match="'twonn' or 'mle'"):
        intrinsic_dimension(np.eye(40), "pca")
    with pytest.raises(CompositionError, match="rows=5"):
        intrinsic_dimension(np.eye(40), rows=5)
