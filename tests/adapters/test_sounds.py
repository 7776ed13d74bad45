"""Sounds: files and arrays, rates, spectra that are inverted, and what is refused."""

import sys
import wave as wavefiles
from pathlib import Path

import numpy as np
import pytest
import soundfile

import isthmus
from isthmus import LSTM, VAE, Autoencoder, Bernoulli, Sounds
from isthmus.adapters import adapter_for
from isthmus.errors import CompositionError, DataError, MissingExtraError, SupportError

RATE = 8000
SMALL = {"latent_dim": 3, "epochs": 2, "random_state": 0, "verbose": False}


def tone(pitch, samples=1000, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(samples) / rate)


TONES = [tone(pitch, 800 + 10 * place) for place, pitch in enumerate(range(200, 1400, 100))]


@pytest.fixture
def folder(tmp_path):
    for place, each in enumerate(TONES):
        ending = "flac" if place % 3 == 0 else "wav"
        inner = tmp_path / ("low" if place < 6 else "high")
        inner.mkdir(exist_ok=True)
        soundfile.write(inner / f"{place:02}.{ending}", each, RATE)
    return tmp_path


def loudest_pitch(wave, rate=RATE):
    return np.argmax(np.abs(np.fft.rfft(wave, rate)))


@pytest.mark.parametrize("representation", ["spectrogram", "waveform"])
def test_a_folder_is_read_and_comes_back_as_arrays(representation, folder):
    adapter = Sounds(frame=64, representation=representation).fit(folder)
    assert adapter.rate_ == RATE
    back = adapter.inverse_transform(adapter.transform(folder).x, like=folder)
    given = sorted(folder.rglob("*.*"))
    for path, again in zip(given, back, strict=True):
        wave, _ = soundfile.read(path)
        assert again.dtype == np.float32
        np.testing.assert_allclose(again, wave, atol=1e-3)
    files = adapter.inverse_transform(adapter.transform(given).x, like=given)
    np.testing.assert_array_equal(files[0], back[0])


def test_folders_and_paths_of_sounds_are_known_for_such(folder):
    for X in (folder, str(folder), sorted(folder.rglob("*.*"))):
        assert isinstance(adapter_for(X), Sounds)
    assert not isinstance(adapter_for([str(each) for each in folder.rglob("*.*")]), Sounds)


def test_rates_are_brought_to_one(tmp_path):
    for place, rate in enumerate([8000, 8000, 16000, 11025]):
        soundfile.write(tmp_path / f"{place}.wav", tone(400, rate, rate), rate)  # a second each
    adapter = Sounds().fit(tmp_path)
    assert adapter.rate_ == 8000
    assert {len(each) for each in adapter.rows(tmp_path)} == {8000}
    assert {int(loudest_pitch(each)) for each in adapter.rows(tmp_path)} == {400}
    assert len(Sounds(rate=4000).fit(tmp_path).rows(tmp_path)[0]) == 4000


def test_channels_are_mixed_down(tmp_path):
    both = np.stack([tone(300), tone(500)], axis=1)
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", both, RATE, subtype="FLOAT")
    rows = Sounds().fit(tmp_path).rows(tmp_path)
    np.testing.assert_allclose(rows[0], both.mean(1), atol=1e-6)
    np.testing.assert_allclose(Sounds().fit([both, both]).rows([both])[0], both.mean(1))


def test_without_phases_what_is_found_sounds_the_same():
    adapter = Sounds(frame=128).fit(TONES)
    back = adapter.inverse_transform(adapter.transform(TONES).x)
    again = adapter.inverse_transform(adapter.transform(TONES).x)
    for wave, found, same in zip(TONES, back, again, strict=True):
        assert abs(int(loudest_pitch(found[: len(wave)])) - int(loudest_pitch(wave))) < 30
        assert found[100:700].std() == pytest.approx(wave[100:700].std(), rel=0.2)
        np.testing.assert_array_equal(found, same)


