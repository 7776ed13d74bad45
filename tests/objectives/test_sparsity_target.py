"""The target of mean activity: against what it is by definition."""

from math import log

import pytest
import torch

from isthmus import NLL, Batch, Codec, Dense, Gaussian, Normal, Point, SparsityTarget, Vector
from isthmus.errors import CompositionError


def a_codec():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Codec(Vector(7), Point(4, "sigmoid"), Normal(), Dense(()))


def rows(n=32):
    return torch.randn(n, 7, generator=torch.Generator().manual_seed(0))


def test_the_target_is_a_divergence_of_coins():
    codec = a_codec()
    trace = codec(Batch(rows()))
    term = SparsityTarget(0.2).on(codec)
    expected = sum(
        0.2 * log(0.2 / mean) + 0.8 * log(0.8 / (1 - mean)) for mean in trace.z.mean(0).tolist()
    )
    assert term(codec, trace).item() == pytest.approx(expected, rel=1e-5)


def test_it_brings_the_mean_activity_to_the_target():
    codec = a_codec()
    objective = (NLL() + 3 * SparsityTarget(0.1)).on(codec)
    optimiser = torch.optim.Adam(codec.parameters(), lr=0.03)
    for _ in range(300):
        optimiser.zero_grad()
        objective(codec, codec(Batch(rows(200)))).total.backward()
        optimiser.step()
    assert (codec(Batch(rows(200))).z.mean(0) - 0.1).abs().max() < 0.05


@pytest.mark.parametrize("latent", [Gaussian(3), Point(3), Point(3, "relu")], ids=repr)
def test_it_asks_for_codes_from_zero_to_one(latent):
    with pytest.raises(CompositionError, match=r"codes from 0 to 1.*activation='sigmoid'"):
        SparsityTarget().on(Codec(Vector(5), latent, Normal(), Dense(())))
