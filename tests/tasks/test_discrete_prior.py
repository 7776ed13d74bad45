"""The prior over entries of codebooks: it sums to one, and draws hold to it."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from isthmus import VAE, VQVAE, Autoencoder, Conv, Dense, Generator, Normal, Quantised, load
from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.space import Vector
from isthmus.tasks.priors import Discrete
from isthmus.tasks.priors.choice import candidates

SMALL = Discrete(16, steps=100, learning_rate=1e-2)


def codec(codes: int = 3) -> Codec:
    """Codes of two groups, whose entries are known."""
    made = Codec(Vector(4), Quantised(4, codes=codes, groups=2), Normal(), Dense((8,))).eval()
    entries = torch.arange(2.0 * codes * 2).reshape(2, codes, 2)
    made.latent.entries.copy_(entries)
    made.latent.idle.zero_()
    return made


def told(k: list[list[int]]) -> torch.Tensor:
    return codec().latent.looked_up(torch.tensor(k))


def dependent() -> torch.Tensor:
    """Codes of which the second entry follows the first, and the last is rare."""
    return told([[0, 1], [1, 2], [0, 1], [1, 2], [0, 1], [2, 0]]).repeat(60, 1)


def test_probabilities_sum_to_one() -> None:
    prior = SMALL.on(codec()).fitted(dependent(), seed=1)
    every = told([list(each) for each in product(range(3), repeat=2)])
    assert float(prior.log_prob(every).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_draws_are_entries_that_go_together_as_often_as_they_did() -> None:
    prior = SMALL.on(codec()).fitted(dependent(), seed=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = prior.sample(600)
    seen = {tuple(each) for each in dependent().tolist()}
    follow = [tuple(each) in seen for each in drawn.tolist()]
    assert np.mean(follow) > 0.97
    rare = (drawn == told([[2, 0]])).all(1).float().mean()
    assert float(rare) == pytest.approx(1 / 6, abs=0.06)


def test_what_lies_near_an_entry_counts_as_it() -> None:
    prior = SMALL.on(codec()).fitted(dependent())
    assert torch.equal(prior.log_prob(dependent() + 0.3), prior.log_prob(dependent()))


def test_it_is_for_codebooks_alone_and_says_so() -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(CompositionError, match="entries of codebooks"):
        Generator(VAE(latent_dim=2, epochs=10**9), prior="discrete").fit(X)
    with pytest.raises(CompositionError, match="knows no codebooks"):
        SMALL.fitted(torch.zeros(9, 2))


@pytest.fixture(scope="module")
def generator() -> Generator:
    # Each picture is a bar, left or right of a bar below: of four kinds of code, two are there.
    bars = np.zeros((80, 8, 8))
    bars[::2, :4, 1], bars[::2, 4:, 1] = 1, 1
    bars[1::2, :4, 6], bars[1::2, 4:, 6] = 1, 1
    bars *= np.random.default_rng(0).uniform(0.8, 1, size=bars.shape)  # of grey, not of two values
    model = VQVAE(
        latent_dim=2,
        codes=4,
        backbone=Conv((4, 8), grid=True),
        likelihood=Normal("shared"),
        epochs=40,
        batch_size=20,
        learning_rate=1e-2,
        random_state=0,
        verbose=False,
    )
    return Generator(model, prior=SMALL, random_state=0).fit(bars)


def test_a_grid_of_entries_is_sampled_and_kept_on_disk(
    generator: Generator, tmp_path: Path
) -> None:
    generator.save(tmp_path / "g")
    again = load(tmp_path / "g")
    assert isinstance(again, Generator)
    assert np.array_equal(again.sample(5, random_state=3), generator.sample(5, random_state=3))
    assert repr(again.prior_) == repr(generator.prior_)


def test_halves_that_go_together_stay_together(generator: Generator) -> None:
    made = generator.sample(40, random_state=0)
    right = made[:, :, 6] > 0.5
    assert 5 < right[:, 0].sum() < 35
    assert (right.all(1) | ~right.any(1)).mean() > 0.9


def test_the_bound_of_a_quantised_model_is_in_the_units_of_the_data(generator: Generator) -> None:
    bars = generator.sample(4, random_state=0)
    nats = generator.log_likelihood(bars)
    assert nats.shape == (4,)
    # A pixel goes from 0 to 1 inside, and to the highest grey in the user's: a constant apart.
    apart = nats - generator.score_samples(bars)
    assert apart == pytest.approx(apart[0])
    assert apart[0] == pytest.approx(64 * -np.log(generator.model_.adapter_.high_))


def test_auto_takes_it_where_codes_are_entries() -> None:
    assert repr(candidates("auto", codec())) == "[Discrete()]"


def test_points_have_no_likelihood() -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = Autoencoder(latent_dim=2, epochs=1, random_state=0, verbose=False)
    made = Generator(model, prior="mixture", random_state=0).fit(X)
    with pytest.raises(CompositionError, match="has no density"):
        made.log_likelihood(X)


@pytest.mark.parametrize(
    "make",
    [lambda: Discrete(0), lambda: Discrete(steps=-1), lambda: Discrete(learning_rate=-1.0)],
)
def test_arguments_out_of_range_are_refused(make) -> None:
    with pytest.raises(CompositionError, match="was given; expected"):
        make()
