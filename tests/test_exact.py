"""Exact checks: where the optimum is known, it is reached.

A linear autoencoder is principal component analysis (Baldi and Hornik, 1989); a linear VAE
is its probabilistic form (Tipping and Bishop, 1999; Lucas et al., 2019, arXiv:1911.02469).
"""

from math import log, pi

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from scipy.stats import multivariate_normal
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA

from isthmus import KL, NLL, VAE, Dense, ImportanceWeighted, LinearAutoencoder, Normal, training
from isthmus.objectives.bound import log_weights
from isthmus.space import Batch, Vector

DATA = {"digits": load_digits().data, "breast cancer": load_breast_cancer().data}
EVERY = pytest.mark.parametrize("name", DATA)
WHOLE = {"validation_fraction": 0, "patience": None, "random_state": 0, "verbose": False}


def scaled(model, X):
    """The rows as the adapter scales them, in double precision."""
    return model.adapter_.transform(X).x.double()


@pytest.mark.parametrize(
    ("name", "seed"), [("digits", 0), ("breast cancer", 0), ("breast cancer", 1)]
)
@pytest.mark.parametrize("d", [2, 5, 10])
def test_a_linear_autoencoder_as_it_comes_is_pca(name, d, seed):
    model = LinearAutoencoder(latent_dim=d, random_state=seed).fit(DATA[name])
    x, codec = scaled(model, DATA[name]), model.codec_.double()
    with torch.no_grad():
        error = (codec.decode(codec.encode(x).mean).mean - x).square().sum().item()
    pca = PCA(d, svd_solver="full").fit(x)
    discarded = np.linalg.eigvalsh(x.T @ x)[:-d].sum()
    assert error == pytest.approx(discarded, rel=1e-4)
    directions = codec.decoder.layers[-1].weight.detach().numpy()
    assert subspace_angles(directions, pca.components_.T).max() < 0.01


class PPCA:
    """Probabilistic PCA of centred rows ``x``: ``x = W z + noise``."""

    def __init__(self, x, d):
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
        self.kept, self.axes = values[::-1][:d], vectors[:, ::-1][:, :d]
        self.noise = values[:-d].mean()
        self.W = self.axes * np.sqrt(self.kept - self.noise)
        self.covariance = self.W @ self.W.T + self.noise * np.eye(x.shape[1])

    def log_prob(self, x):
        zero = np.zeros(x.shape[1])
        return multivariate_normal(zero, self.covariance).logpdf(x)


def at_the_optimum(ppca):
    """A linear VAE whose decoder is ``p(x | z)``, and whose encoder is the exact posterior.

    ``q(z | x) = N(M^-1 W' x, noise M^-1)`` with ``M = W'W + noise I``, which is diagonal.
    """
    features, d = ppca.W.shape
    likelihood = Normal(float(np.sqrt(ppca.noise)))
    model = VAE(latent_dim=d, backbone=Dense(()), likelihood=likelihood)
    codec = model.compose(Vector(features))[0].double()
    (encoder,), (decoder,) = codec.encoder.layers, codec.decoder.layers
    encoding = np.vstack([ppca.W.T / ppca.kept[:, None], np.zeros((d, features))])
    log_scale = np.log(ppca.noise / ppca.kept) / 2
    with torch.no_grad():
        decoder.weight.copy_(torch.from_numpy(ppca.W))
        decoder.bias.zero_()
        encoder.weight.copy_(torch.from_numpy(encoding))
        encoder.bias.copy_(torch.from_numpy(np.concatenate([np.zeros(d), log_scale])))
        codec.likelihood.scale.fixed.fill_(np.sqrt(ppca.noise))
    return codec


def centred(name):
    X = DATA[name]
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)


@EVERY
@pytest.mark.parametrize("k", [1, 5, 50])
@torch.no_grad()
def test_at_the_optimum_every_bound_is_the_likelihood(name, k):
    x = centred(name)
    ppca = PPCA(x, 5)
    codec, batch = at_the_optimum(ppca), Batch(torch.from_numpy(x[:200]))
    exact = torch.from_numpy(ppca.log_prob(x[:200]))
    trace = codec(batch)
    # Under the exact posterior the weight p(x, z) / q(z | x) is p(x), whatever the draw.
    for weights in log_weights(codec, trace, k):
        torch.testing.assert_close(weights, exact, rtol=0, atol=1e-4)
    bound = -ImportanceWeighted(k)(codec, trace)
    torch.testing.assert_close(bound, exact, rtol=0, atol=1e-4)


