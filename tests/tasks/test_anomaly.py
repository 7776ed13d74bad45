"""AnomalyDetector: scikit-learn's meanings, blame that adds up, thresholds that hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import estimator_checks_generator

import isthmus
from isthmus import (
    VAE,
    AnomalyDetector,
    Autoencoder,
    DenoisingAutoencoder,
    LinearAutoencoder,
    Noise,
)
from isthmus.errors import CompositionError, DataError
from isthmus.tasks.scores import Loss, Neighbours, Residual, Tails

SMALL = Autoencoder(latent_dim=2, epochs=2, random_state=0)


def rows(n: int = 200, seed: int = 0) -> np.ndarray:
    """Three columns, of which the second is twice the first."""
    made = np.random.default_rng(seed).normal(size=(n, 3))
    made[:, 1] = 2 * made[:, 0] + 0.1 * made[:, 1]
    return made


def people(n: int = 300) -> pd.DataFrame:
    """A table of numbers and names with holes."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "celsius": random.normal(10, 5, n),
            "country": random.choice(["RU", "US", "IN"], n),
            "visits": random.integers(0, 9, n),
        }
    )
    frame.loc[3, "celsius"] = None
    frame.loc[5, "country"] = None
    return frame


# It sets parameters to what no type allows, which the type checker of the tests is told to catch.
WATCHED = "check_do_not_raise_errors_in_init_or_set_params"
CHECKS = [
    pytest.param(estimator, check, id=check.func.__name__)
    for estimator, check in estimator_checks_generator(AnomalyDetector(random_state=0))
    if check.func.__name__ != WATCHED
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_it_keeps_to_the_rules_of_scikit_learn(
    estimator: AnomalyDetector, check: Callable[[AnomalyDetector], None]
) -> None:
    check(estimator)


DETECTORS = {
    "mixed": AnomalyDetector(random_state=0),
    "clean": AnomalyDetector(SMALL, clean=True, members=2, random_state=0),
    "model": AnomalyDetector(SMALL, members=2, random_state=0),
    "codes": AnomalyDetector(
        VAE(latent_dim=2, epochs=2),
        scores=[Loss(), Neighbours(3, of="codes"), Residual()],
        members=2,
        random_state=0,
    ),
    "several": AnomalyDetector([SMALL, LinearAutoencoder(latent_dim=1)], members=1, random_state=0),
}


@pytest.mark.parametrize("name", DETECTORS)
def test_blame_adds_up_to_the_score(name: str) -> None:
    X = rows()
    told = DETECTORS[name].fit(X).explain(X)
    assert told.blame.shape == X.shape
    assert (told.blame >= 0).all()
    np.testing.assert_allclose(-told.blame.sum(1), DETECTORS[name].score_samples(X), rtol=1e-4)
    np.testing.assert_array_equal(told.score, DETECTORS[name].score_samples(X))


@pytest.mark.parametrize("name", DETECTORS)
def test_it_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    X = rows()
    detector = DETECTORS[name].fit(X)
    detector.save(tmp_path / "it")
    again = isthmus.load(tmp_path / "it")
    np.testing.assert_array_equal(again.score_samples(X), detector.score_samples(X))
    np.testing.assert_array_equal(again.predict(X), detector.predict(X))
    np.testing.assert_array_equal(again.explain(X).expected, detector.explain(X).expected)
    assert again.offset_ == detector.offset_


@pytest.mark.parametrize("name", DETECTORS)
def test_a_row_is_scored_alike_whatever_is_beside_it(name: str) -> None:
    X = rows()
    detector = DETECTORS[name].fit(X)
    alone = [detector.score_samples(X[i : i + 1])[0] for i in range(5)]
    np.testing.assert_array_equal(alone, detector.score_samples(X)[:5])


def test_the_same_seed_gives_the_same_scores() -> None:
    X = rows()
    first, second = (AnomalyDetector(SMALL, clean=True, random_state=1).fit(X) for _ in range(2))
    np.testing.assert_array_equal(first.score_samples(X), second.score_samples(X))


@pytest.mark.parametrize("clean", [True, False])
def test_it_finds_what_breaks_a_rule_and_says_where(clean: bool) -> None:
    detector = AnomalyDetector(SMALL if clean else None, clean=clean, random_state=0).fit(rows())
    broken = rows(50, seed=1)
    broken[:, 1] = -broken[:, 1] + 6
    both = np.concatenate([rows(50, seed=2), broken])
    # A wide look sees that less well: it is not about how cells hang together.
    least = 0.95 if clean else 0.85
    assert roc_auc_score(np.arange(100) >= 50, -detector.score_samples(both)) > least
    told = detector.explain([[0.0, 6.0, 0.0]])
    assert told.blame.argmax() == 1
    assert told.worst(1)["column"].tolist() == [1]


def test_a_clump_of_anomalies_does_not_pass_for_normal() -> None:
    random = np.random.default_rng(0)
    X = np.concatenate([random.normal(size=(300, 4)), random.normal(6, 0.01, size=(30, 4))])
    labels = np.arange(330) >= 300
    detector = AnomalyDetector(random_state=0).fit(X)
    assert roc_auc_score(labels, -detector.score_samples(X)) == 1
    assert not set(detector.kept_) & set(np.flatnonzero(labels))
    assert len(detector.kept_) == 264


def test_more_neighbours_see_past_a_larger_clump() -> None:
    random = np.random.default_rng(0)
    X = np.concatenate([random.normal(size=(500, 4)), random.normal(6, 0.1, size=(80, 4))])
    labels = np.arange(580) >= 500
    detector = AnomalyDetector(scores=[Neighbours(120, weight=2), Tails()], random_state=0).fit(X)
    assert roc_auc_score(labels, -detector.score_samples(X)) > 0.99
    assert detector.kept_.max() < 500


def test_contamination_is_the_share_called_so() -> None:
    X = rows()
    detector = AnomalyDetector(contamination=0.05, random_state=0).fit(X)
    assert (detector.predict(X) == -1).sum() == 10
    np.testing.assert_allclose(
        detector.decision_function(X), detector.score_samples(X) - detector.offset_
    )


def test_false_alarms_are_held_to_on_new_rows() -> None:
    rates = [
        (AnomalyDetector(false_alarms=0.1, random_state=s).fit(rows(400, s)).predict(rows(2000, 9)))
        for s in range(8)
    ]
    assert 0.06 < np.mean(np.array(rates) == -1) < 0.14


def test_false_alarms_need_rows_to_count_them_by() -> None:
    with pytest.raises(DataError, match="999 at least"):
        AnomalyDetector(false_alarms=0.001).fit(rows())


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_tables_with_names_and_holes(library: type, tmp_path: Path) -> None:
    known = people()
    X = known if library is pd.DataFrame else pl.from_pandas(known)
    detector = AnomalyDetector(random_state=0).fit(X)
    strange = {"celsius": [10.0, 90.0, None], "country": ["US", "XX", "US"], "visits": [4, 4, 4]}
    told = detector.explain(library(strange))
    assert isinstance(told.blame, library)
    assert list(told.blame.columns) == list(known.columns)
    assert np.asarray(told.blame["celsius"])[2] == 0
    assert told.worst(1)["column"].tolist()[1] == "celsius"
    assert set(told.expected["country"]) <= {"RU", "US", "IN"}
    detector.save(tmp_path / "it")
    again = isthmus.load(tmp_path / "it").score_samples(library(strange))
    np.testing.assert_array_equal(again, told.score)


def test_a_model_of_a_table() -> None:
    model = DenoisingAutoencoder(latent_dim=4, corruption=Noise(0.1), epochs=2)
    detector = AnomalyDetector(model, clean=True, members=2, random_state=0).fit(people())
    told = detector.explain(people())
    np.testing.assert_allclose(-told.blame.sum(axis=1), told.score, rtol=1e-4)


def test_pictures_are_compared_by_their_codes() -> None:
    X = np.random.default_rng(0).random((40, 8, 8))
    detector = AnomalyDetector(SMALL, clean=True, members=1, random_state=0).fit(X)
    told = detector.explain(X[:3])
    assert told.blame.shape == told.expected.shape == (3, 8, 8)
    assert detector.panel_.scores[0].rows.shape == (40, 2)


def test_series_of_several_lengths() -> None:
    random = np.random.default_rng(0)
    X = [random.normal(size=(length, 2)) for length in (4, 5, 6, 7) * 8]
    detector = AnomalyDetector(Autoencoder(latent_dim=2, epochs=1), members=1, random_state=0)
    told = detector.fit(X).explain(X[:3])
    assert [each.shape for each in told.blame] == [(4, 2), (5, 2), (6, 2)]
    assert [each.shape for each in told.expected] == [(4, 2), (5, 2), (6, 2)]
    np.testing.assert_allclose([-each.sum() for each in told.blame], told.score, rtol=1e-4)
    with pytest.raises(DataError, match="several lengths"):
        told.worst()


def test_blame_has_the_layout_of_the_data() -> None:
    random = np.random.default_rng(0)
    series, colour = random.normal(size=(40, 7, 2)), random.random((40, 4, 4, 3)) / 9
    series[0, 3, 1], colour[0, 2, 1, 0] = 9, 1
    model = Autoencoder(latent_dim=1, epochs=1)
    for X, place in ((series, (3, 1)), (colour, (2, 1, 0))):
        detector = AnomalyDetector(model, scores=[Residual()], members=1, random_state=0)
        told = detector.fit(X).explain(X[:2])
        assert told.blame.shape == told.expected.shape == X[:2].shape
        assert told.worst(1)["column"][0] == place


def test_a_fitted_model_is_taken_as_it_is() -> None:
    X = rows()
    model = Autoencoder(latent_dim=2, epochs=2, random_state=0).fit(X)
    detector = AnomalyDetector(model, scores=[Residual()], clean=True).fit(X)
    assert detector.models_ == [model]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": []},
        {"members": 0},
        {"trim": 1.0},
        {"contamination": 0.7},
        {"contamination": "some"},
        {"false_alarms": 0.1, "contamination": 0.1},
    ],
)
def test_parameters_that_will_not_do_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CompositionError, match="given"):
        AnomalyDetector(**wrong).fit(rows())


