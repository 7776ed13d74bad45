"""Tests of the revival of dead codes."""

import pytest
import torch

from isthmus import (
    NLL,
    Bernoulli,
    Categorical,
    Codec,
    Dictionary,
    Normal,
    Point,
    Revive,
    TopK,
    Vector,
)
from isthmus.errors import CompositionError
from isthmus.optimiser import Adam
from isthmus.space import Batch
from isthmus.training import step


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def codec_of(dim=64, k=2, dead_after=200, features=8):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Codec(Vector(features), TopK(dim, k, dead_after), Normal(), Dictionary())


def killed(codec):
    """The codec with every other code so quiet that it is never among the largest."""
    with torch.no_grad():
        codec.encoder.weight[::2] *= 0.1
        codec.latent.idle[::2] = 10_000
    return codec


def test_it_is_what_the_dead_leave_of_the_error():
    codec, batch = killed(codec_of()), Batch(numbers(30, 8))
    trace = codec(batch)
    value = Revive(3).on(codec)(codec, trace)
    error = (batch.x - trace.p.mean).detach()
    raw = trace.q.raw.where(codec.latent.dead, -1e9)
    said, where = raw.topk(3, dim=1)
    added = (said.relu()[..., None] * codec.decoder.weight[where]).sum(1)
    worth = batch.x.var(0, correction=0).mean() / error.square().mean()
    torch.testing.assert_close(value, worth * (error - added).square().sum(1) / 2)


def test_no_gradient_reaches_what_is_alive():
    codec = killed(codec_of())
    trace = codec(Batch(numbers(30, 8)))
    dead = codec.latent.dead
    Revive().on(codec)(codec, trace).sum().backward()
    moved = (codec.decoder.weight.grad != 0).any(1)
    assert moved[dead].any()
    assert not moved[~dead].any()
    assert not (codec.encoder.weight.grad != 0).any(1)[~dead].any()
    assert not codec.decoder.bias.grad.any()


@pytest.mark.parametrize("why", ["nobody is dead", "no training"])
def test_it_is_nothing_where(why):
    codec = codec_of() if why == "nobody is dead" else killed(codec_of()).eval()
    trace = codec(Batch(numbers(30, 8)), draw=False)
    assert torch.equal(Revive().on(codec)(codec, trace), torch.zeros(30))


def silent_after(objective, bias=0.0):
    """How many of 64 codes are silent when each row is made of two of 64 directions."""
    codec = killed(codec_of(k=4, dead_after=1000, features=16))
    with torch.no_grad():
        codec.encoder.bias[::2] += bias
    objective = objective.on(codec)
    optimiser = Adam(codec.parameters(), rate=3e-3)
    parts = numbers(64, 16, seed=1)
    parts /= parts.norm(dim=1, keepdim=True)
    generator = torch.Generator().manual_seed(2)
    for _ in range(250):
        some = torch.randint(64, (200, 4), generator=generator)
        step(codec, objective, optimiser, Batch(parts[some].sum(1)))
    return int(codec.latent.dead.sum())


def test_dead_codes_come_back():
    before, after = silent_after(1 * NLL()), silent_after(NLL() + 1 / 32 * Revive())
    assert before >= 30
    assert after < before / 4


def test_codes_below_zero_on_every_row_come_back():
    before, after = (silent_after(each, -2.0) for each in (1 * NLL(), NLL() + 1 / 32 * Revive()))
    assert before >= 30
    assert after < before / 4


def test_log_odds_are_taught_what_their_likelihood_asks_of_them():
    space = Vector(8, support="binary")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec = killed(Codec(space, TopK(64, 2, 200), Bernoulli(), Dictionary()))
    x = (numbers(30, 8) > 0).float()
    trace = codec(Batch(x))
    raw = codec.raw(trace.z).detach().requires_grad_()
    (asked,) = torch.autograd.grad(codec.likelihood(raw).log_prob(x).sum(), raw)
    torch.testing.assert_close(asked, (x - trace.p.mean).detach())
    objective, optimiser = (1 * Revive(3)).on(codec), Adam(codec.parameters(), rate=3e-3)
    costs = []
    for _ in range(100):
        codec.latent.idle[::2] = 10_000
        costs.append(step(codec, objective, optimiser, Batch(x)).total.item())
    assert costs[-1] < 0.8 * costs[0]


def test_it_asks_for_codes_that_can_die_and_numbers_that_are_those_of_x():
    with pytest.raises(CompositionError, match=r"can fall silent.*Point\(3\).*TopK\(1024"):
        Revive().on(Codec(Vector(8), Point(3), Normal(), Dictionary()))
    space = Vector(8, support="categories", levels=3)
    with pytest.raises(CompositionError, match=r"writes x itself, \(8,\).*\(3, 8\)"):
        Revive().on(Codec(space, TopK(9, k=2), Categorical(), Dictionary()))
