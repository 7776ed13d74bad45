"""Tables come back as the like of another frame, whatever that knows of its columns."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from isthmus import Tables

N = 40
PANDAS = pd.DataFrame(
    {
        "number": np.linspace(0, 1, N),
        "truth": [True, False] * (N // 2),
        "text": ["x", "y"] * (N // 2),
        "day": [dt.date(2020, 1, 1 + each % 28) for each in range(N)],
        "moment": pd.date_range("2020-03-20 12:34", periods=N, freq="7h"),
        "zoned": pd.date_range("2020-03-20 12:34", periods=N, freq="7h", tz="Europe/Berlin"),
        "time": [dt.time(each % 24, each) for each in range(N)],
        "elapsed": pd.to_timedelta(np.arange(N), unit="s"),
    }
)
POLARS = pl.from_pandas(PANDAS)


def of_holes(library):
    if library is pl:
        return pl.DataFrame({name: [None] * N for name in PANDAS})
    return pd.DataFrame({name: [np.nan] * N for name in PANDAS})


@pytest.mark.parametrize(
    ("fitted", "other"), [(PANDAS, pl), (POLARS, pd)], ids=["polars", "pandas"]
)
def test_a_like_of_nothing_but_holes_gets_dtypes_that_hold_the_values(fitted, other):
    adapter = Tables().fit(fitted)
    x = adapter.transform(fitted).x
    made = adapter.inverse_transform(x, like=of_holes(other))
    assert isinstance(made, other.DataFrame)
    expected = adapter.inverse_transform(x)
    for name in PANDAS:
        assert made[name].to_list() == expected[name].to_list(), name


def test_a_like_whose_categories_are_fewer_gets_more():
    X = pd.DataFrame({"a": ["x", "y", "z"] * 5, "b": 1.5})
    adapter = Tables().fit(X)
    x = adapter.transform(X).x
    few = pl.DataFrame({"a": ["x"] * 15, "b": 1.5}, schema_overrides={"a": pl.Enum(["x"])})
    made = adapter.inverse_transform(x, like=few)
    assert made["a"].to_list() == X["a"].tolist()
    assert made.schema["a"].categories.to_list() == ["x", "y", "z"]
    category = X[:1].assign(a=pd.Categorical(["x"]))
    again = Tables().fit(pl.from_pandas(X)).inverse_transform(x[1:2], like=category)
    assert again["a"].tolist() == ["y"]
    assert again["a"].cat.categories.tolist() == ["x", "y"]
