"""The importance-weighted bound: which draws it weighs, and how bounds are ordered."""

from math import log

import pytest
import torch
from torch import logsumexp

from isthmus import Codec, Dense, Gaussian, ImportanceWeighted, Normal
from isthmus.inference import log_likelihoods
from isthmus.objectives.bound import log_weights
from isthmus.space import Batch, Vector


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def codec(seeded):
    return Codec(Vector(4), Gaussian(2), Normal(0.2), Dense((6,)))


@pytest.fixture
def batch():
    return Batch(torch.randn(8, 4, generator=torch.Generator().manual_seed(0)))


def decoded(codec):
    """How many codes each pass through the decoder takes, as they come."""
    rows = []
    codec.decoder.register_forward_hook(lambda _, given, __: rows.append(len(given[0])))
    return rows


@pytest.mark.parametrize("k", [1, 2, 5])
def test_k_draws_are_decoded_k_times(codec, batch, k):
    rows = decoded(codec)
    ImportanceWeighted(k)(codec, codec(batch)).sum().backward()
    assert sum(rows) == k * len(batch)


@pytest.mark.parametrize("k", [1, 7])
def test_no_more_are_decoded_for_a_likelihood(codec, batch, k):
    rows = decoded(codec)
    log_likelihoods(codec, batch, k, lambda x: torch.zeros(()))
    assert sum(rows) == k * len(batch)


@torch.no_grad()
def test_the_first_draw_is_the_one_that_was_decoded(codec, batch):
    trace = codec(batch)
    weight = (
        trace.p.log_prob(batch.x).sum(1)
        + codec.latent.prior.log_prob(trace.z).sum(1)
        - trace.q.log_prob(trace.z).sum(1)
    )
    weights = log_weights(codec, trace, 3)
    torch.testing.assert_close(weights[0], weight)
    assert len({each.sum().item() for each in weights}) == 3
    torch.testing.assert_close(ImportanceWeighted(1)(codec, trace), -weight)


@torch.no_grad()
@pytest.mark.parametrize("block", [1, 2, 3, 100])
def test_blocks_make_the_same_draws(codec, batch, block):
    trace = codec(batch)
    torch.manual_seed(1)
    whole = log_weights(codec, trace, 6, block)
    assert whole.shape == (6, len(batch))
    torch.manual_seed(1)
    singly = torch.cat([log_weights(codec, trace, 2, 1)[1:] for _ in range(5)])
    torch.testing.assert_close(whole[1:], singly)


@torch.no_grad()
def test_on_the_same_weights_more_draws_bound_closer(codec, batch):
    many = batch.repeat(2000)
    bounds = [-ImportanceWeighted(k)(codec, codec(many)).mean() for k in (1, 5, 50)]
    assert bounds[0] < bounds[1] < bounds[2]
    weights = log_weights(codec, codec(batch), 20_000)
    assert bounds[2] < (logsumexp(weights, 0) - log(20_000)).mean() + 0.02
