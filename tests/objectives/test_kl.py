"""Free bits and cycles: how a KL term is kept from telling codes to say nothing."""

import pytest
import torch

from isthmus import KL, Batch, Codec, Dense, Gaussian, Normal, Vector


def codec_and_rows():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec = Codec(Vector(5), Gaussian(4), Normal(), Dense(()))
        with torch.no_grad():  # two codes tell much, and two next to nothing
            scale = torch.tensor([[3.0], [1.0], [0.01], [0.01]]).repeat(2, 1)
            codec.encoder.layers[0].weight *= scale
            codec.encoder.layers[0].bias *= scale[:, 0]
        return codec, Batch(torch.randn(50, 5))


def test_free_bits_are_so_much_for_each_code_on_average():
    codec, batch = codec_and_rows()
    trace = codec(batch)
    each = torch.distributions.kl_divergence(trace.q, codec.latent.prior).mean(0)
    assert (each[:2] > 0.1).all()
    assert (each[2:] < 0.1).all()
    found = KL(0.1)(codec, trace)
    assert found.shape == (50,)
    assert found.mean().item() == pytest.approx(each.clamp(min=0.1).sum().item(), rel=1e-5)
    assert KL(0.0)(codec, trace).mean().item() == pytest.approx(each.sum().item(), rel=1e-5)


def test_within_them_nothing_pulls():
    codec, batch = codec_and_rows()
    KL(0.1)(codec, codec(batch)).mean().backward()
    moved = codec.encoder.layers[0].weight.grad.unflatten(0, (2, 4)) != 0
    assert moved[:, :2].all()
    assert not moved[:, 2:].any()


def test_a_row_that_is_scored_stands_alone():
    codec, batch = codec_and_rows()
    whole = KL(0.3)(codec, codec(batch, draw=False))
    one = KL(0.3)(codec, codec(batch[:1], draw=False))
    torch.testing.assert_close(whole[:1], one)
