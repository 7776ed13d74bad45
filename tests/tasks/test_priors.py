"""Priors: each is a density that integrates to one, draws as it says, and repeats."""

import pytest
import torch

from isthmus.errors import CompositionError, DataError
from isthmus.tasks.priors import Autoregressive, Mixture, Prior, Standard

PRIORS = [Standard(), Mixture(4), Mixture(), Autoregressive(32, steps=150)]


def bent(n: int = 600, seed: int = 0) -> torch.Tensor:
    """Codes on a bent band, far from the origin and of unlike widths."""
    generator = torch.Generator().manual_seed(seed)
    first, second = torch.randn(2, n, generator=generator)
    return torch.stack([first, first.square() + second / 4], dim=1) / 2


def seeded_draws(prior: Prior, n: int, seed: int = 0) -> torch.Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return prior.sample(n)


@pytest.fixture(params=PRIORS, ids=repr)
def fitted(request: pytest.FixtureRequest) -> Prior:
    return request.param.fitted(bent())


def test_the_density_integrates_to_one(fitted: Prior) -> None:
    step = 0.04
    line = torch.arange(-10, 10, step)
    mass = fitted.log_prob(torch.cartesian_prod(line, line)).exp().sum() * step**2
    assert float(mass) == pytest.approx(1, abs=0.01)


def test_draws_are_likely_where_the_density_says(fitted: Prior) -> None:
    # E_p[p(z)], by draws and by the integral.
    step = 0.04
    line = torch.arange(-10, 10, step)
    p = fitted.log_prob(torch.cartesian_prod(line, line)).exp()
    drawn = fitted.log_prob(seeded_draws(fitted, 4000)).exp()
    error = float(drawn.std()) / 4000**0.5
    assert float(drawn.mean()) == pytest.approx(float(p.square().sum() * step**2), abs=5 * error)


def test_codes_and_draws_have_the_same_shape(fitted: Prior) -> None:
    draws = seeded_draws(fitted, 7)
    assert draws.shape == (7, 2)
    assert draws.dtype == torch.float32
    assert fitted.log_prob(draws).shape == (7,)
    assert fitted.size == 2


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_equal_seeds_make_equal_priors_and_touch_no_state(prior: Prior) -> None:
    before = torch.random.get_rng_state()
    a, b = (prior.fitted(bent(), seed=3) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(a.log_prob(bent(9, 1)), b.log_prob(bent(9, 1)))
    assert torch.equal(seeded_draws(a, 5), seeded_draws(b, 5))


def test_tensors_and_text_are_all_there_is(fitted: Prior) -> None:
    tensors = {
        name: each.clone(memory_format=torch.contiguous_format)
        for name, each in fitted.state_dict().items()
    }
    again = fitted.fresh().restored(tensors)
    assert repr(again) == repr(fitted)
    assert torch.equal(again.log_prob(bent(99, 1)), fitted.log_prob(bent(99, 1)))
    assert torch.equal(seeded_draws(again, 5), seeded_draws(fitted, 5))


def test_the_template_stays_as_it_was() -> None:
    template = Mixture(2)
    template.fitted(bent())
    assert template.mean is None


@pytest.mark.parametrize("prior", [Mixture(), Autoregressive(32, steps=300)], ids=repr)
def test_what_is_fitted_knows_more_than_the_standard_one(prior: Prior) -> None:
    new = bent(400, seed=9)
    reached = prior.fitted(bent(2000)).log_prob(new).mean()
    one = Mixture(1).fitted(bent(2000)).log_prob(new).mean()
    assert float(reached) > float(one) + 0.1


def test_a_mixture_finds_how_many_there_are_by_codes_kept_aside() -> None:
    blob = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    assert len(Mixture().fitted(blob).weight) == 1
    assert len(Mixture().fitted(bent(2000)).weight) > 1


def test_a_dimension_without_spread_does_no_harm(fitted: Prior) -> None:
    codes = torch.cat([bent(), torch.full((600, 1), 3.0)], dim=1)
    prior = fitted.fresh().fitted(codes)
    assert prior.log_prob(codes).isfinite().all()
    draws = seeded_draws(prior, 50)
    assert draws.isfinite().all()
    if prior.standardised:
        assert float((draws[:, 2] - 3).abs().max()) < 0.1


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
@pytest.mark.parametrize("size", [1, 3])
def test_few_codes_of_any_size_are_enough(prior: Prior, size: int) -> None:
    codes = torch.arange(4.0 * size).reshape(4, size)
    made = prior.fitted(codes)
    assert made.log_prob(codes).isfinite().all()
    assert seeded_draws(made, 2).shape == (2, size)


def test_each_number_hangs_on_those_before_it_alone() -> None:
    prior = Autoregressive(16, components=2, steps=5).fitted(torch.randn(50, 4))
    u = torch.zeros(1, 4, requires_grad=True)
    for place in range(4):
        _, mean, _ = prior._mixtures(u)
        (gradient,) = torch.autograd.grad(mean[0, place].sum(), u, allow_unused=True)
        assert (gradient[0, place:] == 0).all()
        assert (gradient[0, :place] != 0).all()


@pytest.mark.parametrize(
    "codes", [torch.zeros(1, 2), torch.zeros(5), torch.full((9, 2), torch.nan)]
)
def test_codes_that_will_not_do_are_refused(codes: torch.Tensor) -> None:
    with pytest.raises(DataError, match=r"expected \(n, D\)|not finite"):
        Mixture().fitted(codes)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Mixture(0),
        lambda: Mixture(2, jitter=0),
        lambda: Autoregressive(0),
        lambda: Autoregressive(components=0),
        lambda: Autoregressive(steps=-1),
    ],
)
def test_arguments_out_of_range_are_refused(make) -> None:
    with pytest.raises(CompositionError, match="was given; expected"):
        make()
