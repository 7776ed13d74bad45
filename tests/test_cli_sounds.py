"""Folders of sounds, on the command line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from isthmus import Autoencoder, Denoiser, DenoisingAutoencoder, Dense, Sounds, SpectralMask, load
from shell import isthmus

RATE = 8000
RNG = np.random.default_rng(0)
TINY = "DenoisingAutoencoder(latent_dim=64, epochs=1, backbone=SpectralMask((4,)), verbose=False)"


def folder(place: Path, noise: float = 0.0, depth: str = "PCM_16") -> Path:
    for at in range(8):
        wave = 0.4 * np.sin(np.arange(500 + 10 * at) * (at + 2) / 20)
        file = place / f"part{at % 2}" / f"{at}.{'flac' if at == 3 else 'wav'}"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, wave + noise * RNG.normal(size=len(wave)), RATE, subtype=depth)
    return place


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("room")
    clean = folder(room / "clean")
    folder(room / "noisy", 0.05, "PCM_24")
    tiny: dict[str, Any] = {"latent_dim": 2, "epochs": 1, "verbose": False, "random_state": 0}
    adapter = Sounds(frame=64, representation="waveform")
    model = DenoisingAutoencoder(**tiny | {"latent_dim": 64}, backbone=SpectralMask((4,)))
    Denoiser(model, adapter=adapter).fit(clean).save(room / "denoiser")
    Autoencoder(**tiny, backbone=Dense((8,)), adapter=adapter).fit(clean).save(room / "model")
    (room / "empty").mkdir()
    for name, rate in (("mixed", 16_000), ("fast", 16_000)):
        (room / name).mkdir()
        soundfile.write(room / name / "b.wav", np.zeros(600), rate)
    soundfile.write(room / "mixed" / "a.wav", np.zeros(600), RATE)
    (room / "broken").mkdir()
    whole = (room / "clean" / "part1" / "3.flac").read_bytes()
    (room / "broken" / "a.flac").write_bytes(whole[: len(whole) // 2])
    return room


def check_like(made: Path, given: Path) -> None:
    """The same names, rates, lengths and depths, as WAV files."""
    sounds = sorted(each for each in given.rglob("*.*"))
    assert [each.relative_to(given).with_suffix(".wav") for each in sounds] == sorted(
        each.relative_to(made) for each in made.rglob("*.*")
    )
    for each in sounds:
        there = soundfile.info(each)
        here = soundfile.info(made / each.relative_to(given).with_suffix(".wav"))
        assert (here.samplerate, here.frames) == (there.samplerate, there.frames)
        assert here.subtype == there.subtype


def test_noise_is_taken_off_by_what_was_kept(out: Path) -> None:
    told = json.loads(isthmus("denoise", "noisy", out / "a", "-m", "denoiser", "--json").stdout)
    assert (told["rows"], told["rate"]) == (8, RATE)
    check_like(out / "a", Path("noisy"))
    expected = load("denoiser").transform([Path("noisy/part0/0.wav")])[0]
    made, _ = soundfile.read(out / "a" / "part0" / "0.wav")
    np.testing.assert_allclose(made, expected, atol=1e-6)
    isthmus("denoise", "noisy/part0/0.wav", out / "b", "-m", "denoiser")
    assert [each.name for each in (out / "b").iterdir()] == ["0.wav"]


def test_learning_from_clean_sounds_or_from_known_noise(out: Path) -> None:
    options = ("--network", TINY, "--save", out / "d")
    isthmus("denoise", "noisy", out / "a", "--clean", "clean", *options)
    assert isinstance(load(out / "d"), Denoiser)
    isthmus("denoise", "noisy", out / "b", "--noise", 0.05, "--network", TINY)
    for name in ("a", "b"):
        check_like(out / name, Path("noisy"))


def test_fit_and_what_a_model_makes(out: Path) -> None:
    settings = ("--epochs", 1, "--latent-dim", 2, "--backbone", "Dense((4,))", "--quiet")
    isthmus("fit", "clean", "-o", out / "m", "--family", "autoencoder", *settings)
    assert (out / "m" / "report.html").exists()
    told = json.loads(isthmus("encode", "clean", "-m", "model", "--json").stdout)
    assert np.shape(told["values"]) == (8, 2)
    isthmus("reconstruct", "clean", "-m", "model", "-o", out / "again")
    again = [len(soundfile.read(each)[0]) for each in sorted((out / "again").rglob("*.wav"))]
    assert again == [500, 520, 540, 560, 510, 530, 550, 570]
    isthmus("sample", 2, "-m", "model", "--near", 0, "clean", "-o", out / "new")
    assert soundfile.info(out / "new" / "1.wav").samplerate == RATE
    scores = json.loads(isthmus("score", "clean", "-m", "model", "--json").stdout)
    assert scores["strangest"][0]["row"].startswith("part")


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("denoise empty {out}/x --noise 0.1", 1, "holds no picture and no sound"),
        ("denoise mixed {out}/x --noise 0.1", 1, "holds sounds of 2 rates"),
        ("fit mixed -o {out}/x", 1, "holds sounds of 2 rates"),
        ("denoise broken {out}/x --clean clean", 1, "broken/a.flac can't be read as a sound"),
        ("denoise fast {out}/x -m denoiser", 1, "16,000 samples a second"),
        ("denoise fast {out}/x --clean clean", 1, "16,000 samples a second"),
        ("denoise clean {out}/x.wav -m denoiser", 2, "name a folder, for WAV files"),
        ("denoise clean noisy -m denoiser", 2, "not an empty folder"),
        ("denoise clean {out}/x -m denoiser --series", 2, "holds sounds, not series"),
        ("inpaint clean {out}/x", 1, "holds sounds; expected pictures or series"),
        ("sample 2 -m model", 2, "name a folder, with -o"),
        ("encode empty -m model", 1, "holds no picture and no sound"),
    ],
)
def test_what_will_not_do_is_told_and_nothing_written(
    out: Path, command: str, code: int, said: str
) -> None:
    shown = isthmus(*command.format(out=out).split(), code=code)
    assert said in " ".join(shown.output.replace("│", " ").split())
    assert list(out.iterdir()) == []
