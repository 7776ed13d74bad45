"""Imputer: only holes change, and they are filled with what goes with the rest of the row."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator

from isthmus import VAE, Autoencoder, ConditionalVAE, DenoisingAutoencoder, Vectors, load
from isthmus.errors import CompositionError, DataError
from isthmus.tasks.imputation import Imputer

PLACES = {
    "RU": (-12.0, ["yandex.ru", "mail.ru"]),
    "US": (12.0, ["gmail.com", "yahoo.com"]),
    "IN": (28.0, ["rediffmail.com", "gmail.com"]),
}


def quick(epochs: int = 30, **how):
    return DenoisingAutoencoder(latent_dim=8, epochs=epochs, patience=None, **how)


def mails(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Countries, how warm it is there, and where people have their mail."""
    rng = np.random.default_rng(seed)
    country = rng.choice(list(PLACES), rows)
    return pd.DataFrame(
        {
            "country": country,
            "temperature": [PLACES[each][0] + 3 * rng.normal() for each in country],
            "mail": [PLACES[each][1][int(rng.random() < 0.15)] for each in country],
        }
    )


def mixed(rows: int = 60) -> pd.DataFrame:
    """A column of each kind, with holes."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=rows)
    frame = pd.DataFrame(
        {
            "number": x,
            "single": (x + rng.normal(size=rows)).astype(np.float32),
            "count": pd.array(rng.poisson(4, rows), dtype="Int64"),
            "truth": pd.array(x > 0, dtype="boolean"),
            "category": pd.Categorical(np.where(x > 0, "high", "low"), ["low", "high", "unused"]),
            "text": np.where(x > 0.5, "much", "little"),
            "date": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
        },
        index=[f"row {each}" for each in range(rows)],
    )
    for place in range(frame.shape[1]):
        frame.iloc[rng.random(rows) < 0.3, place] = None
    return frame


@pytest.fixture(scope="module")
def fitted() -> Imputer:
    return Imputer(quick(5), members=2, random_state=0).fit(mixed())


@pytest.fixture(scope="module")
def numbers() -> Imputer:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1)) + 0.1 * rng.normal(size=(200, 3))
    X[rng.random(X.shape) < 0.2] = np.nan
    return Imputer(quick(), members=2, random_state=0).fit(X)


def test_the_small_example_of_the_lecture():
    table = mails()
    table.loc[::7, "country"] = None
    table.loc[1::7, "temperature"] = np.nan
    table.loc[2::7, "mail"] = None
    imputer = Imputer(quick(60), members=4, missing_values="<MISSING>", random_state=0).fit(table)
    rows = [
        ("<MISSING>", -15.0, "yandex.ru"),
        ("US", "<MISSING>", "gmail.com"),
        ("IN", 11.2, "<MISSING>"),
    ]
    (country, *first), (us, temperature, gmail), (*last, mail) = imputer.transform(rows)
    assert (country, *first) == ("RU", -15.0, "yandex.ru")
    assert (us, gmail) == ("US", "gmail.com")
    assert 6 < temperature < 18
    assert last == ["IN", 11.2]
    assert mail in ("rediffmail.com", "gmail.com")
    frame = imputer.transform(pd.DataFrame(rows, columns=table.columns))
    assert frame.to_numpy().tolist() == imputer.transform(rows).tolist()
    assert frame["temperature"].dtype == np.float64


def test_only_holes_change_and_every_one_is_filled(fitted):
    X = mixed()
    filled = fitted.transform(X)
    assert not filled.isna().to_numpy().any()
    pd.testing.assert_frame_equal(filled.where(X.notna(), X), X, check_exact=True)
    assert (filled.dtypes == X.dtypes).all()
    assert list(filled["category"].cat.categories) == ["low", "high", "unused"]
    assert set(filled["text"]) <= {"much", "little"}


def test_a_table_of_polars_comes_back_as_one(fitted):
    X = pl.from_pandas(mixed().reset_index(drop=True))
    imputer = Imputer(quick(2), members=1, random_state=0).fit(X)
    filled = imputer.transform(X)
    assert isinstance(filled, pl.DataFrame)
    assert filled.schema == X.schema
    assert sum(filled.null_count().row(0)) == 0
    for name in X.columns:
        known = X[name].is_not_null()
        assert filled[name].filter(known).equals(X[name].filter(known), check_dtypes=True)


def test_an_array_comes_back_as_one(numbers):
    X = np.array([[1.0, np.nan, 1.1], [np.nan, np.nan, -1.0], [0.1, 0.2, 0.3]], np.float32)
    filled = numbers.transform(X)
    assert filled.dtype == np.float32
    known = ~np.isnan(X)
    assert (filled[known] == X[known]).all()
    assert filled[0, 1] == pytest.approx(1.05, abs=0.3)
    assert filled[1, :2] == pytest.approx(-1, abs=0.4)
    assert (filled[2] == X[2]).all()


def test_a_complete_table_comes_back_unchanged(fitted, numbers):
    X = fitted.transform(mixed())
    pd.testing.assert_frame_equal(fitted.transform(X), X, check_exact=True)
    values = np.random.default_rng(0).normal(size=(5, 3))
    filled = numbers.transform(values)
    assert (filled == values).all()
    assert filled is not values


def test_what_stands_in_an_unobserved_cell_has_no_part(numbers):
    data = numbers.adapter_.transform(pd.DataFrame([[1.0, np.nan, 1.0]]))
    assert data.observed is not None
    once = numbers.blend_.believe(data)
    data.x[~data.observed] = 100.0
    again = numbers.blend_.believe(data)
    holes = torch.tensor([1])
    assert torch.equal(once.wide[:, holes], again.wide[:, holes])


MARKED = {
    "whole numbers": (np.array([[1, 2], [3, -1], [5, 6], [2, 3]] * 5), -1),
    "texts": (np.array([["a", "x"], ["b", "?"], ["a", "x"], ["b", "longer"]] * 5), "?"),
    "several": (pd.DataFrame({"a": [1, -9, 2, 3] * 5, "b": ["x", "?", "y", "NA"] * 5}), ["?", -9]),
    "exact": (pd.DataFrame({"a": [2**60 + 1, -9, 2**60 + 5, 7] * 5, "b": ["x", "y"] * 10}), -9),
    "nullable": (pd.DataFrame({"a": pd.array([1, -9, None, 3] * 5), "b": ["x", "y"] * 10}), -9),
    "categories": (pd.DataFrame({"a": pd.Categorical(["x", "?", None, "y"] * 5)}), "?"),
    "polars": (pl.DataFrame({"a": [1, -9, 2, 3] * 5, "b": ["x", "?", "y", "?"] * 5}), ("?", -9)),
    "labels": (
        pl.DataFrame({"a": ["x", "?"] * 10, "b": ["y", "?"] * 10}).with_columns(
            pl.col("a").cast(pl.Categorical), pl.col("b").cast(pl.Enum(["?", "y"]))
        ),
        "?",
    ),
}


@pytest.mark.parametrize("kind", MARKED)
def test_what_stands_for_a_hole_is_filled_and_the_dtype_stays(kind):
    X, missing = MARKED[kind]
    filled = Imputer(quick(2), members=1, missing_values=missing, random_state=0).fit_transform(X)
    assert type(filled) is type(X)
    before, after = (pd.DataFrame(np.asarray(each, dtype=object)) for each in (X, filled))
    marks = list(missing) if isinstance(missing, list | tuple) else [missing]
    holes = before.isin(marks) | before.isna()
    assert not (after.isin(marks) | after.isna()).to_numpy().any()
    known = ~holes.to_numpy()
    assert after.to_numpy()[known].tolist() == before.to_numpy()[known].tolist()
    if isinstance(X, pd.DataFrame):
        assert (filled.dtypes == X.dtypes).all()
    elif isinstance(X, pl.DataFrame):
        assert filled.schema == X.schema
    else:
        assert filled.dtype.kind == X.dtype.kind


def test_what_stands_for_a_hole_is_text_or_number():
    with pytest.raises(CompositionError, match=r"missing_values=Timestamp.*a text, a number"):
        Imputer(quick(2), missing_values=pd.Timestamp("1900")).fit(mixed())


def test_what_is_masked_is_a_hole(numbers):
    values = np.array([[1.0, 99.0, 1.1]])
    filled = numbers.transform(np.ma.masked_array(values, values == 99))
    assert (filled == numbers.transform(np.where(values == 99, np.nan, values))).all()
    assert filled[0, 1] < 3


def test_rows_do_not_depend_on_those_beside_them(fitted):
    X = mixed()
    pd.testing.assert_frame_equal(fitted.transform(X.iloc[3:4]), fitted.transform(X).iloc[3:4])


def test_a_category_that_is_new_stays_and_is_no_hole(fitted):
    X = mixed().iloc[:2].assign(text=["new", None])
    filled = fitted.transform(X)
    assert filled["text"].iloc[0] == "new"
    assert filled["text"].iloc[1] in ("much", "little")


def test_a_column_of_only_holes():
    X = mixed().assign(empty=np.nan)
    imputer = Imputer(quick(2), members=1, random_state=0).fit(X)
    filled = imputer.transform(X)
    assert filled["empty"].isna().all()
    assert not filled.drop(columns="empty").isna().to_numpy().any()
    later = X.assign(number=np.nan)  # known in training, but nowhere here
    assert imputer.transform(later)["number"].notna().all()


@pytest.mark.parametrize("name", list(mixed()))
@pytest.mark.parametrize("hole", [np.nan, None])
def test_a_column_that_later_holds_nothing_is_filled(fitted, name, hole):
    column = pd.Series([hole] * len(mixed()), index=mixed().index)
    X = mixed().assign(**{name: column})
    for filled in (fitted.transform(X), *fitted.sample(X, 1)):
        assert filled[name].notna().all()
        pd.testing.assert_frame_equal(
            filled.drop(columns=name).where(X.drop(columns=name).notna(), X.drop(columns=name)),
            X.drop(columns=name),
            check_exact=True,
        )
    if name == "number":
        again = pl.from_pandas(X.reset_index(drop=True).drop(columns=name))
        again = again.with_columns(pl.lit(None).alias(name))
        assert fitted.transform(again)[name].null_count() == 0


def test_whole_numbers_become_floats_where_what_is_filled_in_is_none(fitted):
    X = mixed().iloc[:2].assign(number=pd.array([1, None], dtype="Int64"))
    filled = fitted.transform(X)["number"]
    assert filled.iloc[0] == 1
    assert filled.notna().all()
    assert filled.dtype == np.float64


def test_a_dtype_that_lacks_a_category_gets_it(fitted):
    X = mixed()
    X["category"] = X["category"].cat.set_categories(["low"])  # each "high" is now a hole
    filled = fitted.transform(X)
    assert filled["category"].notna().all()
    assert filled["category"].cat.categories.tolist() == ["low", "high"]
    few = pl.from_pandas(X.reset_index(drop=True)).with_columns(
        pl.col("text").replace("much", None)
    )
    few = few.with_columns(pl.col("text").cast(pl.Enum(["little"])))
    imputer = Imputer(quick(2), members=1, random_state=0).fit(
        pl.from_pandas(mixed().reset_index(drop=True))
    )
    assert imputer.transform(few)["text"].null_count() == 0


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda X: X.rename(columns={"number": "No."}), "lacks number and has No. beside"),
        (lambda X: X.iloc[:0], "0 rows"),
        (lambda X: X.assign(number=np.inf), "infinity"),
        (lambda X: X.drop(columns="text"), "lacks text"),
    ],
)
def test_what_can_not_be_filled_is_refused(fitted, damage, words):
    with pytest.raises(DataError, match=words):
        fitted.transform(damage(mixed()))


def test_columns_may_come_in_another_order(fitted):
    X = mixed()
    swapped = X[X.columns[::-1]]
    pd.testing.assert_frame_equal(fitted.transform(swapped)[X.columns], fitted.transform(X))


def test_one_row(fitted):
    filled = fitted.transform(mixed().iloc[[0]])
    assert filled.shape == (1, 7)
    assert not filled.isna().to_numpy().any()


def test_drawn_tables_differ_in_holes_alone_and_repeat(fitted):
    X = mixed()
    tables = fitted.transform(X, draws=3)
    for table in tables:
        assert not table.isna().to_numpy().any()
        pd.testing.assert_frame_equal(table.where(X.notna(), X), X, check_exact=True)
    assert not tables[0].equals(tables[1])
    for table, again in zip(tables, fitted.sample(X, 3), strict=True):
        pd.testing.assert_frame_equal(table, again)
    assert not tables[0].equals(fitted.sample(X, 1, random_state=5)[0])


def test_several_tables_are_no_output_of_one(numbers):
    X = np.array([[1.0, np.nan, 1.1]])
    asked = clone(numbers).set_output(transform="pandas")
    vars(asked).update({name: each for name, each in vars(numbers).items() if name.endswith("_")})
    assert isinstance(asked.transform(X), pd.DataFrame)
    with pytest.raises(CompositionError, match="sample"):
        asked.transform(X, draws=2)
    assert len(asked.sample(X, 2)) == 2


def test_draws_spread_as_what_was_hidden_does():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 1))
    X = np.hstack([x, 0.8 * x + 0.6 * rng.normal(size=x.shape)])
    holes = X.copy()
    holes[::2, 1] = np.nan
    imputer = Imputer(quick(), members=2, random_state=0).fit(holes)
    drawn = np.stack([table[::2, 1] for table in imputer.sample(holes, 20)])
    assert drawn.std(0).mean() == pytest.approx(0.6, abs=0.1)
    assert np.corrcoef(X[::2, 0], drawn[0])[0, 1] == pytest.approx(0.8, abs=0.1)
    single = imputer.transform(holes)[::2, 1]  # too narrow, which is what draws are for
    assert single.std() < drawn[0].std()


def test_cells_drawn_together_go_together():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 1))
    X = np.hstack([rng.normal(size=x.shape), x, x + 0.1 * rng.normal(size=x.shape)])
    holes = X.copy()
    holes[:250, 1:] = np.nan
    imputer = Imputer(quick(), members=2, random_state=0).fit(holes)
    (table,) = imputer.sample(holes, 1)
    assert np.corrcoef(table[:250, 1], table[:250, 2])[0, 1] > 0.8


def test_networks_do_what_no_line_can():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, size=(600, 1))
    X = np.hstack([x, x**2 + 0.1 * rng.normal(size=x.shape)])
    X[::3, 1] = np.nan
    imputer = Imputer(quick(60, learning_rate=3e-3), members=2, random_state=0).fit(X)
    assert imputer.weights_["1"] > 0.8
    row = imputer.transform([[1.5, np.nan]])
    assert row[0, 1] == pytest.approx(2.25, abs=0.5)
    alone = Imputer(quick(2), members=1, hybrid=False, random_state=0).fit(X)
    assert set(alone.weights_.values()) == {1.0}


def test_the_same_seed_fills_the_same():
    X = mixed()
    first, second = (Imputer(quick(2), members=2, random_state=3).fit(X) for _ in range(2))
    pd.testing.assert_frame_equal(first.transform(X), second.transform(X))


def test_other_families_can_be_its_networks():
    X = mixed()
    imputer = Imputer(VAE(latent_dim=2, epochs=2), members=2, random_state=0).fit(X)
    assert not imputer.transform(X).isna().to_numpy().any()
    assert repr(imputer.models_[0].codec_.corruption) == "Masking((0.0, 1.0))"


@pytest.mark.parametrize("model", [ConditionalVAE(), Autoencoder(adapter=Vectors())])
def test_what_is_no_network_of_rows_is_refused(model):
    with pytest.raises(CompositionError, match="expected"):
        Imputer(model).fit(mixed())


def test_it_is_written_down_whole(fitted, tmp_path):
    fitted.save(tmp_path / "imputer")
    again = load(tmp_path / "imputer")
    assert isinstance(again, Imputer)
    pd.testing.assert_frame_equal(again.transform(mixed()), fitted.transform(mixed()))
    for table, other in zip(again.sample(mixed(), 2), fitted.sample(mixed(), 2), strict=True):
        pd.testing.assert_frame_equal(table, other)
    assert again.weights_ == fitted.weights_
    # What the template was the models tell.
    assert repr(again) == "Imputer(members=2, random_state=0)"


# It stores what it is given, but the types of arguments are watched over in these tests.
WATCHED = "check_do_not_raise_errors_in_init_or_set_params"
CHECKS = [
    (estimator, check)
    for estimator, check in estimator_checks_generator(Imputer(quick(2), members=1, random_state=0))
    if check.func.__name__ != WATCHED
]


@pytest.mark.parametrize(
    ("estimator", "check"), CHECKS, ids=[check.func.__name__ for _, check in CHECKS]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
