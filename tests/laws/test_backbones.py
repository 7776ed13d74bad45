"""Laws of backbones: an encoder, and the decoder that mirrors it."""

import pytest
import torch
from members import made, texts

from isthmus import Image, Vector
from isthmus.backbones import Backbone
from isthmus.errors import CompositionError

EVERY = pytest.mark.parametrize("text", texts(Backbone))
SPACES = pytest.mark.parametrize("space", [Vector(6), Image(2, 8, 8)], ids=["vector", "image"])
CONTEXTS = pytest.mark.parametrize("context", [0, 3])


def built(text, space, context=0):
    """An encoder and a decoder of fixed weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = made(text)
        decoder = backbone.decoder(4, torch.Size((2, *space.shape)), space, context)
        return backbone.encoder(space, 4, context), decoder


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@EVERY
@SPACES
@CONTEXTS
def test_shapes(text, space, context):
    encoder, decoder = built(text, space, context)
    c = numbers(7, context) if context else None
    code = encoder(numbers(7, *space.shape), c)
    assert code.shape[:2] == (7, 4)
    assert decoder(code, c).shape == (7, 2, *space.shape)


@EVERY
@SPACES
@CONTEXTS
def test_every_weight_gets_a_finite_gradient(text, space, context):
    c = numbers(64, context) if context else None
    encoder, decoder = built(text, space, context)
    out = decoder(encoder(numbers(64, *space.shape), c), c)
    (out * numbers(*out.shape)).sum().backward()
    for network in (encoder, decoder):
        for name, each in network.named_parameters():
            assert each.grad is not None, name
            assert each.grad.isfinite().all(), name
            assert (each.grad != 0).any(), name


@EVERY
@SPACES
def test_context_is_heard(text, space):
    c, x = numbers(5, 3), numbers(5, *space.shape)
    encoder, decoder = (network.eval() for network in built(text, space, context=3))
    code = encoder(x, c)
    assert not torch.equal(encoder(x, -c), code)
    assert not torch.equal(decoder(code, -c), decoder(code, c))


@EVERY
@SPACES
def test_once_trained_a_row_stands_alone(text, space):
    encoder, decoder = built(text, space)
    x = numbers(8, *space.shape)
    decoder(encoder(x))  # what normalisation learns, it learns here
    encoder.eval(), decoder.eval()
    both = decoder(encoder(x))
    for row in range(8):
        torch.testing.assert_close(decoder(encoder(x[row : row + 1])), both[row : row + 1])


@EVERY
@SPACES
def test_no_two_networks_share_weights(text, space):
    backbone = made(text)
    first, second = backbone.encoder(space, 4), backbone.encoder(space, 4)
    shared = {id(each) for each in first.parameters()} & {id(each) for each in second.parameters()}
    assert shared == set()
    assert list(backbone.parameters()) == []


def test_one_row_can_not_be_normalised_over_the_batch():
    encoder, decoder = built("Dense((8,), normalisation='batch')", Vector(6))
    for network, x in ((encoder, numbers(1, 6)), (decoder, numbers(1, 4))):
        with pytest.raises(CompositionError, match=r"at least 2 rows in a batch; got 1: use batch"):
            network(x)
        assert network.eval()(x).isfinite().all()
