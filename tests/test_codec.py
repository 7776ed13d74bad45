"""Codec: x -> q(z | x) -> z -> p(x | z)."""

import pytest
import torch

from isthmus import (
    Batch,
    Bernoulli,
    Categorical,
    Codec,
    Dense,
    Gaussian,
    Image,
    Noise,
    Normal,
    Point,
    Vector,
)
from isthmus.backbones import Stem


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_a_trace_holds_every_stage():
    codec = Codec(Vector(6), Gaussian(2), Normal(), Dense((8,)), Noise(0.5))
    batch = Batch(numbers(5, 6))
    trace = codec(batch)
    assert trace.batch is batch
    assert trace.input.shape == trace.p.mean.shape == (5, 6)
    assert not torch.equal(trace.input, batch.x)
    assert trace.z.shape == trace.q.mean.shape == (5, 2)
    assert trace.drawn
    assert not torch.equal(trace.z, trace.q.mean)
    assert torch.equal(codec.encode(trace.input).mean, trace.q.mean)
    assert torch.equal(codec.decode(trace.z).mean, trace.p.mean)


def test_without_a_draw_it_is_the_mean_that_is_decoded():
    codec = Codec(Vector(6), Gaussian(2), Normal(), Dense((8,)))
    trace = codec(Batch(numbers(5, 6)), draw=False)
    assert not trace.drawn
    assert torch.equal(trace.z, trace.q.mean)


def test_an_input_that_is_given_is_not_corrupted():
    codec = Codec(Vector(6), Point(2), Normal(), Dense((8,)), Noise(0.5))
    x, other = numbers(2, 5, 6)
    trace = codec(Batch(x), input=other)
    assert torch.equal(trace.input, other)
    assert torch.equal(trace.batch.x, x)


def test_context_reaches_both_networks():
    codec = Codec(Vector(6), Point(2), Normal(), Dense((8,)), context=3)
    x, c = numbers(5, 6), numbers(5, 3)
    assert not torch.equal(codec.encode(x, c).mean, codec.encode(x, -c).mean)
    z = numbers(5, 2)
    assert not torch.equal(codec.decode(z, c).mean, codec.decode(z, -c).mean)


def test_two_codecs_of_the_same_parts_share_nothing():
    parts = Gaussian(2), Normal("feature"), Dense((8,))
    first, second = Codec(Vector(6), *parts), Codec(Vector(6), *parts)
    shared = {id(each) for each in first.parameters()} & {id(each) for each in second.parameters()}
    assert shared == set()


@pytest.mark.parametrize(
    ("space", "likelihood"),
    [
        (Vector(6, support="binary"), Bernoulli()),
        (Vector(6, support="categories", levels=4), Categorical()),
        (Image(2, 4, 4, support="unit"), Bernoulli()),
        (Image(1, 4, 4, holes=True), Normal("feature")),
    ],
    ids=["binary", "categories", "image", "holes"],
)
def test_any_space_goes_through(space, likelihood):
    codec = Codec(space, Gaussian(2), likelihood, Dense((8,)))
    x = torch.randint(0, space.levels or 2, (5, *space.shape)).float()
    trace = codec(Batch(x, x > 0 if space.holes else None))
    assert trace.p.log_prob(x).shape == x.shape
    assert codec.likelihood.point(trace.p).shape == x.shape


def test_the_stem_makes_categories_one_hot_and_lays_the_mask_beside():
    stem = Stem(Vector(2, support="categories", levels=3, holes=True))
    x, observed = torch.tensor([[2.0, 0.0]]), torch.tensor([[True, False]])
    assert stem.space.shape == (8,)
    # Channel by channel: category 0, 1, 2 of each column, then which are known.
    assert stem(x, observed).tolist() == [[0, 0, 0, 0, 1, 0, 1, 0]]
    assert stem(x).tolist() == [[0, 1, 0, 0, 1, 0, 1, 1]]


def test_the_stem_leaves_plain_numbers_alone():
    x = numbers(5, 6)
    assert torch.equal(Stem(Vector(6))(x), x)
    picture = numbers(5, 2, 4, 4)
    stem = Stem(Image(2, 4, 4, holes=True))
    assert stem.space.shape == (4, 4, 4)
    assert torch.equal(stem(picture, picture > 0)[:, :2], picture * (picture > 0))
    assert torch.equal(stem(picture, picture > 0)[:, 2:], (picture > 0).float())


def test_under_half_precision_distributions_stay_whole():
    codec = Codec(Vector(6), Gaussian(2), Normal(), Dense((8,)))
    with torch.autocast("cpu", torch.bfloat16):
        trace = codec(Batch(numbers(5, 6)))
    assert trace.z.dtype == trace.p.mean.dtype == torch.float32
