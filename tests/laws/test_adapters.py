"""Laws of adapters: from the user's data to a batch, and back to the user's own kind."""

import json

import numpy as np
import pytest
import torch
from members import digits, looked_up, made, texts, wine
from sklearn.base import clone

from isthmus.adapters import Adapter
from isthmus.errors import DataError

# What each member is tried on.
DATA = {
    "Vectors": {
        "floats": wine(),
        "single": wine().astype(np.float32),
        "whole": np.rint(wine()).astype(int),
        "bytes": np.rint(wine() % 200).astype(np.uint8),
        "yes or no": wine() > wine().mean(axis=0),
        "constant": np.column_stack([wine(), np.full(178, 7.5)]),
        "holes": wine(holes=True),
        "a column of holes": np.column_stack([wine(), np.full(178, np.nan)]),
    },
    "Images": {
        "floats": digits(),
        "within one": digits() / 16,
        "bytes": np.rint(digits() * 15).astype(np.uint8),
        "black and white": digits() > 8,
        "black and white bytes": (digits() > 8).astype(np.uint8) * 255,
        "colour": np.rint(np.stack([digits(), 16 - digits(), digits() / 2], axis=3)).astype("u1"),
        "constant": np.full((5, 4, 4), 3.5),
        "holes": np.where(digits() == 3, np.nan, digits()),
    },
}
CASES = [
    pytest.param(text, kind, id=f"{text} {kind}")
    for text in texts(Adapter)
    for kind in looked_up(DATA, made(text), "DATA in test_adapters.py")
]
EVERY = pytest.mark.parametrize(("text", "kind"), CASES)


def fitted_to(text, kind):
    X = DATA[type(made(text)).__name__][kind].copy()
    return made(text).fit(X), X


@EVERY
def test_what_went_in_comes_back(text, kind):
    adapter, X = fitted_to(text, kind)
    back = adapter.inverse_transform(adapter.transform(X).x)
    known = ~np.isnan(X)
    assert type(back) is type(X)
    assert back.dtype == X.dtype
    assert back.shape == X.shape
    np.testing.assert_allclose(back[known], X[known], rtol=1e-5, atol=1e-4)


@EVERY
def test_the_batch_is_as_the_space_says(text, kind):
    adapter, X = fitted_to(text, kind)
    batch, space = adapter.transform(X), adapter.space_
    assert batch.x.shape == (len(X), *space.shape)
    assert batch.x.dtype == torch.float32
    assert batch.x.isfinite().all()
    assert (batch.observed is not None) == space.holes == np.isnan(X).any()
    if space.holes:
        assert batch.observed.shape == batch.x.shape
        assert (~batch.observed).sum() == np.isnan(X).sum()
        assert (batch.x[~batch.observed] == 0).all()
    if space.support in ("unit", "binary"):
        assert 0 <= batch.x.min() <= batch.x.max() <= 1
    if space.support == "binary":
        assert set(batch.x.unique().tolist()) <= {0.0, 1.0}


@EVERY
def test_a_slice_of_the_rows_is_a_slice_of_the_batch(text, kind):
    adapter, X = fitted_to(text, kind)
    rows = adapter.rows(X)
    assert len(rows) == len(X)
    assert torch.equal(adapter.batch(rows[2:5]).x, adapter.transform(X).x[2:5])


@EVERY
def test_what_was_learned_survives_json(text, kind):
    adapter, X = fitted_to(text, kind)
    again = clone(adapter)
    again.space_ = adapter.space_
    again.restore(json.loads(json.dumps(adapter.facts())))
    batch = adapter.transform(X)
    assert torch.equal(again.transform(X).x, batch.x)
    back = again.inverse_transform(batch.x)
    assert np.array_equal(back, adapter.inverse_transform(batch.x))
    assert back.dtype == X.dtype
    assert vars(again).keys() == vars(adapter).keys()


@EVERY
def test_its_volume_is_how_far_x_moves_with_the_data(text, kind):
    adapter, _ = fitted_to(text, kind)
    space = adapter.space_
    volume = adapter.log_volume().expand(space.shape).exp().ravel()
    adapter.restore(adapter.facts() | {"dtype": "float64"})
    low, high = (
        adapter.inverse_transform(torch.full((1, *space.shape), each)) for each in (0.25, 0.75)
    )
    np.testing.assert_allclose(volume, 0.5 / (high - low).ravel(), rtol=1e-5)


@EVERY
def test_one_row_stands_alone_or_in_a_table_of_one(text, kind):
    adapter, X = fitted_to(text, kind)
    for row in (X[0], X[:1]):
        assert np.array_equal(adapter.one(row), X[:1], equal_nan=X.dtype.kind == "f")
    with pytest.raises(DataError, match=r"2 rows .*one was expected"):
        adapter.one(X[:2])


@EVERY
def test_data_are_left_as_they_were(text, kind):
    adapter, X = fitted_to(text, kind)
    before = X.copy()
    X.flags.writeable = False
    clone(adapter).fit(X)
    adapter.transform(X)
    assert np.array_equal(X, before, equal_nan=X.dtype.kind == "f")
