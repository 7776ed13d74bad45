"""Sounds of any length, by a model of pieces of them."""

import numpy as np

from isthmus import Denoiser, DenoisingAutoencoder, Sounds, SpectralMask, snr

RNG = np.random.default_rng(0)


def tone(pitch: float, samples: int) -> np.ndarray:
    return np.sin(pitch * np.arange(samples)).astype(np.float32)


def noisy(wave: np.ndarray) -> np.ndarray:
    return (wave + RNG.normal(0, 0.3, len(wave))).astype(np.float32)


def test_longer_and_shorter_sounds_than_those_of_training():
    model = DenoisingAutoencoder(
        latent_dim=16, backbone=SpectralMask((16,)), epochs=25, batch_size=4, learning_rate=1e-2
    )
    adapter = Sounds(rate=8000, frame=16, representation="waveform")
    denoiser = Denoiser(model, adapter=adapter, random_state=0)
    denoiser.fit([tone(pitch, 3000) for pitch in (0.3, 0.5, 0.7)])
    assert denoiser.adapter_.longest < 3000  # learned in pieces
    clean = [tone(0.5, samples) for samples in (40, 1500, 3000, 7000)]
    given = [noisy(each) for each in clean]
    found = denoiser.transform(given)
    assert [each.shape for each in found] == [each.shape for each in clean]
    assert {each.dtype for each in found} == {np.dtype(np.float32)}
    gained = snr(clean, found) - snr(clean, given)
    assert gained[1:].min() > 5
    assert np.isclose(gained[2], gained[3], atol=2)  # no worse at the seams
    whole = (1000 * np.stack(given[3:])).astype(np.int16)
    assert denoiser.transform(whole).dtype == np.int16
