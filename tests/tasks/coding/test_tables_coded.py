"""Tables: whatever their columns hold comes back, and damage is told."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus import VAE, Compressor, Dense, Tables
from isthmus.errors import DataError
from isthmus.tasks.coding.container import Container, read


def fitted(X, y=None, cls=VAE, **settings):
    usual = {"latent_dim": 3, "backbone": Dense((24,)), "epochs": 4, "learning_rate": 5e-3}
    return cls(**(usual | settings), random_state=0, verbose=False).fit(X, y)


def forged(whole, code=None, **told):
    container = read(whole)
    blobs = container.blobs if code is None else container.blobs | {"code": code}
    return Container(container.model, container.about | told, blobs).written()


@pytest.fixture(scope="module")
def mixed():
    return fitted(table(400), epochs=6)


def table(n, seed=0):
    draw = np.random.default_rng(seed)
    number = draw.normal(size=n)
    return pd.DataFrame(
        {
            "number": np.where(draw.random(n) < 0.1, np.nan, number),
            "whole": np.rint(number * 3).astype(np.int64),
            "name": draw.choice(["a", "b", "c"], n),
            "maybe": pd.Series(draw.choice(["x", "y", None], n)),
            "truth": draw.random(n) < 0.3,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 90, n), unit="D"),
            "signed": np.where(draw.random(n) < 0.5, -0.0, 0.0) + draw.integers(0, 2, n),
            "small": draw.integers(-3, 3, n).astype(np.int8),
        }
    )


@pytest.mark.parametrize("kind", ["object", "None", "NaN", "arrow", "labels"])
def test_what_arrow_forgets_comes_back(mixed, kind):
    X = table(40, seed=3)
    match kind:
        case "object":
            X["name"] = X["name"].astype(object)
        case "None" | "NaN":
            hole = None if kind == "None" else np.nan
            X["name"] = X["name"].astype(object).where(X["truth"], hole)
        case "arrow":
            X = X.convert_dtypes(dtype_backend="pyarrow")
        case _:
            X.index = pd.Index([f"row {each}" for each in range(40)], dtype=object)
            X.columns = X.columns.astype(object)
    compressor = Compressor(mixed)
    back = compressor.decompress(compressor.compress(X))
    pd.testing.assert_frame_equal(back, X)
    assert back.equals(X), "None is not NaN"


def test_texts_that_stand_for_holes_cost_hardly_more_than_holes():
    draw = np.random.default_rng(0)
    kind = draw.integers(0, 2, 600)
    X = pd.DataFrame({each: np.array(["no", "yes"])[kind] for each in "abcdefgh"})
    X = X.mask(draw.random(X.shape) < 0.02)
    model = fitted(X, epochs=40)
    texts = pa.table({name: X[name].fillna("?").tolist() for name in X})
    compressor = Compressor(model)
    holes, code = compressor.compress(X), compressor.compress(X, exact=texts)
    assert compressor.decompress(code).equals(texts)
    assert len(code) < 1.2 * len(holes)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_any_table_comes_back(mixed, seed, rows):
    X = table(rows, seed)
    compressor = Compressor(mixed)
    back = compressor.decompress(compressor.compress(X))
    pd.testing.assert_frame_equal(back, X)
    assert (np.signbit(back["signed"]) == np.signbit(X["signed"])).all()


def test_a_table_that_lies_is_told_at_once(mixed):
    compressor = Compressor(mixed)
    code = compressor.compress(table(20))
    columns = read(code).about["columns"]
    columns[0][1]["values"] = 10**15
    for told in ({"rows": 10**15}, {"columns": columns}, {"sizes": []}):
        with pytest.raises(DataError, match=r"come out even|no compress wrote"):
            compressor.decompress(forged(code, **told))


def test_machines_may_differ_in_a_logarithm(mixed):
    X = table(50, seed=4)
    here, there = Compressor(mixed), Compressor(mixed)
    there.integers.scales += 1024
    pd.testing.assert_frame_equal(there.decompress(here.compress(X)), X)


def test_polars_comes_back_as_polars(mixed):
    X = pl.from_pandas(table(30, seed=2))
    compressor = Compressor(mixed)
    back = compressor.decompress(compressor.compress(X))
    assert isinstance(back, pl.DataFrame)
    assert back.equals(X)
    assert back.schema == X.schema


def test_a_column_that_the_model_left_out_comes_back_too():
    X = table(100).assign(id=[f"row {each}" for each in range(100)])
    model = fitted(X, adapter=Tables(drop=["id"]))
    compressor = Compressor(model)
    pd.testing.assert_frame_equal(compressor.decompress(compressor.compress(X)), X)


def test_an_index_comes_back(mixed):
    X = table(30).set_index(pd.Index(range(10, 40), name="number of row"))
    compressor = Compressor(mixed)
    pd.testing.assert_frame_equal(compressor.decompress(compressor.compress(X)), X)


def test_columns_whose_values_have_no_form_are_refused():
    X = table(60)[["number", "name"]].assign(when=pd.period_range("2020", periods=60, freq="D"))
    model = fitted(X, adapter=Tables(drop=["when"]))
    with pytest.raises(DataError, match="can't be told apart"):
        Compressor(model).compress(X)
    with pytest.raises(DataError, match="Arrow can't hold"):
        Compressor(model).compress(X.assign(when=2**70))
