"""A grid of settings, trained together, and what it is told by."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from isthmus import VAE, Autoencoder, Dense, Masking, Noise, sweep
from isthmus.ensemble import alike, fit_as_one
from isthmus.errors import CompositionError, DataError, DivergedError

X = load_iris().data
QUICK = {"epochs": 4, "batch_size": 32, "backbone": Dense((8,)), "random_state": 0}


def plain(**settings):
    return Autoencoder(latent_dim=2, **QUICK | settings)


def test_settings_of_one_shape_come_to_what_they_come_to_alone():
    # No draws: rates, seeds of weights, and patience of each are all that tells them apart.
    model = plain(epochs=12, patience=2)
    found = sweep(model, {"learning_rate": [0.5, 1e-2, 1e-4]}, X)
    assert list(found.table["validation_loss"]) == sorted(found.table["validation_loss"])
    for each, row in zip(found.models, found.table.itertuples(), strict=True):
        alone = clone(model).set_params(learning_rate=row.learning_rate).fit(X)
        assert each.learning_rate == row.learning_rate
        assert each.history_.best == alone.history_.best == row.best_epoch
        assert np.allclose(each.transform(X), alone.transform(X), atol=1e-3)
        for name in ("loss", "validation_loss", "learning_rate"):
            mine, its = each.history_.column(name), alone.history_.column(name)
            np.testing.assert_allclose(mine, its, rtol=1e-3)
    assert found.best is found.models[0]
    assert not hasattr(model, "codec_")


def test_weights_and_corruptions_are_each_models_own():
    settings = QUICK | {"epochs": 10, "learning_rate": 1e-2}
    models = [VAE(latent_dim=2, beta=beta, **settings) for beta in (0.01, 20.0)]
    assert len(alike(models)) == 1
    assert fit_as_one(models, X)
    loose, tight = (each.history_.rows[-1] for each in models)
    assert loose["KL"] > 0.5 > 0.2 > tight["KL"]
    assert loose["loss"] == pytest.approx(loose["NLL"] + 0.01 * loose["KL"], rel=1e-4)
    assert repr(models[1].objective_) == "NLL() + 20.0 * KL()"
    damages = [None, Noise(0.0), Noise(5.0)]
    settings = {"epochs": 8, "learning_rate": 1e-2}
    clean, same, drowned = models = [plain(corruption=each, **settings) for each in damages]
    assert len(alike(models)) == 1
    assert fit_as_one(models, X)
    assert clean.score(X) == pytest.approx(same.score(X), rel=1e-3)
    assert drowned.score(X) < clean.score(X) - 0.1
    assert len(alike([plain(), plain(corruption=Masking(0.1)), plain(epochs=3)])) == 3


def test_corruptions_of_tables():
    rows = pd.DataFrame({"a": X[:, 0], "b": np.where(X[:, 1] > 3, "wide", "narrow")})
    models = [plain(corruption=Noise(strength)) for strength in (0.1, 0.2)]
    assert fit_as_one(models, rows)
    assert [repr(each.codec_.corruption) for each in models] == ["Noise()", "Noise(0.2)"]


def test_shapes_go_in_groups_and_the_best_comes_first():
    grid = {"latent_dim": [1, 2], "learning_rate": [1e-2, 1e-4], "random_state": [3, 4]}
    found = sweep(plain(), grid, X)
    assert len(found.table) == 8
    assert {*grid, "validation_loss", "validation_NLL", "best_epoch", "seconds"} == {*found.table}
    assert found.table["learning_rate"][0] == found.best.learning_rate == 1e-2
    assert [each.seed_ for each in found.models] == list(found.table["random_state"])
    assert [each.latent_size_ for each in found.models] == list(found.table["latent_dim"])


def test_a_setting_that_diverges_comes_last():
    found = sweep(plain(), {"learning_rate": [1e30, 1e-3]}, X)
    assert found.best.learning_rate == 1e-3
    assert found.table["validation_loss"].isna().tolist() == [False, True]
    assert not hasattr(found.models[1], "codec_")
    with pytest.raises(DivergedError):
        sweep(plain(), {"learning_rate": [1e30]}, X)


def test_settings_do_not_find_the_checkpoints_of_others(tmp_path):
    model = plain().set_params(checkpoint=str(tmp_path / "run"))
    models = sweep(model, {"latent_dim": [2, 3]}, X).models
    assert {each.checkpoint for each in models} == {f"{tmp_path}/run/0", f"{tmp_path}/run/1"}


@pytest.mark.parametrize(
    ("model", "grid", "how", "error", "said"),
    [
        (VAE(), [], {}, CompositionError, "holds no setting"),
        (VAE(), {"beta": [1, 2]}, {}, CompositionError, 'by="validation_NLL"'),
        (VAE(), {"beta": [1]}, {"by": "validation_ELBO"}, CompositionError, "validation_KL"),
        (VAE(), {"epochs": [0]}, {}, CompositionError, "epochs=0"),
        (VAE(), {"validation_fraction": [0]}, {}, CompositionError, "no rows aside"),
        (VAE(epochs=1), {"latent_dim": [1]}, {"X": X[:5]}, DataError, "too few"),
    ],
)
def test_what_is_refused(model, grid, how, error, said):
    with pytest.raises(error, match=said):
        sweep(model, grid, **{"X": X} | how)
