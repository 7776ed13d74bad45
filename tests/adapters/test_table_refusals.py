"""Tables: what is refused, in words that say what to do, and damaged facts."""

import datetime as dt
import decimal
from copy import deepcopy

import numpy as np
import pandas as pd
import polars as pl
import pytest

from isthmus import VAE, Normal, Tables
from isthmus.adapters.kinds import check_parameters
from isthmus.errors import DataError, IsthmusError, SupportError

N = 40
X = pd.DataFrame(
    {
        "n": np.arange(N) % 7,
        "size": np.linspace(0, 1, N),
        "word": ["x", "y"] * (N // 2),
        "yes": [True, False] * (N // 2),
        "day": pd.date_range("2020", periods=N),
        "zoned": pd.date_range("2020", periods=N, tz="UTC"),
        "zip": [10115, 20095, 80331, 50667] * (N // 4),
        "elapsed": pd.to_timedelta(np.arange(N), unit="s"),
    }
)
FITTED = Tables(kinds={"zip": "category"}).fit(X)
WORDS = [f"word {place}" for place in range(N)]
ZONES = [pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2020", tz="Asia/Tokyo")] * (N // 2)
INTERVALS = pd.cut(np.arange(N), 4)


def labelled(columns):
    return pd.DataFrame(np.eye(2), columns=columns)


def column(values, **how):
    return pd.DataFrame({"a": values, "b": ["x", "y"] * (N // 2)}), how


@pytest.mark.parametrize(
    ("values", "how", "message"),
    [
        (WORDS, {}, r"a holds 40 different texts in 40 rows, such as 'word 0': it names rows.*"
         r"Tables\(drop=\['a'\]\), or say kinds=\{'a': 'category'\}"),
        ([f"{each},5" for each in range(N)], {}, r"numbers written as text, such as '0,5'"),
        (["1 024.5", "?"] + [f"{each}.25" for each in range(N - 2)], {}, r"beside '\?', which is"),
        ([f"2020-01-{each % 28 + 1:02}" for each in range(N)], {}, r"dates.*to_datetime"),
        ([1, "one"] * (N // 2), {}, r"several kinds: int \(1\), str \('one'\).*astype\(str\)"),
        ([True, 7] * (N // 2), {}, r"several kinds: bool \(True\), int \(7\)"),
        ([decimal.Decimal("1.5")] * N, {}, r"decimals.*astype\(float\)"),
        ([[1, 2]] * N, {}, r"holds objects: list"),
        ([b"x"] * N, {}, r"holds objects: bytes"),
        ([np.inf, *range(N - 1)], {}, r"Column a holds infinity or -infinity: 1 of them.*row 0"),
        (INTERVALS, {}, r"categories of column a are intervals.*astype\(str\)"),
        (pd.arrays.SparseArray([1.0] * N), {}, r"sparse.*to_dense\(\)"),
        (np.arange(N) * 1j, {}, r"complex"),
        (np.linspace(-1, 1, N) * 1.7e308, {}, r"spreads too far.*logarithm"),
        (WORDS, {"kinds": {"a": "number"}}, r"holds texts, and kinds says that it is a number.*"
         r"pd.to_numeric\(df\['a'\]\)"),
        (WORDS, {"kinds": {"a": "date"}}, r"expected dates or .* pd.to_datetime\(df\['a'\]\)"),
        (range(-5, N - 5), {"kinds": {"a": "count"}}, r"a count, and holds -5.*Say 'number'"),
        (np.linspace(0, 1, N), {"kinds": {"a": "count"}}, r"a count, and holds a fraction"),
        (range(N), {"kinds": {"a": "boolean"}}, r"truth values, and holds 2; expected.*0 and 1"),
        (range(N), {"kinds": {"a": "colour"}}, r"kinds says 'colour'; expected one of number"),
        (range(N), {"kinds": {"c": "number"}}, r"kinds names 'c', which is no column; there are a"),
        (range(N), {"drop": ["c"]}, r"drop names 'c', which is no column; there are a, b"),
        (range(N), {"drop": "a"}, r"drop='a' was given; expected a list: \['a'\]"),
        (range(N), {"drop": ["a", "b"]}, r"No column is left"),
        (range(N), {"max_levels": 0}, r"max_levels=0 was given"),
        ([2**60 + each for each in range(N)], {}, r"too large for double.*1152921504606846976.*"
         r"Tables\(drop=\['a'\]\), or say kinds=\{'a': 'category'\}"),
        ([2**70 + each for each in range(N)], {}, r"dtype object; expected real ones.*64 bits"),
        (pd.period_range("2020", periods=N, freq="M"), {}, r"holds objects: Period"),
        (ZONES, {}, r"a holds times of several time zones.*to_datetime\(df\['a'\], utc=True\)"),
        ([pd.Timestamp("2020"), ZONES[0]] * (N // 2), {}, r"or with one and without"),
    ],
)  # fmt: skip
def test_a_column_that_will_not_do_is_named_with_a_remedy(values, how, message):
    frame, how = column(values, **how)
    with pytest.raises(DataError, match=message):
        Tables(**how).fit(frame)


@pytest.mark.parametrize(
    ("kinds", "drop", "most", "message"),
    [
        (["a"], [], 9, r"kinds=\['a'\] was given; expected kinds by name: \{'zip': 'category'\}"),
        ({"a": ["number"]}, [], 9, r"kinds says \['number'\]; expected one of number, count"),
        ({}, None, 9, r"drop=None was given; expected a list: \[\]"),
        ({}, 3, 9, r"drop=3 was given; expected a list: \[3\]"),
        ({}, [], 2.5, r"max_levels=2.5 was given; expected a whole number from 1"),
        ({}, [], "10", r"max_levels='10' was given; expected a whole number"),
    ],
)
def test_what_can_not_be_said_of_columns_is_refused(kinds, drop, most, message):
    with pytest.raises(DataError, match=message):
        check_parameters(kinds, drop, most)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (X.iloc[:0], r"0 samples was given to fit"),
        (X.iloc[:1], r"1 sample was given to fit.*at least 2"),
        (X[[]], r"without columns"),
        (pd.DataFrame({"a": [None, None], "b": [np.nan, np.nan]}), r"Nothing is known in any"),
        (X.to_numpy(), r"A ndarray was given; expected a table.*pd.DataFrame\(X, columns="),
        (pl.from_pandas(X).lazy(), r"LazyFrame was given.*collect\(\)"),
        (pd.concat([X, X], axis=1), r"More than one column is called"),
        (pl.DataFrame({"a": [[1], [2]], "b": [1, 2]}), r"Column a holds values of dtype List"),
        (pl.DataFrame({"a": [decimal.Decimal("1.5")] * 2}), r"decimals.*64-bit"),
        (pl.DataFrame({"a": [1.0, np.inf]}), r"Column a holds infinity"),
        (pl.DataFrame({"a": [2**100, 1]}, schema={"a": pl.Int128}), r"128 bits.*64-bit"),
        (labelled([("a", 1), ("b", 2)]), r"called \('a', 1\), a tuple; expected text or whole"),
        (labelled([1.5, 2.5]), r"called 1.5, a float.*df.columns ="),
        (labelled([np.nan, 2.5]), r"called nan, a float"),
        (labelled([True, False]), r"called True, a bool"),
        (labelled(pd.date_range("2020", periods=2)), r"a Timestamp; expected text"),
    ],
    ids=str,
)
def test_a_table_that_will_not_do_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        Tables().fit(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (X.iloc[:0], r"0 rows were given"),
        (X.drop(columns=["n", "word"]), r"lacks n, word\. Expected the 8 columns that were fitted"),
        (X.rename(columns={"word": "Word"}), r"lacks word and has Word beside.*Select or rename"),
        (X.assign(new=1), r"has new beside"),
        (X.assign(n=X["n"].astype(str)), r"n held numbers in fit, and now holds texts, such as '0'"
         r".*pd.to_numeric\(df\['n'\]\)"),
        (X.assign(word=range(N)), r"word held texts in fit, and now holds numbers, such as 0.*str"),
        (X.assign(zip=X["zip"].astype(str)), r"zip held numbers in fit, and now holds texts"),
        (X.assign(day=X["day"].astype(str)), r"day held dates with times.*pd.to_datetime"),
        (X.assign(day=X["zoned"]), r"day held times without a time zone.*in the zone UTC"),
        (X.assign(yes="yes"), r"yes held truth values in fit, and now holds texts"),
        (X.assign(yes=3), r"yes is one of truth values, and holds 3"),
        (X.assign(elapsed=X["day"]), r"elapsed held durations in fit"),
        (X.assign(size=-np.inf), r"Column size holds infinity"),
        (X.assign(size=1e300), r"size holds a value so far.*overflows"),
        (X.assign(n=["a", 1] * (N // 2)), r"n holds values of several kinds"),
    ],
)  # fmt: skip
def test_other_data_than_those_of_fit_are_refused_in_words(given, message):
    with pytest.raises(DataError, match=message):
        FITTED.transform(given)


@pytest.mark.parametrize(
    "given",
    [
        X.assign(n=X["n"].astype(float)),
        X.assign(n=X["n"].astype("Int64"), word=X["word"].astype("category")),
        X.assign(yes=X["yes"].astype(int), zip=X["zip"].astype(float)),
        X.assign(day=X["day"].dt.date, zoned=X["zoned"].dt.tz_convert("Asia/Tokyo")),
        X.assign(day=X["day"].astype("datetime64[ns]")),
        pl.from_pandas(X),
        X[X.columns[::-1]],
    ],
)
def test_the_same_in_another_dtype_is_the_same(given):
    expected = FITTED.transform(X)
    assert FITTED.transform(given).x.equal(expected.x)


def test_a_row_of_something_else_is_refused():
    with pytest.raises(DataError, match=r"A row with 'colour' was given.*n, size, word"):
        FITTED.one({"colour": "red"})
    with pytest.raises(DataError, match=r"A row of 2 values was given.*8 columns"):
        FITTED.one([1, 2])
    with pytest.raises(DataError, match=r"2 rows were given where one was expected"):
        FITTED.one(X[:2])


def test_a_likelihood_of_numbers_alone_is_refused():
    with pytest.raises(SupportError, match=r"'unit'; a table of several kinds.*Choose Mixed\(\)"):
        Tables(support="unit").fit(X)
    with pytest.raises(IsthmusError, match="Mixed"):
        VAE(likelihood=Normal(), adapter=Tables(), epochs=1).fit(X)


def damaged(*path):
    """The facts of what was fitted, changed in one place: the last of ``path``."""
    facts = deepcopy(FITTED.facts())
    place = facts
    for step in path[:-2]:
        place = place[step]
    place[path[-2]] = path[-1]
    return facts


@pytest.mark.parametrize(
    "path",
    [
        ("columns", 0, "scale", "spread", 0.0),
        ("columns", 0, "scale", "spread", float("nan")),
        ("columns", 0, "scale", {}),
        ("columns", 0, "scale", "centre", "0"),
        ("columns", 0, "decimals", 99),
        ("columns", 0, "type", "truth"),
        ("columns", 0, "type", "nothing"),
        ("columns", 0, "name", "size"),
        ("columns", 0, "kind", "colour"),
        ("columns", 2, "levels", []),
        ("columns", 2, "levels", ["x", 3]),
        ("columns", 2, "levels", ["x", "y", "z"]),
        ("columns", 2, "other", None),
        ("columns", 4, "unit", "years"),
        ("columns", 4, "step", 0),
        ("columns", 4, "parts", ["week"]),
        ("columns", 5, "zone", "Nowhere/At_all"),
        ("columns", []),
        ("frame", "columns", ["n"]),
        ("frame", "dtypes", []),
        ("frame", "dtypes", 0, "name", "nonsense"),
        ("frame", "library", "excel"),
        ("frame", {}),
    ],
    ids=str,
)
def test_facts_that_do_not_fit_are_refused(path):
    again = Tables()
    again.space_ = FITTED.space_
    with pytest.raises(DataError, match="What the adapter learned doesn't fit its space"):
        again.restore(damaged(*path))


def test_an_unknown_zone_of_python_will_do():
    zone = dt.timezone(dt.timedelta(hours=3))
    frame = X[["n", "word"]].assign(when=pd.date_range("2020", periods=N, tz=zone))
    adapter = Tables().fit(frame)
    back = adapter.inverse_transform(adapter.transform(frame).x)
    assert (back["when"] == frame["when"]).all()
