"""Denoising of sounds: spoken digits under white noise of three levels, beside filters.

    y = x + s eps,   eps ~ N(0, 1),   s = 0.1, 0.32, 1,   x of unit power: 20, 10 and 0 dB

python benchmarks/denoising_sounds.py [--epochs 100] [--seed 0]
"""

import argparse
import io
import time
import zipfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

import machine
import mnist
from isthmus import AnyOf, Denoiser, DenoisingAutoencoder, Noise, Sounds, SpectralMask
from isthmus.tasks.quality import psnr, snr
from results import record, table

SECTION = "Denoising: spoken digits at three noise levels"
LEVELS = {"20 dB": 0.1, "10 dB": 10**-0.5, "0 dB": 1.0}
HEADER = ("denoiser", *(f"SNR / PSNR at {name}, dB" for name in LEVELS), "seconds a recording")
RATE, TESTED, APART = 8000, 5, 2
NOISES = AnyOf([Noise((0.05, 0.2)), Noise((0.2, 0.5)), Noise((0.5, 1.0))])
CHOSEN_ON = 6  # every sixth test recording tells the filters' settings
NOTE = """Free Spoken Digit Dataset, 600 recordings of six speakers at 8,000 Hz. Each has its mean
taken off and is scaled to unit power, so that noise of standard deviation s is at -20 log10 s dB;
figures are means over the 300 recordings 0 to 4 of each digit and speaker, the official test part
(PSNR: beside the peak of each). `Denoiser` learns from the 300 recordings 5 to 9: a
`{backbone}`
of frames of 64 samples, under
`{corruption}`;
one network for all levels, which isn't told the level ({parameters:,} parameters, {epochs} passes,
{minutes:.1f} minutes). "New speakers": three such networks, each
from the training recordings of four speakers, asked about the other two. The filters are told the
level, and each has at each level the best of its settings, chosen by signal-to-noise ratio on
every sixth of these very test recordings: {settings}. Median: scipy; Wiener: scipy, told s^2;
wavelet shrinkage: scikit-image, of six wavelets, BayesShrink and VisuShrink (s, or a share of it),
soft and hard, 4, 6 or as many levels as there are.
Target, ahead at each level in SNR and PSNR: {verdict}.

`python benchmarks/run.py denoising-sounds`, on one thread beside other work. Measured on:
{machine}."""

OURS = "Isthmus `Denoiser`"
Waves = list[np.ndarray]
Filter = Callable[[np.ndarray], np.ndarray]
Method = Callable[[Waves], Waves]


class Recording(NamedTuple):
    speaker: str
    test: bool
    wave: np.ndarray


def recordings() -> list[Recording]:
    from scipy.io import wavfile

    found = []
    with zipfile.ZipFile(mnist.data_folder() / "fsdd" / "fsdd_600.zip") as archive:
        for name in sorted(each for each in archive.namelist() if each.endswith(".wav")):
            _, speaker, index = PurePosixPath(name).stem.split("_")
            _, wave = wavfile.read(io.BytesIO(archive.read(name)))
            wave = wave.astype(np.float32) - wave.mean(dtype=np.float32)
            found.append(Recording(speaker, int(index) < TESTED, wave / np.sqrt((wave**2).mean())))
    return found


def noisy(waves: Waves, s: float, seed: int) -> Waves:
    rng = np.random.default_rng([seed, round(1000 * s)])
    return [wave + np.float32(s) * rng.standard_normal(len(wave), np.float32) for wave in waves]


def figures(clean: Waves, found: Waves) -> tuple[float, float]:
    peaks = [np.abs(each).max() for each in clean]
    scaled = [[each / p for each, p in zip(them, peaks, strict=True)] for them in (clean, found)]
    return float(snr(clean, found).mean()), float(psnr(*scaled, peak=1.0).mean())


def filters(s: float) -> dict[str, dict[str, Filter]]:
    """What learns nothing, by its settings."""
    from scipy.ndimage import median_filter
    from scipy.signal import wiener
    from skimage.restoration import denoise_wavelet  # pyright: ignore[reportMissingImports]

    def shrunk(wavelet: str, method: str, mode: str, levels: int | None, share: float) -> Filter:
        return lambda y: denoise_wavelet(
            y, sigma=share * s, wavelet=wavelet, method=method, mode=mode, wavelet_levels=levels
        )

    wavelets = ("db4", "db8", "sym8", "coif5", "db38", "dmey")
    methods = [("BayesShrink", 1.0), *(("VisuShrink", share) for share in (0.3, 0.5, 0.7, 1.0))]
    return {
        "nothing": {"": lambda y: y},
        "median": {f"{w}": lambda y, w=w: median_filter(y, w) for w in (3, 5, 7, 9)},
        "Wiener": {f"{w}": lambda y, w=w: wiener(y, w, noise=s * s) for w in (3, 5, 7, 9, 15, 25)},
        "wavelet shrinkage": {
            f"{wavelet} {method} {share:g} {mode} {levels}": shrunk(
                wavelet, method, mode, levels, share
            )
            for wavelet, (method, share), mode, levels in product(
                wavelets, methods, ("soft", "hard"), (None, 4, 6)
            )
        },
    }


