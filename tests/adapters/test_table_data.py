"""Real tables of many kinds of columns come back as they were."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from isthmus import Tables

ROWS = 3_000


def beijing(file):
    table = pd.read_csv(file)
    when = pd.to_datetime(table[["year", "month", "day", "hour"]])
    return table.assign(when=when.dt.tz_localize("Asia/Shanghai"))


READERS = {
    "adult/adult-train.csv.gz": lambda file: pd.read_csv(file, header=None, skipinitialspace=True),
    "titanic/titanic.csv": pd.read_csv,
    "auto_imports/auto_imports.csv": lambda file: pd.read_csv(file, header=None, na_values="?"),
    "german_credit/german.csv": lambda file: pd.read_csv(file, header=None),
    "beijing_pm25/pollution.csv.gz": beijing,
    "mushroom/agaricus-lepiota.data": pd.read_csv,
}
DROPPED = {"titanic/titanic.csv": ["Name", "Ticket", "Cabin"]}


@pytest.fixture(scope="module")
def table(data_dir, request):
    """Rows from all over the file, labelled from anywhere."""
    file = data_dir / request.param
    if not file.exists():
        pytest.skip(f"no {file}")
    whole = READERS[request.param](file)
    some = whole.sample(min(ROWS, len(whole)), random_state=0)
    some.columns = [str(each) for each in some.columns]
    return some.drop(columns=DROPPED.get(request.param, []))


@pytest.mark.parametrize("table", READERS, indirect=True)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_real_table_comes_back(table, library):
    X = table if library == "pandas" else pl.from_pandas(table)
    adapter = Tables().fit(X)
    made = adapter.inverse_transform(adapter.transform(X).x, like=X)
    if library == "polars":
        assert made.schema == X.schema
        made = made.to_pandas().set_axis(table.index)
    else:
        assert made.dtypes.equals(X.dtypes)
        assert made.index.equals(X.index)
    rare = {each.name for each in adapter.fitted_ if getattr(each, "rare", 0)}
    assert rare == set()
    for name in table:
        known = table[name].notna()
        here, there = table.loc[known, name], made.loc[known, name]
        # A fixed number of decimals makes all but the freest numbers exact.
        if here.dtype.kind == "f":
            np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-9)
        else:
            assert (here == there).all(), name
    assert made.notna().all(axis=None)
    assert not adapter.transform(X[:1]).x.isnan().any()
