"""Pace: the batch size and the learning rate that nobody named."""

import json
import re

import numpy as np
import pytest
from sklearn.base import clone

from isthmus import (
    VAE,
    Autoencoder,
    ConditionalVAE,
    Dense,
    EncoderClassifier,
    LinearAutoencoder,
    Shards,
    StackedAutoencoder,
    fit_together,
    load,
)
from isthmus.cli.jobs import inside
from isthmus.pace import pace
from isthmus.report import write

X = np.random.default_rng(0).normal(size=(1_000, 3)).astype(np.float32)
SMALL = {"latent_dim": 1, "epochs": 1, "backbone": Dense((4,)), "random_state": 0, "verbose": False}


def model(**settings):
    return VAE(**SMALL | settings)


@pytest.mark.parametrize(
    ("rows", "size", "rate"),
    [(1, 32, 1e-3), (700, 32, 1e-3), (900, 64, 1.4e-3), (2_000, 128, 2e-3), (10**8, 128, 2e-3)],
)
def test_few_rows_take_small_batches_at_a_lower_rate(rows, size, rate):
    assert pace(rows) == (size, rate)


def test_what_is_given_stays_and_the_other_fits_it():
    assert pace(50, 7, 0.3) == (7, 0.3)
    assert pace(50, 8) == (8, 5e-4)
    assert pace(50, 4_096) == (4_096, 2e-3)
    assert pace(50, None, 1e-2) == (128, 1e-2)
    assert pace(50, None, 1e30).batch_size == pace(50, None, 1e300).batch_size == 128
    assert pace(50, None, 1e-4) == (32, 1e-4)
    assert pace(5_000, None, 1e-4) == (128, 1e-4)


def test_the_rows_that_are_learned_from_count(tmp_path):
    np.save(tmp_path / "rows.npy", X)
    aside = {"validation_fraction": 0.3}  # 700 of 1,000
    for data in (X, Shards(tmp_path / "rows.npy")):
        assert (fitted := model().fit(data)).batch_size_ == 64, data
        assert fitted.learning_rate_ == pytest.approx(1.4e-3)
    assert model(**aside).fit(X).batch_size_ == 32
    assert model(**aside).partial_fit(X).batch_size_ == 64  # which keeps none aside
    assert StackedAutoencoder(**SMALL, pretraining_epochs=1).fit(X).batch_size_ == 64


def test_naming_what_would_be_chosen_changes_nothing():
    chosen, named = model().fit(X), model(batch_size=64, learning_rate=1.4e-3).fit(X)
    assert np.array_equal(chosen.transform(X), named.transform(X))
    linear = LinearAutoencoder(latent_dim=1, epochs=1).fit(X)
    assert (linear.batch_size_, linear.learning_rate_) == (4096, 5e-2)


def test_it_is_kept_with_the_model(tmp_path):
    fitted = model().fit(X)
    assert fitted.get_params()["batch_size"] is clone(fitted).learning_rate is None
    fitted.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.batch_size is again.learning_rate is None
    assert (again.batch_size_, again.learning_rate_) == (64, 1.4e-3)
    assert fitted.partial_fit(X[:50]).batch_size_ == 32


def test_a_file_from_before_there_was_a_choice(tmp_path):
    model(batch_size=100, learning_rate=1e-2).fit(X).save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    document = json.loads(path.read_text("utf-8"))
    del document["pace"]
    path.write_text(json.dumps(document), "utf-8")
    again = load(tmp_path / "model")
    assert (again.batch_size_, again.learning_rate_) == (100, 1e-2)


def test_models_trained_as_one_share_the_largest_batch():
    rates = [None, 1e-3, 1e-2, None]
    models = [
        model(learning_rate=rate, random_state=seed, epochs=2) for seed, rate in enumerate(rates)
    ]
    fit_together(models, X[:200])
    assert [each.batch_size_ for each in models] == [128] * 4
    assert [each.learning_rate_ for each in models] == [2e-3, 1e-3, 1e-2, 2e-3]
    assert models[0].history_.rows[0]["learning_rate"] == pytest.approx(
        models[1].history_.rows[0]["learning_rate"] * 2
    )
    alone = Autoencoder(**SMALL).fit(X[:200])
    together = fit_together([clone(alone), clone(alone).set_params(random_state=1)], X[:200])[0]
    assert together.batch_size_ == alone.batch_size_ == 32
    assert np.allclose(together.transform(X), alone.transform(X), atol=1e-4)


@pytest.mark.parametrize("method", ["fine-tuned", "m2"])
def test_tasks_take_models_that_leave_it_open(method):
    y = (X[:, 0] > 0).astype(float)
    family = ConditionalVAE if method == "m2" else Autoencoder
    task = EncoderClassifier(family(**SMALL), method=method, random_state=0)
    assert task.fit(X[:60], y[:60]).predict(X).shape == (1_000,)


def test_report_and_shell_tell_it(tmp_path):
    fitted = model().fit(X)
    page = write(fitted, X, tmp_path / "page.html").read_text("utf-8")
    for name, value in (("batch size", "64"), ("learning rate", "0.0014")):
        assert re.search(rf"{name}\W[^A-Za-z]*(t[dh]\W[^A-Za-z]*)*{value}", page), name
    told = inside(fitted)
    assert (told["batch_size"], told["learning_rate"]) == (64, 1.4e-3)
