"""Laws of latents: numbers in, a distribution over codes out."""

import pytest
import torch
from members import made, texts
from torch.distributions import kl_divergence

from isthmus.errors import CompositionError
from isthmus.latents import Latent

EVERY = pytest.mark.parametrize("text", texts(Latent))
DENSITIES = [text for text in texts(Latent) if made(text).has_density]
EVERY_DENSITY = pytest.mark.parametrize("text", DENSITIES)
GRIDS = pytest.mark.parametrize("grid", [(), (4, 4)], ids=["vector", "grid"])

# The share of numbers that a draw depends on at all, where it isn't every one.
LIVE = {
    "Point(3, activation='relu')": 0.45,
    "TopK(8, k=3)": 0.3,
    "TopK(6, k=2, dead_after=0)": 0.3,
}


def raw_for(latent, *grid, rows=64, scale=1.0):
    shape = (rows, latent.raw, *grid)
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(0))


@EVERY
@GRIDS
def test_codes_have_the_shape_of_the_latent(text, grid):
    latent = made(text)
    q = latent(raw_for(latent, *grid))
    assert q.mean.shape == q.rsample().shape == (64, latent.dim, *grid)
    assert q.rsample((5,)).shape == (5, 64, latent.dim, *grid)


@EVERY
def test_gradients_pass_through_a_draw(text):
    latent = made(text)
    raw = raw_for(latent).requires_grad_()
    latent(raw).rsample().square().sum().backward()
    assert raw.grad.isfinite().all()
    assert (raw.grad != 0).float().mean() > 0.9 * LIVE.get(text, 1)


@EVERY
def test_draws_are_spread_round_the_mean(text):
    latent = made(text)
    q = latent(raw_for(latent, rows=4, scale=0.5))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        draws = q.rsample((20_000,))
    error = (draws.mean(0) - q.mean).abs()
    assert (error <= 5 * q.stddev / 20_000**0.5 + 1e-6).all()
    torch.testing.assert_close(draws.std(0), q.stddev, rtol=0.05, atol=0)


@EVERY_DENSITY
@GRIDS
def test_divergence_from_the_prior_is_never_negative(text, grid):
    latent = made(text)
    for scale in (0.01, 1.0, 5.0):
        kl = kl_divergence(latent(raw_for(latent, *grid, scale=scale)), latent.prior)
        assert kl.shape == (64, latent.dim, *grid)
        assert (kl >= -1e-6).all()


@EVERY_DENSITY
def test_an_encoder_that_says_nothing_gives_the_prior(text):
    latent = made(text)
    kl = kl_divergence(latent(torch.zeros(2, latent.raw)), latent.prior)
    torch.testing.assert_close(kl, torch.zeros(2, latent.dim))


@EVERY_DENSITY
def test_divergence_equals_monte_carlo(text):
    latent = made(text)
    q = latent(raw_for(latent, rows=8))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        z = q.rsample((20_000,))
    drawn = q.log_prob(z) - latent.prior.log_prob(z)
    error = (drawn.mean(0) - kl_divergence(q, latent.prior)).abs()
    assert (error <= 5 * drawn.std(0) / 20_000**0.5).all()


@EVERY
@pytest.mark.parametrize("extreme", [-1e15, -1e4, 1e4, 1e15])
def test_extreme_numbers_stay_finite(text, extreme):
    latent = made(text)
    raw = torch.full((2, latent.raw), extreme, requires_grad=True)
    q = latent(raw)
    value = kl_divergence(q, latent.prior) if latent.has_density else q.rsample()
    value.sum().backward()
    assert value.isfinite().all()
    assert raw.grad.isfinite().all()


@EVERY
@pytest.mark.parametrize("dim", [0, -1])
def test_a_size_that_is_none_is_refused(text, dim):
    with pytest.raises(CompositionError, match=rf"{dim!r}.*at least 1"):
        type(made(text))(dim)