def test_tails_count_from_both_ends() -> None:
    detector = AnomalyDetector(scores=[Tails()], trim=0.0, random_state=0)
    detector.fit(np.arange(100.0)[:, None])
    low, middle, high = detector.score_samples([[-5.0], [49.5], [105.0]])
    assert low == high < middle


def test_neighbours_leave_unknown_cells_out() -> None:
    X = np.random.default_rng(0).normal(size=(100, 2))
    X[0, 0] = np.nan
    score = AnomalyDetector(scores=[Neighbours(5)], trim=0.0, random_state=0).fit(X)
    told = score.explain([[np.nan, 7.0]])
    assert told.blame[0, 0] == 0
    assert told.blame[0, 1] > 0


def test_holes_are_scored_whether_or_not_there_were_any_in_training() -> None:
    X, holed = rows(), rows()
    holed[:3, 1], holed[2] = np.nan, np.nan
    for clean in (False, True):
        detector = AnomalyDetector(SMALL, clean=clean, members=1, random_state=0).fit(X)
        told = detector.explain(holed[:3])
        assert np.isfinite(told.score).all()
        assert (told.blame[np.isnan(holed[:3])] == 0).all()
        np.testing.assert_array_equal(
            detector.score_samples(holed[3:]), detector.score_samples(X[3:])
        )


