"""Laws of likelihoods: numbers in, a distribution over data out."""

from math import log, pi, prod

import numpy as np
import pytest
import torch
from members import looked_up, made, texts
from scipy import stats

from isthmus.errors import SupportError
from isthmus.likelihoods import Laplace, Likelihood, Normal
from isthmus.space import Image, Table, Vector

EVERY = pytest.mark.parametrize("text", texts(Likelihood))
SPACES = [Vector, Image]


def cell_by_cell(p, x):
    """The logarithms of a distribution whose cells differ in kind, each part looked at alone."""
    parts = np.split(x[:, p.order], np.cumsum(p.sizes)[:-1], axis=1)
    kinds = ["Categorical" if part.support.is_discrete else "Normal" for part in p.parts]
    found = [SCIPY[kind](*each) for kind, *each in zip(kinds, p.parts, parts, strict=True)]
    nats = np.concatenate(found, axis=1)[:, p.place]
    return nats if p.costs is None else nats / p.costs.numpy()


def bells(p, x):
    """What a mixture of logistics has between the edges of each level."""
    half = 1 / (p.levels - 1)
    x = 2 * np.expand_dims(x, 1) - 1
    low, high = np.where(x <= -1, -np.inf, x - half), np.where(x >= 1, np.inf, x + half)
    bell = stats.logistic(p.loc.numpy(), p.log_scale.exp().numpy())
    # From the side on which less lies, where a difference loses nothing.
    upper = x > p.loc.numpy()
    below, above = bell.cdf(high) - bell.cdf(low), bell.sf(low) - bell.sf(high)
    return (np.exp(p.log_weight.numpy()) * np.where(upper, above, below)).sum(1)


# The same distribution from another hand: (p, x) -> log p(x) of one cell.
SCIPY = {
    "Normal": lambda p, x: stats.norm(p.mean.numpy(), p.stddev.numpy()).logpdf(x),
    "Laplace": lambda p, x: stats.laplace(p.loc.numpy(), p.scale.numpy()).logpdf(x),
    "Bernoulli": lambda p, x: stats.bernoulli(p.probs.numpy()).logpmf(x),
    "DiscretisedLogistic": lambda p, x: np.log(bells(p, x)),
    "Mixed": cell_by_cell,
    "Categorical": lambda p, x: np.log(p.probs.numpy()[*np.indices(x.shape), x.astype(int)]),
}


def space_for(support, kind=Vector):
    if support == "mixed":
        return Table((4, 1, 2, 4, 1))
    levels = 4 if support == "categories" else 0
    shape = {"features": 3} if kind is Vector else {"channels": 2, "height": 3, "width": 3}
    return kind(**shape, support=support, levels=levels)


def stood(text, kind=Vector):
    """The likelihood on each support that it accepts."""
    template = made(text)
    return [template.on(space_for(support, kind)) for support in template.accepts]


def raw_for(likelihood, rows=5):
    shape = (rows, *likelihood.raw_shape())
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def made_of(likelihood, rows=5):
    return likelihood.double()(raw_for(likelihood, rows).double())


@EVERY
@pytest.mark.parametrize("kind", SPACES)
def test_the_distribution_has_the_shape_of_x(text, kind):
    for likelihood in stood(text, kind):
        p, shape = likelihood(raw_for(likelihood)), (5, *likelihood.space.shape)
        assert p.sample().shape == p.log_prob(p.sample()).shape == shape
        assert likelihood.point(p).shape == shape


@EVERY
def test_probability_sums_to_one(text):
    for likelihood in stood(text):
        p = made_of(likelihood)
        for part in getattr(p, "parts", [p]):
            total = total_of(part)
            torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-6)


def total_of(p):
    """The probability of all there is."""
    if p.support.is_discrete:
        return p.log_prob(p.enumerate_support()).exp().sum(0)
    # Two halves that meet at the mean, where a density may have a corner.
    reach = torch.linspace(0, 40, 20_001).double()[:, None, None] * p.stddev
    halves = (p.log_prob(p.mean + side * reach).exp() for side in (-1, 1))
    return sum(torch.trapezoid(half, reach, dim=0) for half in halves)


@EVERY
def test_it_agrees_with_scipy(text):
    for likelihood in stood(text):
        p = made_of(likelihood, rows=200)
        x = p.sample()
        expected = looked_up(SCIPY, likelihood, "SCIPY in test_likelihoods.py")(p, x.numpy())
        np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-9, atol=1e-9)


