"""L1: against what it is by definition."""

import pytest
import torch
from torch.func import jacrev, vmap

from isthmus import L1, Batch, Codec, Dense, Normal, Point, Vector
from isthmus.backbones import Dictionary


def codec_of(backbone, latent="relu", context=0, features=7):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Codec(Vector(features), Point(4, latent), Normal(), backbone, context=context)


def rows(n=32, features=7):
    return torch.randn(n, features, generator=torch.Generator().manual_seed(0))


def exact(codec, z):
    """``sum_j |z_j| ||d raw / d z_j||`` of each row, by autograd's whole Jacobian."""
    jacobian = vmap(jacrev(lambda one: codec.raw(one[None])[0]))(z)
    return (z.abs() * jacobian.norm(dim=1)).sum(1)


@pytest.mark.parametrize("context", [0, 3])
@pytest.mark.parametrize("backbone", [Dense(()), Dictionary(), Dictionary(tied=True)], ids=repr)
def test_a_linear_decoder_gives_its_column_norms(backbone, context):
    codec = codec_of(backbone, context=context)
    given = torch.zeros(32, context) if context else None
    for draw in (True, False):
        trace = codec(Batch(rows(), context=given), draw=draw)
        torch.testing.assert_close(L1()(codec, trace), exact(codec, trace.z))


def test_one_random_projection_has_no_bias():
    codec = codec_of(Dense((16,), activation="tanh"))
    trace = codec(Batch(rows(4)))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = torch.stack([L1()(codec, trace).detach() for _ in range(4000)])
    expected = exact(codec, trace.z)
    assert ((found.mean(0) - expected).abs() <= 5 * found.std(0) / 4000**0.5).all()


def test_scores_repeat_and_are_near():
    codec = codec_of(Dense((16,), activation="tanh"), features=50)
    x = rows(200, 50)
    with torch.no_grad():
        trace = codec(Batch(x), draw=False)
        before = torch.get_rng_state()
        found = L1()(codec, trace)
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.equal(L1()(codec, codec(Batch(x[50:60]), draw=False)), found[50:60])
        assert not found.requires_grad
        assert (found.sum() / exact(codec, trace.z).sum()).item() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("backbone", [Dense(()), Dense((16,))], ids=repr)
def test_rescaling_between_encoder_and_decoder_changes_nothing(backbone):
    codec = codec_of(backbone)
    values, penalties = [], []
    for factor in (1.0, 3.0):
        with torch.no_grad():
            last = codec.encoder.layers[-1]
            for each in (last.weight, last.bias):
                each *= factor
            codec.decoder.layers[0].weight /= factor
        trace = codec(Batch(rows()), draw=False)
        values.append(trace.z)
        penalties.append(L1()(codec, trace))
    torch.testing.assert_close(values[1], 3 * values[0])
    torch.testing.assert_close(*penalties)


def test_the_second_run_of_the_decoder_is_the_one_once_trained():
    codec = codec_of(Dense((8,), normalisation="batch", dropout=0.5)).train()
    trace = codec(Batch(rows()))
    before = {name: each.clone() for name, each in codec.named_buffers()}
    assert before
    L1()(codec, trace).sum().backward()
    assert codec.training
    for name, each in codec.named_buffers():
        assert torch.equal(each, before[name])
