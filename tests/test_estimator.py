"""What every fitted model does with the user's own data."""

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import NotFittedError

from isthmus import (
    KL,
    NLL,
    VAE,
    Autoencoder,
    Bernoulli,
    Composed,
    Dense,
    Gaussian,
    Image,
    ImportanceWeighted,
    Laplace,
    LinearAutoencoder,
    Masking,
    Noise,
    Normal,
    Point,
    Recipe,
    Vector,
    inference,
)
from isthmus.errors import CompositionError, DataError

X = load_wine().data
IMAGES = load_digits().images[:200]
TINY = {"backbone": Dense((16,)), "epochs": 5, "random_state": 0, "verbose": False}


@pytest.fixture(scope="module")
def vae():
    return VAE(latent_dim=3, learning_rate=1e-2, batch_size=32, **TINY).fit(X)


@pytest.fixture(scope="module")
def plain():
    return Autoencoder(latent_dim=3, **TINY).fit(X)


# --- what is chosen where nothing was said


@pytest.mark.parametrize(
    ("family", "space", "likelihood"),
    [
        (VAE, Vector(5), "Normal('feature')"),
        (VAE, Image(1, 4, 4, support="unit"), "Normal('shared')"),
        (VAE, Vector(5, support="binary"), "Bernoulli()"),
        (VAE, Vector(5, support="categories", levels=3), "Categorical()"),
        (Autoencoder, Vector(5), "Normal()"),
        (Autoencoder, Image(1, 4, 4, support="binary"), "Bernoulli()"),
    ],
)
def test_the_likelihood_follows_the_data_and_the_objective(family, space, likelihood):
    assert repr(family(latent_dim=2).compose(space)[0].likelihood) == likelihood


def test_what_the_user_says_wins_over_the_family_and_that_over_the_default():
    class Opinionated(Autoencoder):
        def recipe(self):
            return Recipe(
                latent=Point(2), objective=NLL(), likelihood=Laplace(), corruption=Noise(0.1)
            )

    codec, _ = Opinionated().compose(Vector(5))
    assert (repr(codec.likelihood), repr(codec.corruption)) == ("Laplace()", "Noise()")
    codec, _ = Opinionated(likelihood=Normal(), corruption=Masking()).compose(Vector(5))
    assert (repr(codec.likelihood), repr(codec.corruption)) == ("Normal()", "Masking()")


@pytest.mark.parametrize(
    ("model", "formula"),
    [
        (VAE(), "NLL() + KL()"),
        (VAE(beta=4), "NLL() + 4 * KL()"),
        (VAE(beta=4.0, warm_up=0.5), "NLL() + WarmUp(0.5, peak=4.0) * KL()"),
        (VAE(samples=3), "ImportanceWeighted(3)"),
        (Autoencoder(), "NLL()"),
        (LinearAutoencoder(), "NLL()"),
        (Composed(), "NLL()"),
        (Composed(latent=Gaussian(2), objective=NLL() + 0.5 * KL()), "NLL() + 0.5 * KL()"),
        (Composed(latent=Gaussian(2), objective=KL()), "KL()"),
    ],
    ids=repr,
)
def test_the_objective_is_the_equation(model, formula):
    assert repr(model.compose(Vector(5))[1]) == formula


# --- codes and reconstructions


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, bool])
def test_codes_keep_the_float_dtype_that_was_given(dtype):
    data = (X > X.mean(axis=0)).astype(dtype) if dtype is bool else (X % 250).astype(dtype)
    model = VAE(latent_dim=2, **TINY).fit(data)
    expected = dtype if np.dtype(dtype).kind == "f" else np.float64
    assert model.transform(data).dtype == expected
    assert model.reconstruct(data).dtype == dtype
    assert model.sample(3).dtype == dtype
    assert model.score_samples(data).dtype == np.float64


def test_codes_are_the_mean_of_q(vae):
    q = vae.codec_.encode(vae.adapter_.transform(X).x)
    np.testing.assert_allclose(vae.transform(X), q.mean.detach(), rtol=1e-4, atol=1e-5)


def test_reconstruction_is_in_the_users_units(vae):
    error = ((vae.reconstruct(X) - X) / X.std(axis=0)) ** 2
    assert error.mean() < 1


def test_lists_will_do(vae):
    assert np.array_equal(vae.transform(X.tolist()), vae.transform(X))


def test_codes_of_another_size_are_refused(vae):
    with pytest.raises(DataError, match=r"Codes of 2 numbers .*model's have 3\. Use codes that"):
        vae.inverse_transform(np.zeros((4, 2)))


# --- samples


