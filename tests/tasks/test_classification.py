"""The classifier by codes: few labels, four ways, and what is kept of it."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.semi_supervised import LabelSpreading
from sklearn.utils.estimator_checks import estimator_checks_generator

import isthmus
from isthmus import VAE, Autoencoder, ConditionalVAE, Dense, EncoderClassifier
from isthmus.errors import CompositionError, DataError
from isthmus.tasks.labelled import often
from isthmus.tasks.labels import Labels

X, Y = load_digits(return_X_y=True)
FEW = np.where(np.arange(len(Y)) < 150, Y, -1)[:1200]
REST = slice(1200, None)
SMALL = {"epochs": 6, "batch_size": 32, "validation_fraction": 0.0, "verbose": False}
SMALL |= {"latent_dim": 12, "backbone": Dense((64,)), "learning_rate": 3e-3}
MODELS = {
    "frozen": Autoencoder(**SMALL),
    "fine-tuned": Autoencoder(**SMALL),
    "spread": VAE(**SMALL),
    "m2": ConditionalVAE(**SMALL, forgetting=0.0),
}


@pytest.fixture(scope="module")
def fitted():
    return {
        method: EncoderClassifier(model, method=method, random_state=0).fit(X[:1200], FEW)
        for method, model in MODELS.items()
    }


@pytest.mark.parametrize("method", MODELS)
def test_few_labels_tell_classes(fitted, method):
    classifier = fitted[method]
    proba = classifier.predict_proba(X[REST])
    assert proba.shape == (len(X) - 1200, 10)
    assert np.allclose(proba.sum(1), 1)
    assert np.array_equal(classifier.classes_, np.arange(10))
    assert np.array_equal(classifier.predict(X[REST]), classifier.classes_[proba.argmax(1)])
    assert classifier.score(X[REST], Y[REST]) > 0.7


@pytest.mark.parametrize("method", MODELS)
def test_kept(fitted, method, tmp_path):
    fitted[method].save(tmp_path / "c")
    again = isthmus.load(tmp_path / "c")
    assert isinstance(again, EncoderClassifier)
    assert np.array_equal(again.classes_, fitted[method].classes_)
    assert np.allclose(again.predict_proba(X[:9]), fitted[method].predict_proba(X[:9]))
    assert np.array_equal(again.model_.transform(X[:9]), fitted[method].model_.transform(X[:9]))


def test_the_seed_tells_all(fitted):
    again = EncoderClassifier(MODELS["fine-tuned"], method="fine-tuned", random_state=0)
    found = again.fit(X[:1200], FEW).predict_proba(X[REST])
    assert np.array_equal(found, fitted["fine-tuned"].predict_proba(X[REST]))


def test_m2_makes_rows_of_each_class(fitted):
    model = fitted["m2"].model_
    made = model.sample(20, y=0, random_state=0)
    zeros, ones = X[Y == 0].mean(0), X[Y == 1].mean(0)
    assert np.square(made - zeros).mean() < np.square(made - ones).mean()
    assert (fitted["m2"].predict(made) == 0).mean() > 0.6


def test_texts_and_unknown_ones():
    names = np.array(["even", "odd"])[Y[:300] % 2].astype(object)
    names[100:] = None
    classifier = EncoderClassifier(MODELS["frozen"], random_state=0).fit(X[:300], names)
    assert classifier.classes_.tolist() == ["even", "odd"]
    assert classifier.score(X[100:300], np.array(["even", "odd"])[Y[100:300] % 2]) > 0.75
    holed = np.where(np.arange(300) < 100, Y[:300], np.nan)
    by_nan = EncoderClassifier(MODELS["frozen"], random_state=0).fit(X[:300], holed)
    by_one = EncoderClassifier(MODELS["frozen"], random_state=0).fit(
        X[:300], np.where(np.isnan(holed), -1, holed).astype(int)
    )
    assert by_nan.classes_.dtype.kind == "i"
    assert np.array_equal(by_nan.predict(X[300:400]), by_one.predict(X[300:400]))


def test_any_classifier(tmp_path):
    for chosen in (KNeighborsClassifier(3), LabelSpreading("knn"), LogisticRegression(C=0.1)):
        classifier = EncoderClassifier(clone(MODELS["frozen"]), chosen, random_state=0)
        assert classifier.fit(X[:1200], FEW).score(X[REST], Y[REST]) > 0.7
    with pytest.raises(CompositionError, match="can't be kept"):
        classifier.save(tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_rows_that_no_label_comes_to_are_as_likely_of_any_class():
    rows = np.concatenate([X[:60], X[:1] + np.full((20, 1), 1000.0)])
    few = np.where(np.arange(80) < 40, np.append(Y[:60], np.zeros(20, int)), -1)
    spreads = EncoderClassifier(MODELS["frozen"], LabelSpreading("knn", n_neighbors=3))
    proba = spreads.fit(rows, few).predict_proba(rows)
    assert np.allclose(proba.sum(1), 1)
    assert np.allclose(proba[60:], 0.1)


# Rows that are -1 have no label, as in scikit-learn's own of this kind, which it spares by name.
SPARED = ("check_classifiers_classes",)
WATCHED = "check_do_not_raise_errors_in_init_or_set_params"  # the tests' type checker is in its way
TOY = Autoencoder(latent_dim=4, backbone=Dense((32,)), epochs=10, batch_size=16)
CHECKS = [
    pytest.param(estimator, check, id=check.func.__name__)
    for estimator, check in estimator_checks_generator(EncoderClassifier(TOY, random_state=0))
    if check.func.__name__ not in (*SPARED, WATCHED)
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_it_keeps_to_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def test_few_come_round_often():
    known = Labels.of([0, -1, 1, *[-1] * 97], 100).one_hot.sum(1) > 0
    rows = often(known)
    assert np.array_equal(np.unique(rows), np.arange(100))
    assert 0.3 < np.isin(rows, [0, 2]).mean() < 0.36
    assert len(often(known | True)) == 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": VAE(), "method": "m2"}, "expected a ConditionalVAE"),
        ({"model": ConditionalVAE()}, "learns from rows alone"),
        ({"classifier": LogisticRegression(), "method": "fine-tuned"}, "learns its own"),
        ({"weight": -1.0}, "expected a number, 0 or more"),
    ],
)
def test_what_can_not_be_meant_is_told(arguments, said):
    with pytest.raises(CompositionError, match=said):
        EncoderClassifier(**arguments).fit(X[:20], Y[:20])


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (None, "requires y to be passed"),
        (np.zeros(20), "the one class 0"),
        (np.full(20, -1), "name no class"),
        ([], "for 20 rows"),
        (np.full(20, np.inf), "infinite"),
        (np.arange(19), "expected one for each"),
        ([1, "one"] * 10, "of several kinds"),
    ],
)
def test_labels_that_will_not_do_are_told(labels, said):
    with pytest.raises(DataError, match=said):
        EncoderClassifier(MODELS["frozen"]).fit(X[:20], labels)
