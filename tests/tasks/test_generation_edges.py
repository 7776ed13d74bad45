"""The generator at the edges: odd columns, odd values, hardly any rows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from isthmus import VAE, Dense, Generator
from isthmus.errors import DataError
from isthmus.tasks.priors import Standard


def tiny() -> VAE:
    return VAE(latent_dim=3, beta=0.1, epochs=2, backbone=Dense((16,)), verbose=False)


def odd(rows: int = 120) -> pd.DataFrame:
    """A table with a column of holes alone, a constant one, and dtypes that take some care."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "void": pd.Series([None] * rows, dtype=object),
            "same": ["a"] * rows,
            "one": 3.0,
            "age": pd.Series(rng.integers(18, 90, rows), dtype="Int64").where(
                pd.Series(rng.random(rows) > 0.1)
            ),
            "country": pd.Categorical(rng.choice(["FR", "RU"], rows), ["RU", "FR", "US"]),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
        }
    )


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(tiny(), prior="mixture", random_state=0).fit(odd())


def test_odd_columns_come_back_as_they_were(generator: Generator) -> None:
    for where in (None, {"country": "FR", "age": 30, "same": "a"}):
        rows = generator.sample(4, where=where)
        assert rows.dtypes.to_dict() == odd().dtypes.to_dict()
        assert rows["void"].isna().all()
        assert (rows["same"] == "a").all()
        assert (rows["one"] == 3).all()
        assert list(rows["country"].cat.categories) == ["RU", "FR", "US"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"age": "old"}, "age held numbers"),
        ({"age": np.inf}, "infinity"),
        ({"since": "yesterday"}, "since held dates"),
        ({"country": "US"}, "not among the values"),
        ({"age": 30.5}, "whole numbers"),
        ({"one": 4.0}, "not among the values"),
        ({"void": 1}, "not among the values"),
    ],
)
def test_values_that_a_column_can_not_hold_are_refused(generator: Generator, where, said) -> None:
    with pytest.raises(DataError, match=said):
        generator.sample(2, where=where)


def test_dtypes_of_polars_come_back_too() -> None:
    frame = pl.from_pandas(odd().drop(columns="void")).with_columns(
        pl.col("country").cast(pl.Enum(["RU", "FR", "US"])), pl.col("same").cast(pl.Categorical)
    )
    made = Generator(tiny(), prior="mixture", random_state=0).fit(frame)
    assert made.sample(3, where={"country": "FR", "same": "a", "age": 30}).schema == frame.schema
    with pytest.raises(DataError, match="not among the values"):
        made.sample(3, where={"country": "DE"})
    with pytest.raises(DataError, match="age held numbers"):
        made.sample(3, where={"age": "old"})


def test_columns_with_numbers_for_names_are_given_by_them() -> None:
    frame = odd()[["age", "one"]].astype(float).fillna(40).set_axis([0, 1], axis=1)
    frame[1] += np.arange(len(frame))
    rows = Generator(tiny(), prior="mixture", random_state=0).fit(frame).sample(3, where={1: 7.5})
    assert rows[1].tolist() == [7.5] * 3
    assert list(rows) == [0, 1]


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_are_refused(rows: int) -> None:
    with pytest.raises(DataError, match="at least 2"):
        Generator(tiny(), prior="mixture").fit(odd()[:rows])


@pytest.mark.parametrize("rows", [2, 3])
def test_two_rows_are_enough(rows: int) -> None:
    made = Generator(tiny(), prior="mixture", random_state=0).fit(odd()[:rows])
    assert made.sample(5).shape == (5, 6)
    assert all(np.isfinite(each) for each in made.prior_scores_.values())


def test_a_renamed_column_is_refused_where_rows_are_read(generator: Generator) -> None:
    renamed = odd().rename(columns={"age": "years"})
    for read in (generator.score_samples, lambda X: generator.privacy(X, odd())):
        with pytest.raises(DataError, match="lacks age"):
            read(renamed)


def test_unknown_cells_have_no_say(generator: Generator) -> None:
    some = odd()[:20]
    holes = some.assign(age=pd.array([pd.NA] * 20, dtype="Int64"))
    assert np.isfinite(generator.score_samples(holes)).all()
    told = generator.privacy(holes, odd()).synthetic
    assert told.median == pytest.approx(0, abs=1e-3)
    assert told.copies < 0.2  # those alone whose age was unknown to begin with


def test_rows_that_are_mostly_holes_are_close_to_none_and_a_hole_hides_no_copy() -> None:
    real = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 4)), columns=list("abcd"))
    generator = Generator(tiny(), prior="mixture", random_state=0).fit(real)
    rows = real.iloc[:20] + 1
    alone = generator.privacy(rows, real).synthetic
    holed = pd.concat([real, rows.assign(b=np.nan, c=np.nan, d=np.nan)])
    assert generator.privacy(rows, holed).synthetic == alone
    told = generator.privacy(real.iloc[:20], real.iloc[:20].assign(d=np.nan)).synthetic
    assert told.copies == 1
    assert told.fifth == pytest.approx(0, abs=1e-3)


def test_what_no_code_goes_with_is_told() -> None:
    X = np.random.default_rng(0).normal(size=(100, 2))
    generator = Generator(tiny(), prior="mixture", random_state=0).fit(X)
    with pytest.warns(UserWarning, match="hardly more than 0"):
        rows = generator.sample(2, where={0: 1e30})
    assert (rows[:, 0] == 1e30).all()


def test_many_codes_are_drawn_a_part_at_a_time() -> None:
    prior = Standard().sized(2)
    with torch.random.fork_rng():
        assert prior.sample(2**16 + 3).shape == (2**16 + 3, 2)


def test_usual_scores_are_those_of_all_rows_whatever_their_order() -> None:
    X = np.sort(np.random.default_rng(0).standard_t(2, size=(4_001, 1)), axis=0) @ np.ones((1, 2))
    generator = Generator(tiny(), prior="standard", random_state=0).fit(X)
    assert 0.4 < generator.plausibility(X).mean() < 0.6
