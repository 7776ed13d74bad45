"""The denoiser: noise taken off, by clean rows or by noisy ones alone."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

import isthmus
from isthmus import (
    VAE,
    Autoencoder,
    Composed,
    Denoiser,
    DenoisingAutoencoder,
    Dense,
    Noise,
    SaltPepper,
    Sequences,
    UNet,
)
from isthmus.errors import CompositionError, DataError
from isthmus.tasks.quality import psnr, snr

CLEAN = load_digits().images / 16
RNG = np.random.default_rng(0)
NOISY = CLEAN + RNG.normal(0, 0.3, CLEAN.shape)
SMALL = {"latent_dim": 4, "backbone": UNet((8, 16)), "epochs": 5, "batch_size": 32}
SMALL |= {"learning_rate": 5e-3, "validation_fraction": 0.0, "verbose": False}


@pytest.fixture(scope="module")
def denoiser():
    return Denoiser(DenoisingAutoencoder(**SMALL), random_state=0).fit(CLEAN[:1000])


def test_noise_goes(denoiser):
    made = denoiser.transform(NOISY[1000:])
    before = psnr(CLEAN[1000:], NOISY[1000:]).mean()
    assert made.shape == CLEAN[1000:].shape
    assert made.min() >= 0
    assert made.max() <= 1
    assert denoiser.score(NOISY[1000:], CLEAN[1000:]) == pytest.approx(
        psnr(CLEAN[1000:], made).mean()
    )
    assert denoiser.score(NOISY[1000:], CLEAN[1000:]) > before + 2.5
    assert denoiser.model_.codec_.corruption.scale == (0.0, 0.5)


def test_noisy_rows_alone_are_enough():
    """Nearly as good as with clean rows; to reconstruct noisy ones is no use."""
    made = Denoiser(Autoencoder(**SMALL), noise=0.3, random_state=0).fit(NOISY[:600])
    blind = Autoencoder(**SMALL, random_state=0).fit(NOISY[:1000]).reconstruct(NOISY[1000:])
    before = psnr(CLEAN[1000:], NOISY[1000:]).mean()
    assert repr(made.model_.objective_).startswith("SURE(")
    assert psnr(CLEAN[1000:], blind).mean() < before + 2
    assert made.score(NOISY[1000:], CLEAN[1000:]) > before + 2.5


def test_the_estimate_is_of_the_error_that_is_not_seen():
    """On average over the noise, SURE is half the squared distance to the clean rows."""
    clean = torch.rand(1, 1, 8, 8).repeat(4000, 1, 1, 1)
    model = Composed(latent=isthmus.Point(3), objective=isthmus.SURE(0.3), backbone=Dense((16,)))
    codec, objective = model.compose(isthmus.Image(1, 8, 8, support="unit"))
    noisy = clean + 0.3 * torch.randn_like(clean)
    with torch.no_grad():
        trace = codec(isthmus.Batch(noisy))
        found = objective(codec, trace).total
        truth = (trace.p.mean - clean).square().flatten(1).sum(1).mean() / 2
    assert found.item() == pytest.approx(truth.item(), rel=0.05)


def test_bytes_stay_bytes(denoiser):
    clean = (CLEAN[:200] * 255).astype(np.uint8)
    made = Denoiser(clone(denoiser.model), random_state=0).fit(clean)
    assert made.transform(clean).dtype == np.uint8
    salted = Denoiser(DenoisingAutoencoder(**SMALL), SaltPepper(0.2), random_state=0).fit(clean)
    assert salted.model_.codec_.corruption.rate == (0.2, 0.2)


def test_series_and_rows():
    steps = np.linspace(0, 6, 40)
    waves = np.sin(steps + RNG.uniform(0, 6, (200, 1)))[..., None] * [1.0, 10.0]
    noisy = waves + RNG.normal(0, 0.5, waves.shape) * [1.0, 10.0]
    denoiser = Denoiser(DenoisingAutoencoder(**SMALL), adapter=Sequences(), random_state=0)
    made = denoiser.fit(waves).transform(noisy)
    assert made.shape == waves.shape
    assert snr(waves, made).mean() > snr(waves, noisy).mean() + 2
    listed = [each[: 20 + at] for at, each in enumerate(waves[:20])]
    back = Denoiser(DenoisingAutoencoder(**SMALL), random_state=0).fit(listed).transform(listed)
    assert [len(each) for each in back] == [len(each) for each in listed]
    rows = RNG.normal(size=(300, 1)) @ RNG.normal(size=(1, 6)) * [1, 10, 1, 1, 1, 1]
    dense = DenoisingAutoencoder(latent_dim=2, epochs=20, verbose=False)
    found = Denoiser(dense, Noise(0.5), random_state=0).fit(rows)
    spoilt = rows + 0.5 * rows.std(0) * RNG.normal(size=rows.shape)
    assert snr(rows, found.transform(spoilt)).mean() > snr(rows, spoilt).mean() + 1


def test_sounds():
    beat = np.sin(np.arange(640) * RNG.uniform(0.05, 0.2, (60, 1)))
    noisy = beat + RNG.normal(0, 0.5, beat.shape)
    wave = isthmus.Sounds(rate=8000, frame=32, representation="waveform")
    model = DenoisingAutoencoder(**SMALL | {"backbone": UNet((32,)), "latent_dim": 32})
    denoiser = Denoiser(model.set_params(epochs=20), adapter=wave, random_state=0).fit(beat)
    assert snr(beat, denoiser.transform(noisy)).mean() > snr(beat, noisy).mean() + 1
    with pytest.raises(CompositionError, match="doesn't in its spectra"):
        Denoiser(noise=0.5, adapter=isthmus.Sounds(rate=8000, frame=32)).fit(noisy)


def test_the_noise_is_told_in_units_of_the_data():
    rows = RNG.normal(size=(50, 2)) * [1, 10]
    plain = Autoencoder(latent_dim=2, epochs=1, verbose=False)
    made = Denoiser(plain, noise=0.5, random_state=0).fit(rows)
    expected = 0.5 / rows.std(0)
    assert made.model_.objective_.terms["SURE"].scales == pytest.approx(expected.tolist())


def test_kept(denoiser, tmp_path):
    denoiser.save(tmp_path / "d")
    again = isthmus.load(tmp_path / "d")
    assert isinstance(again, Denoiser)
    assert np.array_equal(again.transform(NOISY[:5]), denoiser.transform(NOISY[:5]))
    with pytest.raises(NotFittedError):
        Denoiser().transform(NOISY)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": isthmus.ConditionalVAE()}, "learns from rows alone"),
        ({"noise": -1.0}, "expected a number above 0"),
        ({"noise": 0.1, "corruption": Noise(0.1)}, "expected one of them"),
        ({"noise": 0.1, "model": VAE()}, "in whose place the estimate goes"),
    ],
)
def test_what_can_not_be_meant_is_told(arguments, said):
    with pytest.raises(CompositionError, match=said):
        Denoiser(**arguments).fit(CLEAN[:10])


def test_what_is_not_alike_is_told(denoiser):
    with pytest.raises(DataError, match=r"fitted to \(8, 8\)"):
        denoiser.transform(np.zeros((3, 9, 9)))
    with pytest.raises(DataError, match="as many of one as of the other"):
        denoiser.score(NOISY[:3], CLEAN[:2])
