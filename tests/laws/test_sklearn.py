"""Laws of families as scikit-learn sees them."""

import numpy as np
import pandas as pd
import pytest
from members import KINDS, family, fitted, made, wine
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from isthmus import VAE, Composed, catalogue

EVERY = pytest.mark.parametrize("name", sorted(catalogue.FAMILIES))


@parametrize_with_checks([family(name, epochs=2) for name in sorted(catalogue.FAMILIES)])
def test_scikit_learn_has_no_complaint(estimator, check):
    check(estimator)


@EVERY
def test_it_prints_as_the_call_that_makes_it(name):
    names = catalogue.FAMILIES | catalogue.PARTS
    again = eval(repr(family(name)), dict(names))
    assert again.get_params(deep=False).keys() == family(name).get_params(deep=False).keys()
    assert repr(again) == repr(family(name))
    assert name in family(name)._repr_html_()


@EVERY
def test_codes_have_names(name):
    model = clone(fitted(name)).set_params(epochs=1).set_output(transform="pandas")
    frame = pd.DataFrame(wine(), columns=[f"column {i}" for i in range(13)], index=range(7, 185))
    codes = model.fit_transform(frame, KINDS)
    assert isinstance(codes, pd.DataFrame)
    assert list(codes.columns) == list(model.get_feature_names_out())
    assert list(codes.columns) == [f"{name.lower()}{i}" for i in range(codes.shape[1])]
    assert list(codes.index) == list(frame.index)
    pd.testing.assert_frame_equal(codes, model.transform(frame))
    assert list(model.feature_names_in_) == list(frame.columns)


@EVERY
def test_it_stands_in_a_pipeline(name):
    labels = np.repeat([0, 1, 2], [59, 71, 48])
    pipeline = make_pipeline(family(name, epochs=20), LogisticRegression(max_iter=5000))
    assert cross_val_score(pipeline, wine(), labels, cv=3).mean() > 0.6


@EVERY
def test_its_fields_can_be_searched(name):
    search = GridSearchCV(family(name), {"learning_rate": [1e-6, 1e-2], "epochs": [5]}, cv=2)
    search.fit(wine(), np.arange(178) % 3)
    assert search.best_params_ == {"learning_rate": 1e-2, "epochs": 5}
    assert search.best_estimator_.transform(wine()).shape[0] == 178


def test_latent_dim_and_beta_can_be_searched():
    grid = {"latent_dim": [1, 3], "beta": [0.5, 20.0]}
    search = GridSearchCV(VAE(epochs=20, backbone=made("Dense((8,))"), random_state=0), grid, cv=2)
    search.fit(wine())
    assert search.best_params_["beta"] == 0.5
    assert search.best_estimator_.objective_.get_params()["KL"] == 0.5
    assert search.best_estimator_.latent_size_ == search.best_params_["latent_dim"]


def test_the_parts_of_a_composition_can_be_searched():
    model = Composed(
        latent=made("Gaussian(2)"), objective=made("NLL() + KL()"), backbone=made("Dense((8,))"),
        epochs=2, random_state=0,
    )  # fmt: skip
    grid = {"latent__dim": [1, 3], "objective__KL": [0.5, 20.0]}
    search = GridSearchCV(model, grid, cv=2).fit(wine())
    assert len(search.cv_results_["params"]) == 4
    assert len(set(search.cv_results_["mean_test_score"])) == 4
    assert repr(model.latent) == "Gaussian(2)"
    assert repr(model.objective) == "NLL() + KL()"