@EVERY
@torch.no_grad()
def test_at_the_optimum_the_evidence_lower_bound_is_tight(name):
    x = centred(name)
    ppca = PPCA(x, 5)
    codec, batch = at_the_optimum(ppca), Batch(torch.from_numpy(x[:200]))
    trace = codec(batch, draw=False)
    # At the mean code the squared error lacks what the spread of q adds: tr(W cov W') / 2 s2.
    spread = (ppca.W**2 @ (ppca.noise / ppca.kept)).sum() / (2 * ppca.noise)
    elbo = -(NLL() + KL())(codec, trace).rows - spread
    torch.testing.assert_close(elbo, torch.from_numpy(ppca.log_prob(x[:200])), rtol=0, atol=1e-4)


@EVERY
@torch.no_grad()
def test_the_evidence_lower_bound_by_draws_is_the_one_by_hand(name):
    x = centred(name)
    ppca = PPCA(x, 5)
    codec, batch = at_the_optimum(ppca), Batch(torch.from_numpy(x[:20]).repeat(2000, 1))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        rows = -(NLL() + KL())(codec, codec(batch)).rows.unflatten(0, (2000, 20))
    error = rows.mean(0) - torch.from_numpy(ppca.log_prob(x[:20]))
    assert (error.abs() < 5 * rows.std(0) / 2000**0.5).all()


@EVERY
@pytest.mark.parametrize(("d", "epochs"), [(2, 300), (10, 1200)])
def test_a_trained_linear_vae_comes_near_it(name, d, epochs):
    settings = {"epochs": epochs, "batch_size": 2048, "learning_rate": 2e-2}
    parts = {"backbone": Dense(()), "likelihood": Normal("shared")}
    model = VAE(latent_dim=d, **parts, **settings, **WHOLE).fit(DATA[name])
    batch = model.adapter_.transform(DATA[name])
    x = batch.x.double().numpy()
    best = PPCA(x, d).log_prob(x).mean()
    losses = [training.evaluate(model.codec_, model.objective_, batch, seed) for seed in range(20)]
    elbo = -np.mean([total for total, *_ in losses])
    assert elbo == pytest.approx(best, abs=0.05 * x.shape[1])
    units = model.adapter_.log_volume(torch.zeros(1, 1)).sum().item()
    likelihood = model.log_likelihood(DATA[name], samples=50).mean() - units
    assert elbo - 0.1 < likelihood < best + 0.1


@pytest.fixture(scope="module")
def vae():
    """A VAE whose encoder is far from the exact posterior, so that the bounds lie apart."""
    X = DATA["digits"][:500]
    return VAE(latent_dim=8, backbone=Dense((32,)), epochs=10, random_state=0, verbose=False).fit(X)


def test_more_draws_make_a_tighter_bound(vae):
    X = DATA["digits"][:500]
    one, five, fifty = (
        np.mean([vae.log_likelihood(X[row : row + 100], k).mean() for row in range(0, 500, 100)])
        for k in (1, 5, 50)
    )
    assert one < five < fifty


@torch.no_grad()
def test_one_draw_is_the_evidence_lower_bound(vae):
    batch = vae.adapter_.transform(DATA["digits"][:500])
    elbo = -np.mean([training.evaluate(vae.codec_, NLL() + KL(), batch, s)[0] for s in range(50)])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        draws = log_weights(vae.codec_, vae.codec_(batch), 50).mean()
    assert draws.item() == pytest.approx(elbo, abs=0.2)


def test_likelihoods_are_in_the_users_units():
    X = DATA["breast cancer"]
    settings = {"latent_dim": 2, "epochs": 5, "random_state": 0, "verbose": False}
    larger = X * np.where(np.arange(30) == 3, 10.0, 1.0)
    here, there = (VAE(**settings).fit(each).log_likelihood(each, 20) for each in (X, larger))
    np.testing.assert_allclose(there, here - log(10), atol=1e-3)


def test_a_likelihood_of_the_data_themselves_is_found_by_a_model_that_is_right():
    rng = np.random.default_rng(0)
    X = rng.normal([5, -3], [2, 0.5], (4000, 2))
    settings = {"epochs": 30, "learning_rate": 1e-2, "random_state": 0, "verbose": False}
    model = VAE(latent_dim=1, backbone=Dense(()), **settings).fit(X)
    exact = -log(2 * pi) - log(2) - log(0.5) - 1
    assert model.log_likelihood(X, samples=50).mean() == pytest.approx(exact, abs=0.05)
