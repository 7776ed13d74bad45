"""Models of one shape, trained as one."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_iris

from isthmus import (
    VAE,
    Autoencoder,
    Categorical,
    ConditionalVAE,
    Conv,
    DenoisingAutoencoder,
    Dense,
    KSparseAutoencoder,
    Normal,
    StackedAutoencoder,
)
from isthmus.backbones import Stem
from isthmus.ensemble import fit_together
from isthmus.errors import CompositionError, DataError
from isthmus.members import Members
from isthmus.randomness import seeded
from isthmus.space import Batch, Table, Vector
from isthmus.stacking import stacked

X, y = load_iris(return_X_y=True)
QUICK = {"epochs": 4, "batch_size": 32, "backbone": Dense((8,))}


def of_seeds(model, n=3):
    return [clone(model).set_params(random_state=seed) for seed in range(n)]


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (Autoencoder(latent_dim=2, **QUICK), X),
        (Autoencoder(latent_dim=2, **QUICK | {"backbone": Dense((8,), normalisation="layer")}), X),
        (VAE(latent_dim=2, **QUICK), X),
        (VAE(latent_dim=2, likelihood=Normal("shared"), **QUICK), np.where(X > 4, np.nan, X)),
    ],
)
def test_a_stack_computes_what_its_members_do(model, data):
    adapter = model.fit(data).adapter_
    codecs = [each.compose(adapter.space_)[0] for each in of_seeds(model)]
    for each in codecs:
        for parameter in each.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    batch = adapter.transform(data)
    wide = batch.repeat(3)
    together = Members(codecs)(batch, draw=False)
    alone = [codec(batch, draw=False) for codec in codecs]
    torch.testing.assert_close(together.z, torch.cat([each.z for each in alone]))
    log_p = torch.cat([each.p.log_prob(batch.x) for each in alone])
    torch.testing.assert_close(together.p.log_prob(wide.x), log_p)


def test_embedded_categories_are_each_members_own():
    stems = [Stem(Table((1, 50, 40))) for _ in range(3)]
    batch = Batch(torch.tensor([[0.5, 49.0, 0.0], [1.0, 0.0, 39.0]]))
    expected = torch.cat([stem(batch.x) for stem in stems])
    torch.testing.assert_close(stacked(stems)(batch.repeat(3).x), expected)


def test_without_draws_each_member_learns_what_it_learns_alone():
    # Same rows in the same order; what one member does, the others don't change.
    model = Autoencoder(latent_dim=2, validation_fraction=0, **QUICK)
    first, _, third = fit_together(of_seeds(model), X)
    again, *_ = fit_together([clone(model).set_params(random_state=0) for _ in range(2)], X)
    alone = clone(model).set_params(random_state=0).fit(X)
    assert np.allclose(first.transform(X), alone.transform(X), atol=1e-5)
    assert np.allclose(again.transform(X), alone.transform(X), atol=1e-5)
    assert not np.allclose(first.transform(X), third.transform(X), atol=0.1)


@pytest.mark.parametrize(
    "model",
    [
        DenoisingAutoencoder(latent_dim=2, **QUICK),
        VAE(latent_dim=2, **QUICK),
        ConditionalVAE(latent_dim=2, **QUICK),
        KSparseAutoencoder(latent_dim=8, k=2, epochs=2),
        StackedAutoencoder(latent_dim=2, epochs=2, backbone=Dense((8,))),
        VAE(latent_dim=2, free_bits=0.1, **QUICK),
        VAE(latent_dim=2, samples=2, **QUICK),
    ],
)
def test_whether_stacked_or_not_they_are_ordinary_models(model, tmp_path):
    before = torch.get_rng_state()
    models = fit_together(of_seeds(model), X, y)
    assert torch.equal(before, torch.get_rng_state())
    again = fit_together(of_seeds(model), X, y)
    for place, each in enumerate(models):
        assert each.seed_ == place
        assert np.array_equal(each.transform(X), again[place].transform(X))
        assert np.isfinite(each.score_samples(X)).all()
        assert each.history_.rows[-1]["loss"] < each.history_.rows[0]["loss"] + 1
    assert not np.allclose(models[0].transform(X), models[1].transform(X))
    models[1].save(tmp_path / "model")


def test_pictures_and_categories():
    images = np.random.default_rng(0).random((12, 6, 6))
    for each in fit_together(of_seeds(VAE(latent_dim=2, epochs=1, backbone=Conv((4,)))), images):
        assert each.reconstruct(images).shape == images.shape
    rows = np.random.default_rng(0).integers(0, 40, (30, 3))
    rows[0] = 39
    for each in fit_together(of_seeds(VAE(latent_dim=2, likelihood=Categorical(), epochs=2)), rows):
        assert each.reconstruct(rows).shape == rows.shape


def test_models_of_several_shapes_go_in_groups():
    models = [*of_seeds(VAE(latent_dim=2, **QUICK)), *of_seeds(VAE(latent_dim=3, **QUICK), 1)]
    assert [m.transform(X).shape[1] for m in fit_together(models, X)] == [2, 2, 2, 3]


def test_what_is_refused():
    model = VAE(latent_dim=2)
    with pytest.raises(CompositionError, match=r"expected models, one or more"):
        fit_together([], X)
    with pytest.raises(CompositionError, match=r"given twice.*clone"):
        fit_together([model, model], X)
    with pytest.raises(DataError, match="infinity"):
        fit_together(of_seeds(model), np.full((5, 2), np.inf))
    assert not hasattr(model, "codec_")


def test_a_space_of_one_number():
    with seeded(0):
        codecs = [VAE(latent_dim=1).compose(Vector(1))[0] for _ in range(2)]
    assert Members(codecs)(Batch(torch.zeros(3, 1))).z.shape == (6, 1)