def test_the_shortest_sounds_will_do():
    short = [np.array([0.5]), np.array([0.1, -0.2]), tone(300, 30)]
    adapter = Sounds(frame=64).fit(short)
    back = adapter.inverse_transform(adapter.transform(short).x, like=short)
    for each, again in zip(short, back, strict=True):
        np.testing.assert_allclose(again, each, atol=1e-3)


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    adapter = Sounds(frame=64).fit(TONES)
    adapter.inverse_transform(adapter.transform(TONES[:2]).x)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_silence_stays_silent():
    quiet = [np.zeros(500), np.zeros(400)]
    adapter = Sounds(frame=64).fit(quiet)
    for like in (quiet, None):
        for each in adapter.inverse_transform(adapter.transform(quiet).x, like=like):
            assert np.abs(each).max() < 1e-6
    mixed = Sounds(frame=64).fit([*TONES, *quiet])
    again = mixed.inverse_transform(mixed.transform(quiet).x, like=quiet)
    assert np.abs(again[0]).max() < 1e-6


def test_bytes_and_whole_numbers_come_back_as_such():
    whole = [np.rint(each * 20000).astype(np.int16) for each in TONES]
    adapter = Sounds(frame=64).fit(whole)
    back = adapter.inverse_transform(adapter.transform(whole).x, like=whole)
    assert back[0].dtype == np.int16
    assert np.abs(back[0].astype(int) - whole[0]).max() <= 1


@pytest.mark.parametrize("backbone", [None, LSTM(8)], ids=repr)
def test_a_folder_is_all_it_takes(backbone, folder, tmp_path):
    model = VAE(**SMALL, backbone=backbone).fit(folder)
    assert model.transform(folder).shape == (len(TONES), 3)
    back, fresh = model.reconstruct(folder), model.sample(2)
    assert sorted(map(len, back)) == sorted(map(len, TONES))
    assert all(np.isfinite(each).all() for each in [*back, *fresh])
    model.save(tmp_path / "model")
    again = isthmus.load(tmp_path / "model")
    np.testing.assert_array_equal(again.reconstruct(folder)[0], back[0])
    np.testing.assert_array_equal(again.sample(2)[1], fresh[1])
    one = next(folder.rglob("*.wav"))
    assert len(model.sample(1, near=one)) == len(model.interpolate(one, str(one), steps=2)) - 1


def test_arrays_of_one_length_come_back_as_an_array():
    X = np.stack([tone(pitch) for pitch in (200, 300, 500)])
    adapter = Sounds(rate=RATE, frame=64).fit(X)
    assert adapter.rate_ == RATE
    model = Autoencoder(**SMALL, adapter=Sounds(frame=64, representation="waveform")).fit(X)
    assert model.reconstruct(X).shape == X.shape
    assert model.sample(1, near=X[0]).shape == (1, 1024)


def test_what_is_no_sound_is_refused(tmp_path):
    broken, empty = tmp_path / "broken.wav", tmp_path / "empty.wav"
    broken.write_bytes(b"RIFF and nothing else")
    with wavefiles.open(str(empty), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
    for X, words in [
        ([broken, broken], "broken.wav can't be read as a sound"),
        ([empty, empty], "empty.wav is empty"),
        (Path("nowhere.wav"), "nowhere.wav is not there"),
        ([], "0 sounds"),
        (TONES[0], r"A ndarray of shape \(800,\) .* into brackets"),
        ([np.zeros((2, 900))] * 2, r"900 channels; expected \(samples"),
        ([np.full(900, np.nan)] * 2, "holds NaN"),
        ([np.full(900, np.inf)] * 2, "infinity"),
        ([np.zeros((9, 9, 9))] * 2, "Sound 0 has the shape"),
        (TONES[:1], "1 sample was given"),
    ]:
        with pytest.raises(DataError, match=words):
            Sounds().fit(X)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no sound"):
        Sounds().fit(tmp_path / "none")
    with pytest.raises(DataError, match=r"of 5,000 samples was given; .* fitted to 9\d\d"):
        Sounds().fit(TONES).transform([np.zeros(5000)])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"frame": 30}, r"frame=30 .*frame=32"),
        ({"frame": 2}, "frame=2"),
        ({"rate": 0}, "rate=0"),
        ({"representation": "mel"}, "'mel' was given"),
    ],
)
def test_parameters_are_checked(given, words):
    with pytest.raises(CompositionError, match=words):
        Sounds(**given).fit(TONES)


def test_sounds_are_real_numbers():
    with pytest.raises(SupportError, match="real numbers"):
        Autoencoder(**SMALL, adapter=Sounds(), likelihood=Bernoulli()).fit(TONES)


def test_without_the_package_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingExtraError, match=r"isthmus\[sound\]"):
        Sounds().fit(folder)
