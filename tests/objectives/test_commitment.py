"""Commitment: how far the encoder is from its entries, in spreads of the codebook."""

import pytest
import torch

from isthmus import NLL, Batch, Codec, Commitment, Dense, Normal, Point, Quantised
from isthmus.errors import CompositionError
from isthmus.space import Vector


def codec_with(latent):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec = Codec(Vector(5), latent, Normal(), Dense((6,)))
        codec(Batch(torch.randn(64, 5)))
    return codec.eval()


def value(codec):
    x = torch.randn(16, 5, generator=torch.Generator().manual_seed(1))
    (objective,) = (1 * Commitment()).on(codec)(codec, codec(Batch(x))).terms.values()
    return objective


def test_it_is_half_the_distance_in_variances():
    codec = codec_with(Quantised(4, codes=8, groups=2))
    x = torch.randn(16, 5, generator=torch.Generator().manual_seed(1))
    gap = codec.encoder(x) - codec(Batch(x)).z
    share = codec.latent.counts / codec.latent.counts.sum(1, keepdim=True)
    for_each = []
    for group in range(2):
        entries, p = codec.latent.entries[group], share[group][:, None]
        variance = (p * (entries - (p * entries).sum(0)).square()).sum() / 2
        for_each.append(gap[:, 2 * group : 2 * group + 2].square().sum(1) / variance / 2)
    torch.testing.assert_close(value(codec), sum(for_each))


def test_the_scale_of_the_code_changes_nothing():
    codec = codec_with(Quantised(4, codes=8))
    before = value(codec)
    with torch.no_grad():
        codec.encoder.layers[-1].weight.mul_(10)
        codec.encoder.layers[-1].bias.mul_(10)
    codec.latent.entries.mul_(10)
    torch.testing.assert_close(value(codec), before)
    assert before.min() > 0


def test_a_single_entry_is_no_division_by_nothing():
    assert value(codec_with(Quantised(4, codes=1))).isfinite().all()


def test_a_code_without_entries_is_refused():
    codec = codec_with(Point(2))
    with pytest.raises(CompositionError, match=r"Commitment\(\) needs .*Point\(2\)"):
        (NLL() + Commitment()).on(codec)
