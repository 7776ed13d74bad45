"""LongFrames: lines become series and lines again, in any order, of either library."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

import isthmus
from isthmus import LSTM, VAE, LongFrames
from isthmus.errors import DataError

RNG = np.random.default_rng(0)
SMALL = {"latent_dim": 2, "epochs": 2, "random_state": 0, "verbose": False}
LENGTHS = {"ann": 5, "bob": 1, "cy": 7, "di": 3}


def visits(shuffled=True):
    """A line for each visit, in no order."""
    lines = pd.concat(
        pd.DataFrame(
            {
                "who": who,
                "day": pd.date_range("2026-01-01", periods=steps),
                "pulse": RNG.normal(70, 9, steps),
                "steps": RNG.integers(0, 9000, steps),
            }
        )
        for who, steps in LENGTHS.items()
    )
    return lines.sample(frac=1, random_state=1) if shuffled else lines


def as_polars(frame):
    return pl.from_pandas(frame.reset_index(drop=True))


@pytest.mark.parametrize("library", [pd.DataFrame, as_polars], ids=["pandas", "polars"])
def test_lines_come_back_as_they_were(library):
    X = library(visits())
    adapter = LongFrames(by="who", time="day").fit(X)
    assert repr(adapter.space_) == "Series(2, 7, ragged=True)"
    back = adapter.inverse_transform(adapter.transform(X).x, like=X)
    assert type(back) is type(X)
    assert list(back.columns) == list(X.columns)
    assert [str(each) for each in back.dtypes] == [str(each) for each in X.dtypes]
    for name in ("who", "day", "steps"):
        assert list(back[name]) == list(X[name])
    np.testing.assert_allclose(back["pulse"], X["pulse"], rtol=1e-5)
    if isinstance(X, pd.DataFrame):
        assert back.index.equals(X.index)


def test_series_are_in_the_order_of_their_times():
    X, plain = visits(), visits(shuffled=False)
    adapter = LongFrames(by="who", time="day").fit(X)
    ids = adapter.ids(X)
    assert sorted(ids) == sorted(LENGTHS)
    assert ids == list(X["who"].unique())
    for who, series in zip(ids, adapter.rows(X), strict=True):
        expected = X[X["who"] == who].sort_values("day")[["pulse", "steps"]]
        np.testing.assert_array_equal(series, expected)
    in_order = LongFrames(by="who", time=None).fit(plain.drop(columns="day"))
    assert [len(each) for each in in_order.rows(plain.drop(columns="day"))] == [*LENGTHS.values()]


def test_holes_are_unknown_and_filled():
    X = visits()
    X.iloc[3, 2] = np.nan
    adapter = LongFrames(by="who", time="day").fit(X)
    batch = adapter.transform(X)
    assert batch.observed.sum() == 2 * sum(LENGTHS.values()) - 1
    assert adapter.inverse_transform(batch.x, like=X)["pulse"].notna().all()
    whole = as_polars(X).with_columns(pl.col("pulse").fill_nan(None))
    assert LongFrames(by="who", time="day").fit_transform(whole).observed.sum() == (
        batch.observed.sum()
    )


@pytest.mark.parametrize("library", [pd.DataFrame, as_polars], ids=["pandas", "polars"])
def test_a_model_has_a_code_for_each_series(library, tmp_path):
    X = library(visits())
    model = VAE(**SMALL, backbone=LSTM(4), adapter=LongFrames(by="who", time="day")).fit(X)
    assert model.transform(X).shape == (4, 2)
    assert model.score_samples(X).shape == (4,)
    back, fresh = model.reconstruct(X), model.sample(3)
    assert type(back) is type(fresh) is type(X)
    assert len(back) == len(X)
    assert list(fresh.columns) == ["who", "day", "pulse", "steps"]
    assert list(fresh["who"]) == [0] * 7 + [1] * 7 + [2] * 7
    assert list(fresh["day"])[:8] == [0, 1, 2, 3, 4, 5, 6, 0]
    ann = X[X["who"] == "ann"] if isinstance(X, pd.DataFrame) else X.filter(pl.col("who") == "ann")
    assert len(model.sample(2, near=ann)) == 14
    model.save(tmp_path / "model")
    json.loads((tmp_path / "model" / "model.json").read_text("utf-8"))
    again = isthmus.load(tmp_path / "model")
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    assert again.sample(3).equals(fresh)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X.drop(columns="who"), "There is no column 'who'; there are day, pulse, steps"),
        (lambda X: X.assign(who=None), "Column 'who' is unknown in line 0"),
        (lambda X: X.assign(day=pd.NaT), "Column 'day' is unknown in line 0"),
        (lambda X: X.assign(pulse="fast"), "don't hold numbers: pulse"),
        (lambda X: X[["who", "day"]], "without columns|0 channels"),
        (lambda X: X.iloc[:0], "0 lines"),
        (lambda X: X[X["who"] == "ann"], "1 sample was given"),
        (lambda X: X.assign(pulse=np.inf), "infinity"),
        (lambda X: X.to_numpy(), "A ndarray was given; expected a frame"),
        (lambda X: as_polars(X).lazy(), "not yet read"),
    ],
)
def test_what_is_no_long_frame_is_refused(change, words):
    with pytest.raises(DataError, match=words):
        LongFrames(by="who", time="day").fit(change(visits()))


def test_other_channels_are_refused():
    adapter = LongFrames(by="who", time="day").fit(visits())
    with pytest.raises(DataError, match=r"The channels \['pulse'\] were given"):
        adapter.transform(visits().drop(columns="steps"))
    with pytest.raises(DataError, match="A series of 8 steps"):
        adapter.transform(visits().assign(who="ann").iloc[:8])
    with pytest.raises(DataError, match="2 rows were given where one was expected"):
        adapter.one(visits()[lambda X: X["who"].isin(["ann", "bob"])])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": ["pulse"]}, "columns holds 1"),
        ({"columns": ["pulse", "pulse"]}, "twice"),
        ({"dtypes": [1, 2]}, "dtypes holds"),
        ({"library": 3}, "library is no text"),
    ],
)
def test_facts_that_do_not_belong_together_are_refused(change, words):
    adapter = LongFrames(by="who", time="day").fit(visits())
    with pytest.raises(DataError, match=words):
        adapter.restore(adapter.facts() | change)
