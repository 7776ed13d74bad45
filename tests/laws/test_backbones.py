"""Laws of backbones: an encoder, and the decoder that mirrors it, for each space they take."""

from itertools import product
from math import prod

import pytest
import torch
from members import made, texts

from isthmus import Image, Series, Table, Vector, catalogue
from isthmus.backbones import Backbone, Stem
from isthmus.errors import CompositionError

SPACES = [
    Vector(6),
    Image(2, 8, 8),
    Image(1, 7, 5),
    Image(3, 1, 1),
    Series(2, 12),
    Series(3, 7, ragged=True),
    Series(2, 1),
]
CONTEXTS = pytest.mark.parametrize("context", [0, 3])


def member(text):
    return catalogue.PARTS[text.partition("(")[0]]


def takers(spaces):
    """Each member, on each of the spaces that it takes."""
    pairs = product(texts(Backbone), spaces)
    taken = [pair for pair in pairs if isinstance(pair[1], member(pair[0]).spaces)]
    return pytest.mark.parametrize(("text", "space"), taken, ids=str)


EVERY = takers(SPACES)


def built(text, space, context=0, extra=(2,)):
    """An encoder and a decoder of fixed weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = made(text)
        decoder = backbone.decoder(4, torch.Size((*extra, *space.shape)), space, context)
        return backbone.encoder(Stem(space).space, 4, context), decoder


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def rows(many, space):
    """What an encoder sees of some rows; ragged series are of every length there is."""
    x = numbers(many, *space.shape)
    if not (isinstance(space, Series) and space.ragged):
        return x
    lengths = 1 + torch.arange(many) % space.steps
    observed = (torch.arange(space.steps) < lengths[:, None])[:, None].expand_as(x)
    return Stem(space)(x * observed, observed)


@pytest.mark.parametrize("text", texts(Backbone))
@pytest.mark.parametrize("space", [*SPACES, Table((1, 3, 40))], ids=str)
def test_it_takes_the_spaces_that_it_names_and_refuses_the_others_in_words(text, space):
    backbone = made(text)
    if isinstance(space, backbone.spaces):
        backbone.check(space)
        return
    with pytest.raises(CompositionError, match=r"was given for .*; expected .*\. Use ") as error:
        backbone.check(space)
    assert repr(space) in str(error.value)
    assert all(each.__name__ in str(error.value) for each in backbone.spaces)


@EVERY
@CONTEXTS
@pytest.mark.parametrize("extra", [(), (2,), (3, 2)], ids=str)
def test_shapes(text, space, context, extra):
    encoder, decoder = built(text, space, context, extra)
    c = numbers(7, context) if context else None
    code = encoder(rows(7, space), c)
    assert code.shape == (7, 4, *made(text).grid(space))
    assert decoder(code, c).shape == (7, *extra, *space.shape)


# Where there is one step or pixel, nothing passes from one to the next, and the weights
# that are there for that have nothing to do.
@takers([space for space in SPACES if isinstance(space, Vector) or prod(space.shape[1:]) > 1])
@CONTEXTS
def test_every_weight_gets_a_finite_gradient(text, space, context):
    c = numbers(64, context) if context else None
    encoder, decoder = built(text, space, context)
    out = decoder(encoder(rows(64, space), c), c)
    (out * numbers(*out.shape)).sum().backward()
    for network in (encoder, decoder):
        for name, each in network.named_parameters():
            assert each.grad is not None, name
            assert each.grad.isfinite().all(), name
            assert (each.grad != 0).any(), name


@EVERY
def test_every_input_is_heard(text, space):
    encoder, _ = built(text, space)
    x = rows(64, space).requires_grad_()
    code = encoder.eval()(x)
    (code * numbers(*code.shape)).sum().backward()
    # Of a ragged series' last channel they hear where it ends, which has no gradient.
    assert (x.grad != 0).any(dim=0)[: space.shape[0]].all()


@EVERY
def test_context_is_heard(text, space):
    c, x = numbers(5, 3), rows(5, space)
    encoder, decoder = (network.eval() for network in built(text, space, context=3))
    code = encoder(x, c)
    assert not torch.equal(encoder(x, -c), code)
    assert not torch.equal(decoder(code, -c), decoder(code, c))


@EVERY
def test_once_trained_a_row_stands_alone(text, space):
    encoder, decoder = built(text, space)
    x = rows(8, space)
    decoder(encoder(x))  # what normalisation learns, it learns here
    encoder.eval(), decoder.eval()
    both = decoder(encoder(x))
    for row in range(8):
        torch.testing.assert_close(decoder(encoder(x[row : row + 1])), both[row : row + 1])


@EVERY
def test_no_two_networks_share_weights(text, space):
    backbone = made(text)
    first, second = backbone.encoder(space, 4), backbone.encoder(space, 4)
    shared = {id(each) for each in first.parameters()} & {id(each) for each in second.parameters()}
    assert shared == set()
    assert list(backbone.parameters()) == []


ALONE = [
    ("Dense((8,), normalisation='batch')", Vector(6)),
    ("Conv((8,), normalisation='batch')", Image(1, 7, 5)),
    ("Conv((8,), normalisation='batch', grid=True)", Series(2, 12)),
]


@pytest.mark.parametrize(("text", "space"), ALONE, ids=str)
def test_one_row_can_not_be_normalised_over_the_batch(text, space):
    encoder, decoder = built(text, space)
    code = encoder.eval()(rows(1, space))
    for network, x in ((encoder, rows(1, space)), (decoder, code.detach())):
        with pytest.raises(CompositionError, match=r"at least 2 rows in a batch; got 1: use batch"):
            network.train()(x)
        assert network.eval()(x).isfinite().all()
