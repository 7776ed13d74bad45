"""MMD: zero for codes that are draws of the prior, positive for others."""

import numpy as np
import pytest
import torch

from isthmus import MMD, NLL, Batch, Codec, Composed, Dense, Normal, Point, Trace, Vector
from isthmus.latents import Delta

CODEC = Codec(Vector(8), Point(8), Normal(), Dense(()))


def values(change, rows=100, times=100):
    """The term for changed draws of the prior, many times over."""
    found = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(times):
            z = change(torch.randn(rows, 8))
            q = Delta(z)
            found.append(MMD()(CODEC, Trace(Batch(z), z, q, z, q)))
    return torch.stack(found)


def test_draws_of_the_prior_are_told_from_it_by_chance_alone():
    found = values(lambda z: z, rows=20, times=500)
    assert found.mean().abs() < 4 * found.std() / 500**0.5
    assert found.min() < 0


@pytest.mark.parametrize(
    "change",
    [
        lambda z: z + 1,
        lambda z: 0 * z,
        lambda z: 2 * z,
        lambda z: z / 2,
        lambda z: z[:, :1] + 0 * z,
    ],
    ids=["shifted", "collapsed", "wide", "narrow", "one"],
)
def test_other_codes_are_told_from_it(change):
    found = values(change)
    assert found.mean() > 0.005
    assert found.mean() > 4 * values(lambda z: z).std()


def test_it_is_bounded():
    assert values(lambda z: z + 1e6, times=1).item() < 2


@pytest.mark.parametrize("rows", [1, 2])
def test_few_rows_make_no_trouble(rows):
    trace = CODEC(Batch(torch.ones(rows, 8)))
    term = (NLL() + 100 * MMD())(CODEC, trace)
    term.total.backward()
    assert term.total.isfinite()
    assert all(each.grad.isfinite().all() for each in CODEC.parameters())
    if rows == 1:
        assert term.terms["MMD"] == 0


def test_where_only_the_batch_has_a_value_rows_score_alike():
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = Composed(latent=Point(2), objective=1 * MMD(), epochs=1, random_state=0).fit(X)
    np.testing.assert_array_equal(model.score_samples(X), np.zeros(20))
