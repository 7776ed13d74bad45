"""What the report counts agrees with what the model itself and scikit-learn say."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import r2_score

from isthmus import VAE
from isthmus.report.colouring import colouring
from isthmus.report.drawing import ACCENT, MUTED
from isthmus.report.strangest import cells
from isthmus.report.subject import Subject, examine


@pytest.fixture(scope="module")
def iris() -> np.ndarray:
    return load_iris().data


@pytest.fixture(scope="module")
def subject(iris: np.ndarray) -> Subject:
    model = VAE(latent_dim=2, epochs=5, random_state=0, verbose=False)
    return examine(model.fit(iris), iris, None, "iris")


def test_codes_and_scores_are_the_models_own(subject: Subject, iris: np.ndarray) -> None:
    assert subject.survey.codes == pytest.approx(subject.model.transform(iris), abs=1e-5)
    assert subject.survey.scores == pytest.approx(subject.model.score_samples(iris), abs=1e-4)


def test_what_is_lost_is_what_r2_lacks(subject: Subject, iris: np.ndarray) -> None:
    r2 = r2_score(iris, subject.model.reconstruct(iris), multioutput="raw_values")
    assert subject.survey.features.unexplained == pytest.approx(1 - r2, abs=1e-4)


def test_a_holed_column_is_counted_where_it_is_known(iris: np.ndarray) -> None:
    X = iris.copy()
    X[:100, 1] = np.nan
    model = VAE(latent_dim=2, epochs=1, random_state=0, verbose=False).fit(X)
    features = examine(model, X, None, "").survey.features
    assert features.mean == pytest.approx(np.zeros(4), abs=1e-5)
    assert features.variance == pytest.approx(np.ones(4), abs=1e-4)


def test_the_cells_named_are_those_that_were_spoilt(subject: Subject, iris: np.ndarray) -> None:
    X = iris.copy()
    X[7, 2] = 40.0
    spoilt = examine(subject.model, X, None, "")
    strangest = int(spoilt.survey.scores.argmin())
    assert strangest == 7
    look = spoilt.look(np.array([strangest]))
    assert cells(look, 0)[0] == 2
    assert spoilt.called(strangest) == "row 7"


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1, 1], ["0", "1"]),
        ([True, False, True], ["False", "True"]),
        (["oak", None, "elm"], ["elm", "oak", "unknown"]),
        ([1.0, None, 2.0], ["1", "2", "unknown"]),
        ([*"aabbccddeeffgghhiijjk"], [*"abcdefghi", "2 others"]),
        ([1, "one", 1], ["one", "1"]),
    ],
)
def test_names_get_a_colour_each(labels: list[Any], names: list[str]) -> None:
    found = colouring(np.array(labels, dtype=object), len(labels))
    assert found.legend is not None
    assert [key.name for key in found.legend.keys] == names


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_labels_may_be_missing(subject: Subject, iris: np.ndarray, missing: Any) -> None:
    labels = pd.Series([missing, *range(149)], dtype=object)
    found = examine(subject.model, iris, labels, "").labels
    assert found is not None
    assert found[:2].tolist() == [None, 0]


def test_amounts_get_a_ramp() -> None:
    found = colouring(np.array([*np.linspace(-1, 1, 99), None, np.inf], dtype=object), 101)
    assert found.legend is not None
    assert found.legend.ends == ("-0.98", "0.98")
    assert found.colours[-2:].tolist() == [MUTED, MUTED]


def test_without_labels_there_is_one_colour() -> None:
    found = colouring(None, 3)
    assert set(found.colours) == {ACCENT}
    assert found.legend is None