def chosen(ways: dict[str, Filter], clean: Waves, given: Waves) -> str:
    """The setting with the highest signal-to-noise ratio."""
    few, asked = clean[::CHOSEN_ON], given[::CHOSEN_ON]

    def ratio(setting: str) -> float:
        return float(snr(few, [ways[setting](y) for y in asked]).mean())

    return next(iter(ways)) if len(ways) == 1 else max(ways, key=ratio)


def denoiser(epochs: int, seed: int) -> Denoiser:
    model = DenoisingAutoencoder(
        latent_dim=64,
        backbone=SpectralMask((128, 128, 128)),
        epochs=epochs,
        batch_size=16,
        learning_rate=2e-3,
        validation_fraction=0,
        patience=None,
        verbose=False,
    )
    adapter = Sounds(rate=RATE, frame=64, representation="waveform")
    return Denoiser(model, NOISES, adapter=adapter, random_state=seed)


def by_strangers(every: Sequence[Recording], epochs: int, seed: int) -> Method:
    """Denoisers, each of which has never heard those speakers whose recordings it is given."""
    speakers = sorted({each.speaker for each in every})
    whose = [each.speaker for each in every if each.test]
    trained: list[tuple[Denoiser, list[int]]] = []
    for first in range(0, len(speakers), APART):
        apart = speakers[first : first + APART]
        heard = [each.wave for each in every if not each.test and each.speaker not in apart]
        places = [place for place, who in enumerate(whose) if who in apart]
        trained.append((denoiser(epochs, seed).fit(heard), places))

    def method(given: Waves) -> Waves:
        made = list(given)
        for each, places in trained:
            found = each.transform([given[place] for place in places])
            for place, wave in zip(places, found, strict=True):
                made[place] = wave
        return made

    return method


def measure(epochs: int, seed: int) -> None:
    every = recordings()
    clean = [each.wave for each in every if each.test]
    start = time.process_time()
    known = denoiser(epochs, seed).fit([each.wave for each in every if not each.test])
    minutes = (time.process_time() - start) / 60
    print(f"trained in {minutes:.1f} minutes", flush=True)
    ours = {OURS: known.transform, f"{OURS}, new speakers": by_strangers(every, epochs, seed)}
    scores: dict[str, list[tuple[float, float]]] = {}
    seconds: dict[str, float] = {}
    settings: dict[str, list[str]] = {}
    for level, s in LEVELS.items():
        given = noisy(clean, s, seed)
        methods: dict[str, Method] = {}
        for name, ways in filters(s).items():
            setting = chosen(ways, clean, given)
            settings.setdefault(name, []).append(setting)
            methods[name] = lambda Y, way=ways[setting]: [way(y) for y in Y]
        for name, method in (methods | ours).items():
            start = time.process_time()
            found = method(given)
            seconds[name] = (time.process_time() - start) / len(clean)
            scores.setdefault(name, []).append(figures(clean, found))
            print(level, name, scores[name][-1], flush=True)
    tell(scores, seconds, settings, known, minutes)


def tell(
    scores: dict[str, list[tuple[float, float]]],
    seconds: dict[str, float],
    settings: dict[str, list[str]],
    known: Denoiser,
    minutes: float,
) -> None:
    peers = [each for name, each in scores.items() if not name.startswith(OURS)]
    verdicts = {
        name: [
            level
            for at, level in enumerate(LEVELS)
            if not all(mine[at][k] > max(peer[at][k] for peer in peers) for k in (0, 1))
        ]
        for name, mine in scores.items()
        if name.startswith(OURS)
    }
    lines = [
        [name, *(f"{ratio:.2f} / {peak:.2f}" for ratio, peak in each), f"{seconds[name]:.4f}"]
        for name, each in scores.items()
    ]
    model = known.model_
    note = NOTE.format(
        backbone=model.backbone,
        corruption=NOISES,
        parameters=sum(each.numel() for each in model.codec_.parameters()),
        epochs=len(model.history_.rows),
        minutes=minutes,
        settings="; ".join(
            f"{name} {', '.join(each)}" for name, each in settings.items() if each[0]
        ),
        verdict="; ".join(
            f"{name}: " + ("missed at " + ", ".join(missed) if missed else "met")
            for name, missed in verdicts.items()
        ),
        machine=machine.describe(),
    )
    print(*table(HEADER, lines), "", note, sep="\n", flush=True)
    record(SECTION, [*table(HEADER, lines), "", note])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Denoising, of spoken digits.")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    measure(options.epochs, options.seed)


if __name__ == "__main__":
    main()
