"""The conditional VAE: rows of a given kind, and rows made over into another kind."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from isthmus import ConditionalVAE, Dense, load
from isthmus.errors import DataError

X, KINDS = load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def model():
    return ConditionalVAE(
        latent_dim=6, backbone=Dense((128,)), epochs=40, random_state=0, verbose=False
    ).fit(X, KINDS)


@pytest.fixture(scope="module")
def judge():
    return KNeighborsClassifier().fit(X, KINDS)


def test_rows_of_a_given_kind_are_of_that_kind(model, judge):
    wanted = np.repeat(np.arange(10), 30)
    assert judge.score(model.sample(300, y=wanted, random_state=0), wanted) > 0.9
    assert judge.score(model.sample(50, y=3, random_state=0), np.full(50, 3)) > 0.9


def test_changed_rows_are_of_the_new_kind_and_keep_their_style(model, judge):
    zeros = X[KINDS == 0]
    ones = model.change(zeros, 0, to=1)
    assert judge.score(ones, np.ones(len(zeros))) > 0.9
    # Their style is what tells one from another: made over and back, each is itself again.
    back = model.change(ones, 1, to=0)
    still = model.reconstruct(zeros, 0)
    nearest = ((back[:, None] - still[None]) ** 2).sum(-1).argmin(1)
    assert (nearest == np.arange(len(zeros))).mean() > 0.2  # by chance: 1 in 178


def test_the_code_leaves_to_the_condition_what_it_says(model):
    # A neighbour in code space is of the same kind less often than where codes must say it all.
    told = KNeighborsClassifier().fit(model.transform(X[:1200], KINDS[:1200]), KINDS[:1200])
    assert told.score(model.transform(X[1200:], KINDS[1200:]), KINDS[1200:]) < 0.7


def test_the_right_condition_is_worth_nats(model):
    right = model.log_likelihood(X[:300], samples=20, y=KINDS[:300]).mean()
    wrong = model.log_likelihood(X[:300], samples=20, y=(KINDS[:300] + 1) % 10).mean()
    unknown = model.log_likelihood(X[:300], samples=20).mean()
    assert right > unknown > wrong


def test_what_fit_transform_returns_a_pipeline_can_return_again():
    fresh = ConditionalVAE(latent_dim=2, epochs=1, random_state=0)
    codes = fresh.fit_transform(X[:300], KINDS[:300])
    # Codes under y would tell a classifier behind them what it can't be told of new rows.
    np.testing.assert_array_equal(codes, fresh.transform(X[:300]))
    assert not np.array_equal(codes, fresh.transform(X[:300], KINDS[:300]))


def test_an_unknown_condition_is_none_at_all(model):
    np.testing.assert_array_equal(
        model.transform(X[:20], np.full(20, np.nan)), model.transform(X[:20])
    )


def test_it_comes_back_from_disk(model, tmp_path):
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    for call in (
        lambda one: one.sample(5, y=4, random_state=0),
        lambda one: one.change(X[:5], KINDS[:5], to=7),
        lambda one: one.score_samples(X[:5], KINDS[:5]),
    ):
        np.testing.assert_array_equal(call(again), call(model))
    assert len(again.partial_fit(X, KINDS).history_.rows) == len(model.history_.rows) + 1


def test_columns_of_several_kinds_are_a_condition():
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"side": rng.choice(["left", "right"], 400), "height": rng.normal(5, 2, 400)})
    rows = np.stack([np.where(y.side == "left", -1, 1) + rng.normal(0, 0.1, 400), y.height], axis=1)
    model = ConditionalVAE(
        latent_dim=1, backbone=Dense((32,)), epochs=60, learning_rate=5e-3, random_state=0
    ).fit(rows, y)
    made = model.sample(200, y={"side": "left", "height": 8.0})
    assert (made[:, 0] < 0).mean() > 0.95
    assert abs(made[:, 1].mean() - 8) < 0.7
    assert model.sample(2, y={"height": 1.0}).shape == (2, 2)


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_it_learns_nothing_without_a_condition(model, call):
    with pytest.raises(DataError, match=r"requires y to be passed.*NaN where it is unknown"):
        getattr(ConditionalVAE(epochs=1), call)(X)


def test_a_kind_that_was_never_seen_is_refused(model):
    with pytest.raises(DataError, match=r"holds 11, which was not there in fit; expected one of 0"):
        model.sample(3, y=11)


def test_round_a_row_with_a_condition_for_each_of_several_columns():
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"kind": [0, 1] * 20, "size": rng.normal(size=40)})
    model = ConditionalVAE(latent_dim=1, epochs=1, random_state=0).fit(rng.normal(size=(40, 2)), y)
    near = {"near": [0.0, 0.0], "radius": 0.0}
    made = model.sample(3, y={"kind": [0, 1, 1]}, **near)
    assert (made[0] != made[1]).any()
    np.testing.assert_array_equal(made[1], made[2])
    one = y.iloc[:1]
    np.testing.assert_array_equal(
        model.sample(1, y=one, **near), model.sample(1, y=one.iloc[0].to_dict(), **near)
    )
