"""What the Gaussian latent says in closed form is what torch finds in general."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from isthmus import Gaussian

RAW = torch.randn(6, 8, generator=torch.Generator().manual_seed(0)) * 5


def both(raw):
    mean, log_scale = raw.chunk(2, dim=1)
    return Gaussian(4)(raw), Normal(mean, log_scale.clamp(-10, 10).exp())


def test_the_divergence_and_its_gradient_are_those_of_the_general_form():
    values, gradients = [], []
    for q in both(raw := RAW.clone().requires_grad_()):
        values.append(
            kl_divergence(q, Normal(0.0, 1.0) if type(q) is Normal else Gaussian(4).prior)
        )
        gradients.append(torch.autograd.grad(values[-1].sum(), raw, retain_graph=True)[0])
    torch.testing.assert_close(*values)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("far", [-1e4, 1e4])
def test_scales_stay_finite_however_far_the_encoder_goes(far):
    raw = torch.tensor([[0.0, far]], requires_grad=True)
    q = Gaussian(1)(raw)
    kl_divergence(q, Gaussian(1).prior).sum().backward()
    assert q.stddev.isfinite().all()
    assert raw.grad.isfinite().all()


def test_draws_of_several_and_of_the_broadcast_have_their_shapes():
    q, general = both(RAW)
    assert q.rsample((3,)).shape == (3, 6, 4)
    wide = q.expand((2, 6, 4))
    torch.testing.assert_close(
        wide.log_prob(torch.zeros(4)), general.log_prob(torch.zeros(6, 4)).expand(2, 6, 4)
    )
    assert wide.rsample().shape == (2, 6, 4)


def test_draws_of_the_prior_are_those_of_torch():
    prior = Gaussian(3).prior
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = prior.expand((2, 3)).sample((5,))
        torch.manual_seed(0)
        torch.testing.assert_close(drawn, torch.randn(5, 2, 3))