def test_samples_come_from_the_prior(vae):
    rows = vae.sample(4000)
    assert rows.shape == (4000, 13)
    z = np.random.default_rng(0).normal(size=(4000, 3))
    expected = vae.inverse_transform(z)
    np.testing.assert_allclose(rows.mean(0), expected.mean(0), atol=0.1 * X.std(axis=0).max())
    np.testing.assert_allclose(
        rows.std(0) / X.std(axis=0), expected.std(0) / X.std(axis=0), atol=0.1
    )


def test_samples_repeat_under_the_models_seed_and_differ_under_another(vae):
    assert np.array_equal(vae.sample(3), vae.sample(3))
    assert np.array_equal(vae.sample(3, random_state=7), vae.sample(3, random_state=7))
    assert not np.array_equal(vae.sample(3), vae.sample(3, random_state=7))


def test_noise_adds_the_spread_of_the_likelihood(vae):
    still, noisy = vae.sample(5000), vae.sample(5000, noise=True)
    spread = np.sqrt(noisy.var(0) - still.var(0)) / X.std(axis=0)
    scale = vae.codec_.likelihood.scale(torch.zeros(())).detach().numpy()
    np.testing.assert_allclose(spread, scale, rtol=0.15)


def test_the_nearer_to_a_row_the_liker_to_its_reconstruction(vae, plain):
    for model in (vae, plain):
        own = model.reconstruct(X[:1])
        assert np.allclose(model.sample(5, near=X[0], radius=0), own, rtol=1e-4)
        near, far = (
            (((model.sample(200, near=X[0], radius=radius) - own) / X.std(axis=0)) ** 2).mean()
            for radius in (0.1, 1.0)
        )
        assert 0 < near < far / 10


def test_the_radius_is_in_spreads_of_the_codes(plain, monkeypatch):
    spread = plain.transform(X).std(axis=0)
    np.testing.assert_allclose(plain.spread_, spread, rtol=1e-4)
    drawn = []
    decoded = inference.decoded
    monkeypatch.setattr(
        inference, "decoded", lambda codec, z, *rest: drawn.append(z) or decoded(codec, z, *rest)
    )
    plain.sample(5000, near=X[0], radius=3)
    np.testing.assert_allclose(drawn[0].std(0), 3 * spread, rtol=0.05)
    np.testing.assert_allclose(drawn[0].mean(0), plain.transform(X[:1])[0], atol=0.2 * spread.max())


def test_black_and_white_samples_with_noise_are_black_and_white():
    model = VAE(latent_dim=2, **TINY).fit(IMAGES > 8)
    assert model.sample(3, noise=True).dtype == bool
    grey = VAE(latent_dim=2, **TINY).fit((IMAGES > 8).astype(float))
    assert set(np.unique(grey.sample(20, noise=True))) == {0.0, 1.0}
    assert len(np.unique(grey.sample(20))) > 2


def test_a_model_without_a_prior_says_how_to_sample_all_the_same(plain):
    with pytest.raises(CompositionError, match=r"not trained to match a prior.*near=row.*VAE"):
        plain.sample(3)
    assert plain.sample(3, near=X[0]).shape == (3, 13)


def test_a_walk_from_one_row_to_another(vae):
    walk = vae.interpolate(X[0], X[100:101], steps=7)
    assert walk.shape == (7, 13)
    np.testing.assert_allclose(walk[[0, -1]], vae.reconstruct(X[[0, 100]]), rtol=1e-4)
    middle = vae.inverse_transform(vae.transform(X[[0, 100]]).mean(axis=0, keepdims=True))
    np.testing.assert_allclose(walk[3:4], middle, rtol=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.sample(0), r"n=0 .*from 1 up"),
        (lambda model: model.sample(1, near=X[:2]), r"2 rows .*one was expected"),
        (lambda model: model.interpolate(X[0], X[1], steps=1), r"steps=1 .*from 2 up"),
        (lambda model: model.interpolate(X[:3], X[1]), r"3 rows .*one was expected"),
        (lambda model: model.log_likelihood(X, samples=0), r"samples=0 .*from 1 up"),
    ],
)
def test_what_cannot_be_asked_for(call, message, vae):
    with pytest.raises(ValueError, match=message):
        call(vae)


# --- scores and likelihoods


def test_a_score_is_the_negative_objective_at_the_mean_code(vae):
    batch = vae.adapter_.transform(X)
    with torch.no_grad():
        trace = vae.codec_(batch, draw=False)
        rows = -vae.objective_(vae.codec_, trace).rows
    np.testing.assert_allclose(vae.score_samples(X), rows, rtol=1e-4)
    assert vae.score(X) == pytest.approx(vae.score_samples(X).mean())


def test_strange_rows_score_lower(vae, plain):
    strange = X.copy()
    strange[:, 3] *= 10
    for model in (vae, plain):
        assert (model.score_samples(strange) < model.score_samples(X)).all()


