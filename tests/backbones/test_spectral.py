"""The spectral mask: what passes, and what the transform undoes."""

import pytest
import torch

from isthmus import SpectralMask
from isthmus.backbones.spectral import Masked
from isthmus.space import Series


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("ragged", [False, True])
def test_what_all_passes_comes_back_as_it_was(channels, ragged):
    space = Series(channels, 9, ragged=ragged)
    entering = Series(channels + ragged, 9, ragged=ragged)
    encoder = SpectralMask((4,)).encoder(entering, out=channels)
    assert isinstance(encoder, Masked)
    decoder = SpectralMask((4,)).decoder(channels, torch.Size(space.shape), space)
    with torch.no_grad():
        for layer in (encoder.mask, encoder.code, decoder.map):
            layer.bias.zero_()
        encoder.mask.weight.zero_()
        encoder.mask.bias.fill_(50.0)
        x = torch.randn(3, *entering.shape, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(decoder(encoder(x)), x[:, :channels], atol=1e-5, rtol=0)
        encoder.mask.bias.fill_(-50.0)
        assert decoder(encoder(x)).abs().max() < 1e-6


def test_white_noise_is_as_loud_at_each_pitch():
    encoder = SpectralMask((4,)).encoder(Series(8, 4000), out=8)
    noise = torch.randn(1, 8, 4000, generator=torch.Generator().manual_seed(0))
    spectra = torch.nn.functional.conv1d(noise, encoder.analysis)
    power = spectra.square().mean((0, 2)).reshape(2, -1).sum(0)
    torch.testing.assert_close(power, torch.ones(17), atol=0.1, rtol=0)
