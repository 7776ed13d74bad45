"""Tables of many kinds of columns: what they are taken for, and that they come back."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from polars.testing import assert_frame_equal as assert_polars_equal

from isthmus import Tables, Vectors
from isthmus.adapters import adapter_for
from isthmus.formula import read

N = 60
RNG = np.random.default_rng(0)
DAYS = RNG.integers(0, 900, N).tolist()


def frame() -> pd.DataFrame:
    """A column of every kind and dtype, most of them with holes."""
    holed = {
        "float": RNG.normal(size=N),
        "price": RNG.exponential(9, N).round(2),
        "heavy": RNG.standard_cauchy(N),
        "text": RNG.choice(["x", "y"], N),
        "object": RNG.choice(["x", "y"], N).astype(object),
        "string": pd.array(RNG.choice(["p", "q"], N), dtype="string"),
        "ordered": pd.Categorical(RNG.choice(["lo", "hi"], N), ["lo", "mid", "hi"], ordered=True),
        "Int64": pd.array(RNG.integers(0, 9, N), dtype="Int64"),
        "boolean": pd.array(RNG.random(N) < 0.3, dtype="boolean"),
        "Float32": pd.array(RNG.random(N), dtype="Float32"),
        "day": pd.date_range("2020-01-01", periods=N, freq="D"),
        "zoned": pd.date_range("2020-03-20 12:34:56", periods=N, freq="7h", tz="Europe/Berlin"),
        "elapsed": pd.to_timedelta(RNG.integers(0, 1000, N), unit="s"),
    }
    whole = {
        "int": RNG.integers(-5, 50, N),
        "small": RNG.integers(0, 9, N).astype(np.uint8),
        "two": RNG.integers(1, 3, N),
        "single": RNG.normal(size=N).astype(np.float32),
        "bool": RNG.random(N) < 0.3,
        "codes": pd.Categorical(RNG.choice([30, 10], N)),
        "constant": 7,
        "that day": pd.Timestamp("2020-02-02"),
        "date": pd.Series([dt.date(2020, 1, 1) + dt.timedelta(each) for each in DAYS]),
        "time": pd.Series([dt.time(each % 24, each % 60) for each in DAYS]),
    }
    made = pd.DataFrame(holed | whole)
    made.loc[0, "heavy"] = 1e5
    made.loc[3:5, list(holed)] = None
    made = made.assign(empty=np.nan, none=pd.Series([None] * N, dtype=object))
    return made.set_axis([f"row {place}" for place in range(N)], axis=0)


FRAME = frame()
ARROW = FRAME.drop(columns=["none", "codes"]).convert_dtypes(dtype_backend="pyarrow")
POLARS = pl.from_pandas(FRAME.drop(columns=["codes"])).with_columns(
    pl.col("text").cast(pl.Enum(["y", "w", "x"])).alias("enum"),
    pl.col("text").cast(pl.Categorical).alias("categorical"),
    pl.lit(None).alias("null"),
)


def back(X, **how):
    """What comes back of a frame, from facts that went through JSON."""
    adapter = Tables(**how).fit(X)
    again = Tables(**how)
    again.space_ = adapter.space_
    again.restore(json.loads(json.dumps(adapter.facts())))
    return again.inverse_transform(adapter.transform(X).x, like=X)


@pytest.mark.parametrize("X", [FRAME, ARROW], ids=["pandas", "arrow"])
def test_a_frame_of_pandas_comes_back_as_it_was(X):
    made = back(X)
    assert made.dtypes.equals(X.dtypes)
    # What was unknown was filled; where nothing is known, nothing was.
    filled = made.where(X.notna(), X).astype(X.dtypes)
    assert_frame_equal(filled, X, rtol=1e-5, atol=1e-5)
    empty = [name for name in X if X[name].isna().all()]
    assert made.drop(columns=empty).notna().all(axis=None)
    assert made[empty].isna().all(axis=None)


def test_a_frame_of_polars_comes_back_as_it_was():
    made = back(POLARS)
    assert made.schema == POLARS.schema
    known = [
        pl.when(POLARS[name].is_not_null()).then(made[name]).alias(name)
        for name in POLARS.columns
        if POLARS[name].dtype != pl.Null
    ]
    assert_polars_equal(
        made.select(known), POLARS.drop("null").fill_nan(None), rel_tol=1e-5, abs_tol=1e-5
    )


def test_without_a_like_rows_are_counted_and_labels_stay_numbers():
    X = pd.DataFrame({0: ["x", "y"] * 5, 1: range(10)})
    adapter = Tables().fit(X)
    assert_frame_equal(adapter.inverse_transform(adapter.transform(X).x), X)


def test_a_frame_of_another_library_comes_back_as_one():
    adapter = Tables().fit(FRAME.drop(columns=["codes"]))
    made = adapter.inverse_transform(adapter.transform(POLARS[list(FRAME.columns.drop("codes"))]).x)
    assert isinstance(made, pd.DataFrame)
    X = POLARS[list(FRAME.columns.drop("codes"))]
    assert adapter.inverse_transform(adapter.transform(X).x, like=X).schema == X.schema


def test_kinds_are_inferred_and_shown():
    adapter = Tables().fit(FRAME)
    kinds = {
        "number": ["float", "price", "heavy", "Float32", "int", "single"],
        "count": ["Int64", "small"],
        "boolean": ["boolean", "bool"],
        "date": ["day", "zoned", "elapsed", "date", "time"],
    }
    for kind, names in kinds.items():
        assert {adapter.kinds_[name] for name in names} == {kind}
    shown = adapter.describe().set_index("column")
    assert list(shown.index) == list(FRAME.columns) == adapter.columns_
    assert shown.loc["empty", "kind"] == shown.loc["none", "kind"] == "empty"
    assert shown.loc["price", "found"].endswith(", 2 decimals")
    assert shown.loc["heavy", "transform"].startswith("asinh((X - ")
    assert shown.loc["constant", "found"] == "constant: 7"
    assert shown.loc["text", "holes"] == pytest.approx(3 / N)
    assert shown.loc["that day", "found"].startswith("constant: 2020-02-02")


def test_cells_belong_to_columns():
    adapter = Tables().fit(FRAME)
    names = [name for name, cells in adapter.cells_ for _ in range(cells.start, cells.stop)]
    assert len(names) == adapter.space_.size
    assert [name for name, _ in adapter.cells_] == adapter.columns_
    batch = adapter.transform(FRAME)
    for name, cells in adapter.cells_:
        known = np.tile(FRAME[name].notna().to_numpy()[:, None], cells.stop - cells.start)
        assert np.array_equal(batch.observed[:, cells], known)
    categories = [at for at, kind in enumerate(adapter.space_.kinds) if kind > 1]
    kinds = torch.tensor(adapter.space_.kinds)[categories]
    codes = batch.x[:, categories]
    assert ((codes >= 0) & (codes < kinds) & (codes == codes.round())).all()


def test_dates_bring_what_the_calendar_says():
    adapter = Tables().fit(FRAME[["day", "zoned", "date", "time"]])
    parts = {each.name: each.parts for each in adapter.fitted_}
    assert parts == {
        "day": ["weekday"],
        "zoned": ["weekday", "hour"],
        "date": ["month", "weekday"],
        "time": ["hour"],
    }
    x = adapter.transform(FRAME[["day", "zoned", "date", "time"]]).x
    cells = dict(adapter.cells_)
    assert x[0, cells["zoned"]][1:].tolist() == [4, 12]  # a Friday, at noon in Berlin
    assert x[0, cells["date"]][1:].tolist() == [
        FRAME["date"].iloc[0].month - 1,
        FRAME["date"].iloc[0].weekday(),
    ]


def test_the_user_knows_better():
    X = pd.DataFrame({"zip": [10115, 20095] * 4 + [1], "flag": [0, 1, 1] * 3, "n": range(9)})
    adapter = Tables(kinds={"zip": "category", "flag": "boolean"}, drop=["n"]).fit(X)
    assert adapter.kinds_ == {"zip": "category", "flag": "boolean"}
    assert adapter.space_.kinds == (4, 2)
    assert_frame_equal(
        adapter.inverse_transform(adapter.transform(X).x, like=X), X[["zip", "flag"]]
    )
    assert adapter.transform(X.drop(columns="n")).x.equal(adapter.transform(X).x)


@pytest.mark.parametrize("text", ["Tables()", "Tables(drop=['b'], kinds={'a': 'date'})"])
def test_it_prints_as_the_call_that_makes_it(text):
    assert repr(read(text, {"Tables": Tables})) == text


@given(
    st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=30, unique=True).filter(
        lambda values: np.ptp(values) > 1e-6 * np.abs(values).max()
    )
)
def test_numbers_come_back_to_rounding(values):
    X = pd.DataFrame({"a": values, "b": "x"})
    adapter = Tables(kinds={"a": "number"}).fit(X)
    made = adapter.inverse_transform(adapter.transform(X).x)["a"]
    scale = np.abs(X["a"] - X["a"].median()) + X["a"].std() + X["a"].abs() * 1e-6
    assert (np.abs(made - X["a"]) <= 1e-5 * scale).all()


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=2, max_size=30))
def test_texts_come_back(values):
    X = pl.DataFrame({"a": values, "b": range(len(values))}, schema={"a": pl.String, "b": pl.Int8})
    made = back(X, kinds={"a": "category"})
    known = X["a"].is_not_null()
    assert made["a"].filter(known).to_list() == X["a"].filter(known).to_list()


@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=2))
def test_moments_come_back_within_the_precision_of_single_floats(moments):
    X = pl.DataFrame({"when": moments, "b": ["x"] * len(moments)})
    made = back(X)["when"]
    span = max(moments) - min(moments)
    off = max(abs(a - b) for a, b in zip(made, moments, strict=True))
    assert off <= span * 3e-7 * np.sqrt(len(moments)) + dt.timedelta(microseconds=1)


def test_rare_and_new_values_share_a_bucket_that_is_never_named():
    rare = [f"r{place}" for place in range(60)]
    common = [f"c{place % 50}" for place in range(500)]
    X = pd.DataFrame({"word": [*common, *rare, rare[7]], "n": 1.5})
    X.loc[0, "n"] = 2.5
    adapter = Tables().fit(X)
    cell = adapter.transform(X).x[:, 0]
    assert adapter.space_.kinds[0] == 51
    assert (cell[500:] == 50).all()
    strange = pd.DataFrame({"word": ["never seen", None], "n": 1.5})
    batch = adapter.transform(strange)
    assert batch.x[:, 0].tolist() == [50, 0]
    assert batch.observed[:, 0].tolist() == [True, False]
    assert adapter.inverse_transform(batch.x)["word"].iloc[0] == "r7"  # the commonest of them
    few = Tables(max_levels=3).fit(X)
    assert few.space_.kinds[0] == 4
    assert few.describe()["found"][0] == "3 levels: c0, c1, c2, 107 rare ones as one"


def test_ten_thousand_values_are_taken():
    words = np.array([f"w{place}" for place in range(12_000)], dtype=object)
    X = pd.DataFrame({"word": np.tile(words, 5), "n": np.arange(60_000) / 7})
    adapter = Tables().fit(X)
    assert adapter.space_.kinds == (10_001, 1)
    assert len(adapter.rows(X).columns[0].tobytes()) == 2 * len(X)
    assert adapter.transform(X).x[:, 0].max() == 10_000


def test_a_value_other_than_the_constant_is_told_apart():
    X = pd.DataFrame({"n": [3, 3, 3], "when": pd.Timestamp("2020"), "b": ["x", "y", "x"]})
    adapter = Tables().fit(X)
    assert adapter.space_.kinds == (2, 2, 3)
    later = X.assign(n=[3, 4, 3], when=pd.Timestamp("2021"))
    assert adapter.transform(later).x[:, :2].tolist() == [[0, 1], [1, 1], [0, 1]]
    assert adapter.inverse_transform(torch.ones(1, 3))[["n", "when"]].equals(
        X[["n", "when"]].iloc[[0]]
    )


def test_whole_numbers_stay_in_their_range_and_counts_above_zero():
    X = pd.DataFrame({"byte": np.array([0, 250, 255], np.uint8), "n": [1, 5, 9], "b": ["x"] * 3})
    made = Tables().fit(X).inverse_transform(torch.tensor([[9.0, -9.0, 0], [-9.0, 0.1, 1]]))
    assert made["byte"].tolist() == [255, 0]
    assert made["n"].tolist() == [0, 5]
    assert made.dtypes.equals(X.dtypes)


def test_far_codes_make_finite_values():
    X = pd.DataFrame({"heavy": np.sinh(np.linspace(-20, 20, 99)), "b": "x"})
    X["when"] = pd.date_range("2020", periods=99)
    adapter = Tables().fit(X)
    far = torch.full((2, adapter.space_.size), 1e30) * torch.tensor([[1], [-1]])
    made = adapter.inverse_transform(far)
    assert np.isfinite(made["heavy"]).all()
    assert made["when"].notna().all()


def test_all_that_nanoseconds_hold_comes_back():
    ends = pd.to_datetime(["1677-09-22", "2262-04-11", "2262-04-11", None]).astype("M8[ns]")
    X = pd.DataFrame({"when": ends, "b": ["x", "y", "x", "y"]})
    adapter = Tables().fit(X)
    made = adapter.inverse_transform(adapter.transform(X).x)["when"]
    assert (abs(made - ends)[:3] < pd.Timedelta("2D")).all()
    far = adapter.inverse_transform(torch.tensor([[1e9, 0], [-1e9, 0]]).repeat(1, 9)[:, :4])
    assert far["when"].dt.year.tolist() == [2262, 1677]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int64[pyarrow]"])
def test_identifiers_of_64_bits_may_be_categories(dtype):
    X = pd.DataFrame({"id": np.array([2**62 + 1, 2**62 + 3, -5] * 3), "b": ["x", "y", "x"] * 3})
    X = X.astype({"id": dtype})
    if dtype != "int64":  # floats, which have room for holes, have none for these
        X.loc[9] = None, "x"
    adapter = Tables(kinds={"id": "category"}).fit(X)
    assert_frame_equal(adapter.inverse_transform(adapter.transform(X).x)[:9], X[:9])
    polars = pl.from_pandas(X)
    again = adapter.inverse_transform(adapter.transform(polars).x, like=polars)
    assert again["id"][:9].to_list() == X["id"][:9].to_list()


@pytest.mark.parametrize(("kind", "cells"), [("boolean", (2,)), ("number", (1,)), ("count", (1,))])
def test_categories_of_truth_can_be_what_is_said(kind, cells):
    X = pd.DataFrame({"a": pd.Categorical([True, False, None, True] * 5)})
    adapter = Tables(kinds={"a": kind}).fit(X)
    assert adapter.space_.kinds == cells
    known = X["a"].notna()
    assert_frame_equal(adapter.inverse_transform(adapter.transform(X).x)[known], X[known])


def test_kinds_are_said_of_numbered_columns_too():
    X = pd.DataFrame({0: [1, 2, 3, 4] * 5, 1: ["x", "y"] * 10})
    for name in (0, "0"):
        assert Tables(kinds={name: "category"}).fit(X).kinds_["0"] == "category"


def test_numbers_whose_dtype_lists_them_come_back_as_the_nearest():
    X = pd.DataFrame({"a": pd.Categorical([7, 30, 10, None] * 5)})
    adapter = Tables(kinds={"a": "number"}).fit(X)
    made = adapter.inverse_transform(torch.tensor([[-9.0], [9.0], [-0.5]]))
    assert_frame_equal(made, pd.DataFrame({"a": pd.Categorical([7, 30, 10])}))


def test_heavy_tails_are_drawn_in_and_light_ones_left():
    n = 1000
    X = pd.DataFrame(
        {
            "normal": RNG.normal(size=n),
            "uniform": RNG.random(n),
            "lognormal": RNG.lognormal(0, 2, n),
            "mostly zero": np.where(RNG.random(n) < 0.9, 0, RNG.lognormal(5, 2, n)),
            "one far": np.append(RNG.normal(size=n - 1), 1e9),
        }
    )
    adapter = Tables().fit(X)
    heavy = {each.name for each in adapter.fitted_ if each.scale.heavy}
    assert heavy == {"lognormal", "mostly zero", "one far"}
    x = adapter.transform(X).x
    assert x.abs().max() < 25
    assert x.std(0).numpy() == pytest.approx(1, abs=0.01)


def test_the_volume_is_the_slope_where_x_is():
    X = pd.DataFrame({"heavy": RNG.standard_cauchy(500), "b": ["x", "y"] * 250})
    X["when"] = pd.date_range("2020", periods=500, freq="D")
    adapter = Tables().fit(X)
    x = adapter.transform(X).x
    volume = adapter.log_volume(x)
    order = X["heavy"].argsort().to_numpy(copy=True)
    values, cells = X["heavy"].to_numpy()[order], x[order, 0].double().numpy()
    between = (volume[order, 0].numpy()[1:] + volume[order, 0].numpy()[:-1]) / 2
    slope = np.log(np.diff(cells) / np.diff(values))
    assert np.median(np.abs(slope - between)) < 0.01
    assert (volume[:, 1] == 0).all()
    seconds = X["when"].std(ddof=0).total_seconds()
    assert volume[:, 2].numpy() == pytest.approx(-np.log(seconds))
    assert (volume[:, 3:] == 0).all()


def test_columns_may_come_in_any_order_and_with_holes_of_their_own():
    adapter = Tables().fit(FRAME)
    shuffled = FRAME[FRAME.columns[::-1]]
    assert adapter.transform(shuffled).x.equal(adapter.transform(FRAME).x)
    assert list(adapter.inverse_transform(adapter.transform(FRAME[:1]).x)) == list(FRAME.columns)
    holed = FRAME.astype(object).where(np.zeros(FRAME.shape, bool), None)
    assert not adapter.transform(holed).observed.any()
    assert not adapter.transform(holed.astype(float)).observed.any()


def test_one_row_in_any_form():
    X = FRAME[["text", "Int64", "zoned", "bool"]]
    adapter = Tables().fit(X)
    expected = adapter.transform(X[7:8]).x
    row = X.iloc[7]
    for form in (row, dict(row), row.tolist(), tuple(row), X[7:8]):
        assert adapter.transform(adapter.one(form)).x.equal(expected)
    part = adapter.transform(adapter.one({"text": "x"}))
    assert part.observed[0].tolist() == [True] + [False] * (adapter.space_.size - 1)


@pytest.mark.parametrize(
    ("X", "kind"),
    [
        (pd.DataFrame({"a": [1.5, 2], "b": [1, 2]}), Vectors),
        (pd.DataFrame({"a": [True, False], "b": [False, True]}), Vectors),
        (pd.DataFrame({"a": [True, False], "b": [1, 2]}), Tables),
        (pd.DataFrame({"a": [1.5, 2], "b": ["x", "y"]}), Tables),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), Tables),
        (pd.DataFrame({"a": pd.array([1, 2], dtype="Int64")}), Vectors),
        (pl.DataFrame({"a": [1.5, 2], "b": [dt.date(2020, 1, 1)] * 2}), Tables),
        (pl.DataFrame({"a": [1.5, None]}), Vectors),
    ],
    ids=range(8),
)
def test_frames_of_many_kinds_find_their_adapter(X, kind):
    assert type(adapter_for(X)) is kind
    assert type(adapter_for(X, "real")) is Vectors
    assert type(adapter_for(X, "mixed")) is Tables