@EVERY
def test_draws_lie_in_the_support(text):
    for likelihood in stood(text):
        p = made_of(likelihood)
        draws = p.sample((1000,))
        assert p.support.check(draws).all()
        assert p.log_prob(draws).isfinite().all()
        assert draws.double().std() > 0


@EVERY
@pytest.mark.parametrize("extreme", [-1e15, -1e4, 1e4, 1e15])
def test_extreme_numbers_stay_finite(text, extreme):
    for likelihood in stood(text):
        raw = raw_for(likelihood).sign().mul(extreme).requires_grad_()
        log_p = likelihood(raw).log_prob(torch.ones(5, *likelihood.space.shape))
        log_p.sum().backward()
        assert log_p.isfinite().all()
        assert raw.grad.isfinite().all()
        assert all(each.grad.isfinite().all() for each in likelihood.parameters())


@EVERY
@pytest.mark.parametrize("kind", SPACES)
def test_what_is_learned_gets_a_gradient(text, kind):
    for likelihood in stood(text, kind):
        p = likelihood(raw_for(likelihood))
        if list(likelihood.parameters()):
            p.log_prob(torch.ones(5, *likelihood.space.shape)).sum().backward()
        assert all((each.grad != 0).all() for each in likelihood.parameters())


@EVERY
def test_other_supports_are_refused(text):
    likelihood = made(text)
    refused = {"real", "unit", "binary", "categories", "mixed"} - set(likelihood.accepts)
    assert refused
    for support in refused:
        with pytest.raises(SupportError) as caught:
            likelihood.on(space_for(support))
        message = str(caught.value)
        assert text in message, "what was given"
        assert f"the data are {support}" in message
        assert all(each in message for each in likelihood.accepts), "what was expected"
        assert "likelihood=None" in message, "what to do"


@EVERY
def test_a_template_is_left_alone(text):
    likelihood = made(text)
    on = likelihood.on(space_for(likelihood.accepts[0]))
    assert on is not likelihood
    assert not hasattr(likelihood, "space")
    assert repr(on) == repr(likelihood)


def test_a_unit_normal_is_half_the_squared_error():
    x, raw = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0)).double()
    nll = -Normal().on(Vector(3)).double()(raw).log_prob(x)
    torch.testing.assert_close(nll, (x - raw) ** 2 / 2 + log(2 * pi) / 2)


def test_a_unit_laplace_is_the_absolute_error():
    x, raw = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0)).double()
    nll = -Laplace().on(Vector(3)).double()(raw).log_prob(x)
    torch.testing.assert_close(nll, (x - raw).abs() + log(2))


@pytest.mark.parametrize("cls", [Normal, Laplace])
def test_a_learned_scale_is_one_for_all_a_feature_or_a_channel(cls):
    def count(choice, space):
        return sum(prod(each.shape) for each in cls(choice).on(space).parameters())

    assert count("shared", Vector(3)) == count("shared", Image(2, 4, 4)) == 1
    assert count("feature", Vector(3)) == 3
    assert count("feature", Image(2, 4, 4)) == 2
    assert count(0.5, Vector(3)) == 0


@pytest.mark.parametrize("cls", [Normal, Laplace])
def test_a_learned_scale_starts_at_one(cls):
    for choice in ("shared", "feature"):
        scale = cls(choice).on(Vector(3)).scale(torch.zeros(1, 3))
        torch.testing.assert_close(scale, torch.ones_like(scale))


@pytest.mark.parametrize("cls", [Normal, Laplace])
@pytest.mark.parametrize("scale", [0, -1.0, float("nan")])
def test_a_scale_that_is_none_is_refused(cls, scale):
    with pytest.raises(ValueError, match=rf"scale={scale!r}.*above 0.* 'feature' or 'shared'"):
        cls(scale)


@EVERY
def test_what_is_discrete_gives_probabilities(text):
    likelihood = made(text)
    likelihood = likelihood.on(space_for(likelihood.support))
    raw, x = torch.zeros(2, *likelihood.raw_shape()), torch.ones(2, *likelihood.space.shape)
    sharp = [likelihood(scale * raw.add(1)).log_prob(x) for scale in (1, 10)]
    if likelihood.discrete:
        assert all((each <= 0).all() for each in sharp)
    discrete = ("Bernoulli", "Categorical", "DiscretisedLogistic")
    assert likelihood.discrete == (type(likelihood).__name__ in discrete)