def test_neighbours_that_know_nothing_have_no_say_in_what_is_expected() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"even": random.permutation(300) * 1.0, "odd": 100.0, "name": "often"})
    X["odd"] += X["even"]
    X.loc[X["even"] >= 200, "name"] = "seldom"
    X.loc[random.random(300) < 0.7, "name"] = None
    X.loc[random.random(300) < 0.7, "odd"] = None
    detector = AnomalyDetector(scores=[Neighbours(20)], random_state=0, trim=0).fit(X)
    told = detector.explain(pd.DataFrame({"even": [290.0], "odd": [390.0], "name": ["often"]}))
    assert told.expected["odd"].item() > 355
    assert told.expected["name"].item() == "seldom"


def test_without_neighbours_the_reconstruction_or_the_usual_is_expected() -> None:
    X = people()
    usual = AnomalyDetector(scores=[Tails()], random_state=0).fit(X).explain(X).expected
    assert len(usual.drop_duplicates()) == 1
    assert 8 < usual["celsius"][0] < 12
    model = LinearAutoencoder(latent_dim=1).fit(rows())
    told = AnomalyDetector(model, scores=[Loss()], random_state=0).fit(rows()).explain(rows())
    np.testing.assert_allclose(told.expected, model.reconstruct(rows()), rtol=1e-3, atol=1e-5)


def test_models_that_scale_the_data_otherwise_are_refused() -> None:
    fitted = Autoencoder(latent_dim=1, epochs=1, random_state=0).fit(rows()[:50])
    with pytest.raises(CompositionError, match="2 ways"):
        AnomalyDetector([fitted, SMALL], members=1, random_state=0).fit(rows())
