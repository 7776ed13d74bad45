"""Tests of the dictionary: gathering a few rows is the dense product, in value and gradient."""

import copy

import pytest
import torch

from isthmus import Bernoulli, Categorical, Codec, Dictionary, Gaussian, Image, Normal, TopK, Vector
from isthmus.backbones.dictionary import Product
from isthmus.errors import CompositionError
from isthmus.space import Batch


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def codec_of(space, tied=False, k=4, likelihood=None, context=0):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Codec(
            space, TopK(40, k=k), likelihood or Normal(), Dictionary(tied), context=context
        )


def gradients(codec, value):
    codec.zero_grad()
    value.backward()
    return {name: each.grad.clone() for name, each in codec.named_parameters()}


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("context", [0, 3])
@pytest.mark.parametrize("space", [Vector(6), Vector(6, holes=True), Image(2, 3, 4)], ids=str)
def test_gathering_is_the_dense_product(space, tied, context):
    codec = codec_of(space, tied, context=context).double()
    x = numbers(30, *space.shape).double()
    c = numbers(30, context, seed=1).double() if context else None
    batch = Batch(x, torch.ones_like(x, dtype=torch.bool) if space.holes else None, c)
    target = numbers(30, *space.shape, seed=2).double()

    trace = codec(batch)
    gathered, dense = trace.p.mean, codec.decode(codec(batch).z, c).mean
    torch.testing.assert_close(gathered, dense)
    ours = gradients(codec, (gathered * target).sum())
    theirs = gradients(codec, (dense * target).sum())
    assert ours.keys() == theirs.keys()
    for name, each in ours.items():
        torch.testing.assert_close(each, theirs[name])
        assert (each != 0).any(), name


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5])
def test_the_encoders_gradient_is_exact_however_sparse_it_is(share):
    generator = torch.Generator().manual_seed(0)
    grad = torch.randn(30, 64, generator=generator).double()
    grad *= torch.rand(30, 64, generator=generator) < share
    x = numbers(30, 7).double()
    found = []
    for product in (Product.apply, torch.nn.functional.linear):
        weight, bias = (numbers(*shape).double().requires_grad_() for shape in ((64, 7), (64,)))
        product(x, weight, bias).backward(grad)
        found.append((weight.grad, bias.grad))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_where_the_gradient_is_wanted_again_it_can_be_taken_again():
    weight, bias, x = numbers(64, 7).double(), numbers(64).double(), numbers(30, 7).double()
    weight.requires_grad_()
    said = Product.apply(x, weight, bias).square().sum()
    (first,) = torch.autograd.grad(said, weight, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), weight)
    torch.testing.assert_close(second, (2 * x.T @ x).sum(0).expand_as(weight))


def test_each_code_begins_by_looking_for_what_it_writes():
    for tied in (False, True):
        codec = codec_of(Vector(6, holes=True), tied)
        v, w = codec.decoder.weight, codec.encoder.weight
        torch.testing.assert_close(v.norm(dim=1), torch.ones(40))
        assert torch.equal(w[:, :6], v)
        assert w.shape == (40, 12)


def test_tied_weights_are_stored_once_and_stay_tied():
    codec = codec_of(Vector(6), tied=True)
    names = [name for name in codec.state_dict() if name.endswith("weight")]
    assert names == ["encoder.weight"]
    other = copy.deepcopy(codec)
    other.load_state_dict(
        {name: 2 * each for name, each in codec.state_dict().items()}, assign=True
    )
    assert torch.equal(other.decoder.weight, 2 * codec.decoder.weight)
    assert other.decoder.weight.data_ptr() == other.encoder.weight.data_ptr()


def test_a_dictionary_takes_any_latent_and_likelihood():
    batch = Batch(torch.ones(5, 6))
    for latent, likelihood, support in (
        (Gaussian(3), Normal(), "real"),
        (TopK(40, k=4), Bernoulli(), "binary"),
        (TopK(40, k=4), Categorical(), "categories"),
    ):
        space = Vector(6, support=support, levels=3 if support == "categories" else 0)
        assert codec_of_parts(space, latent, likelihood)(batch).p.mean.shape[-1] == 6


def codec_of_parts(space, latent, likelihood, tied=False):
    return Codec(space, latent, likelihood, Dictionary(tied))


def test_what_can_not_be_tied_is_refused():
    with pytest.raises(CompositionError, match=r"makes 6 numbers of 6 .*they can't share.*TopK"):
        codec_of_parts(Vector(6), Gaussian(3), Normal(), tied=True)