def test_scoring_corrupts_nothing():
    model = Autoencoder(latent_dim=3, corruption=Masking(0.9), **TINY).fit(X)
    assert np.array_equal(model.score_samples(X), model.score_samples(X))


def test_likelihoods_repeat_and_grow_with_the_number_of_draws(vae):
    first = vae.log_likelihood(X, samples=20)
    assert first.shape == (178,)
    assert np.array_equal(first, vae.log_likelihood(X, samples=20))
    assert vae.log_likelihood(X, samples=1).mean() < first.mean()


def test_many_draws_are_taken_a_block_at_a_time(vae, monkeypatch):
    whole = vae.log_likelihood(X, samples=300)
    monkeypatch.setattr(inference, "NUMBERS", 13 * 256 * 7)
    np.testing.assert_allclose(vae.log_likelihood(X, samples=300), whole, atol=1.0)
    assert abs(vae.log_likelihood(X, samples=300).mean() - whole.mean()) < 0.05


def test_a_likelihood_counts_the_known_cells_alone():
    holed = X.copy()
    holed[:, 4] = np.nan
    model = VAE(latent_dim=1, likelihood=Normal(1.0), **TINY).fit(holed)
    junk = holed.copy()
    junk[:, 5:] = np.nan
    few, more = (model.log_likelihood(each, samples=50) for each in (junk, holed))
    # Five cells fewer, each of at most the height of the unit normal in the units of its column.
    heights = norm.logpdf(0) - np.log(model.adapter_.scale_[5:])
    assert (more - few <= heights.sum() + 1).all()


def test_a_point_has_no_likelihood(plain):
    with pytest.raises(CompositionError, match=r"Autoencoder has no density.*Point\(3\).*VAE"):
        plain.log_likelihood(X)


def test_an_importance_weighted_model_scores_and_samples():
    model = VAE(latent_dim=2, samples=4, **TINY).fit(X)
    assert repr(model.objective_) == repr(1 * ImportanceWeighted(4))
    assert np.isfinite(model.score_samples(X)).all()
    assert model.sample(2).shape == (2, 13)


# --- before and after fit


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.transform(X),
        lambda model: model.inverse_transform(X),
        lambda model: model.reconstruct(X),
        lambda model: model.sample(),
        lambda model: model.interpolate(X[0], X[1]),
        lambda model: model.score_samples(X),
        lambda model: model.log_likelihood(X),
        lambda model: model.score(X),
    ],
)
def test_nothing_works_before_fit(call):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        call(VAE())


def test_what_fit_leaves_behind(vae):
    assert vae.n_features_in_ == 13
    assert not hasattr(vae, "feature_names_in_")
    assert vae.seed_ == 0
    assert vae.latent_size_ == 3
    assert len(vae.history_.rows) == 5
    assert not vae.codec_.training


def test_pictures_have_no_columns():
    model = VAE(latent_dim=2, **TINY).fit(X).fit(IMAGES)
    assert not hasattr(model, "n_features_in_")


def test_a_seed_may_come_from_a_random_state():
    first, second = (
        VAE(latent_dim=2, **TINY | {"random_state": np.random.RandomState(5)}).fit(X).seed_
        for _ in range(2)
    )
    assert first == second != 5


def test_the_validation_rows_are_kept_from_training():
    whole = Autoencoder(latent_dim=2, **TINY, validation_fraction=0).fit(X)
    assert "validation_loss" not in whole.history_.rows[0]
    half = Autoencoder(latent_dim=2, **TINY, validation_fraction=0.5).fit(X)
    assert "validation_loss" in half.history_.rows[0]


@pytest.mark.parametrize("n", [2, 3, 9, 10, 20])
def test_a_handful_of_rows_will_do(n):
    model = VAE(latent_dim=2, **TINY).fit(X[:n])
    assert np.isfinite(model.score_samples(X[:n])).all()
    assert ("validation_loss" in model.history_.rows[0]) == (n >= 10)


def test_compose_gives_plain_modules():
    codec, objective = VAE(latent_dim=2, **TINY).compose(Image(1, 8, 8), context=3)
    from isthmus.space import Batch

    nats = objective(codec, codec(Batch(torch.zeros(4, 1, 8, 8), context=torch.zeros(4, 3))))
    assert set(nats.terms) == {"NLL", "KL"}


def test_one_likelihood_may_serve_two_models():
    shared = Bernoulli()
    first, second = (Autoencoder(likelihood=shared, **TINY).fit(IMAGES / 16) for _ in range(2))
    assert first.likelihood is second.likelihood is shared
    assert first.codec_.likelihood is not second.codec_.likelihood


def test_an_objective_that_was_named_is_a_template():
    objective = NLL() + KL()
    model = Composed(latent=Gaussian(2), objective=objective, **TINY).fit(X)
    assert repr(model.objective_) == repr(objective)
    assert not set(objective.modules()) & set(model.objective_.modules())
