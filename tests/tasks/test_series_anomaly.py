"""SeriesDetector: scores by step, shares by channel, streams, thresholds, what is refused."""

from collections.abc import Callable
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf
from sklearn.exceptions import NotFittedError
from sklearn.metrics import average_precision_score

import isthmus
from isthmus import LSTM, VAE, Autoencoder, Conv, Dense, SeriesDetector
from isthmus.errors import CompositionError, DataError, ModelFileError

TINY: dict[str, Any] = {"latent_dim": 3, "epochs": 3, "verbose": False}
SMALL = Autoencoder(**TINY, backbone=Dense((32,)), learning_rate=3e-3)

LEARNED = Autoencoder(latent_dim=6, backbone=Dense((64,)), epochs=60, learning_rate=3e-3)


def waves(steps: int = 600, seed: int = 0) -> np.ndarray:
    """Two waves of their own lengths and units, with noise."""
    noise = 0.05 * np.random.default_rng(seed).normal(size=(steps, 2))
    return (np.sin(np.arange(steps)[:, None] / [3, 7]) + noise) * [1, 100] + [0, 500]


def broken() -> np.ndarray:
    x = waves(seed=1)
    x[300:320, 1] = 500.0
    return x


@pytest.fixture(scope="module")
def fitted() -> SeriesDetector:
    """Look, don't touch."""
    return SeriesDetector(LEARNED, window=24, random_state=0).fit(waves())


def test_a_stretch_that_is_unlike_the_others_is_found(fitted: SeriesDetector) -> None:
    scores = fitted.score_steps(broken())
    assert scores.shape == (600,)
    assert (scores < 0).all()
    assert 298 <= scores.argmin() < 322
    assert (fitted.predict(broken())[303:317] == -1).mean() > 0.7
    assert (fitted.predict(waves(seed=2)) == -1).mean() < 0.1


def test_the_meanings_are_those_of_scikit_learn(fitted: SeriesDetector) -> None:
    x = broken()
    scores = fitted.score_samples(x)
    np.testing.assert_array_equal(scores, fitted.score_steps(x))
    np.testing.assert_array_equal(fitted.decision_function(x), scores - fitted.offset_)
    np.testing.assert_array_equal(fitted.predict(x), np.where(scores < fitted.offset_, -1, 1))
    detector = SeriesDetector(SMALL, window=24, random_state=0)
    np.testing.assert_array_equal(detector.fit_predict(x), detector.fit(x).predict(x))


def test_the_shares_of_channels_add_up_and_point_to_the_one(fitted: SeriesDetector) -> None:
    x = broken()
    told = fitted.explain(x)
    np.testing.assert_allclose(-told.sum(1), fitted.score_steps(x))
    assert told[305:315].mean(0).argmax() == 1


def test_the_score_is_the_mean_over_the_windows_that_hold_a_step(fitted: SeriesDetector) -> None:
    x, size, stride = broken()[:60], fitted.window_, fitted.stride_
    pieces, places = isthmus.windows(x, size, stride), [*range(0, 60 - size + 1, stride)]
    places = places if places[-1] == 60 - size else [*places, 60 - size]
    found = fitted.model_.reconstruct(pieces.astype(np.float32))
    scale = fitted.model_.adapter_.scale_
    lost = 0.5 * ((found - pieces) / scale) ** 2
    lost = lost / 8 + 7 / 8 * lost.mean(1, keepdims=True)
    assert len(places) == len(pieces)
    both = pieces, isthmus.windows(waves(), size, stride)
    codes = [fitted.model_.transform(each.astype(np.float32)) for each in both]
    covariance, _ = ledoit_wolf(codes[1].astype(float))
    apart = codes[0] - codes[1].mean(0)
    far = np.einsum("ij,jk,ik->i", apart, np.linalg.inv(covariance), apart) / apart.shape[1]
    lost = np.concatenate([lost, np.broadcast_to(far[:, None, None], (*lost.shape[:2], 1))], axis=2)
    d = isthmus.overlap(lost, len(x), stride)
    np.testing.assert_allclose(
        fitted.score_steps(x), -np.log1p(d / fitted.usual_).sum(1), rtol=1e-3, atol=1e-3
    )


def test_what_was_learned_from_is_told_by_its_code() -> None:
    x = waves()
    x[300:340, 1] += 300  # seen often enough to be given back
    strange = (np.arange(len(x)) // 20 == 15) | (np.arange(len(x)) // 20 == 16)
    areas = [
        average_precision_score(
            strange,
            -SeriesDetector(LEARNED, window=24, clean=clean, random_state=0).fit(x).score_steps(x),
        )
        for clean in (True, False)
    ]
    assert areas[1] > areas[0] + 0.1


def test_smoothing_finds_stretches_and_none_finds_the_step() -> None:
    x = waves()
    x[300:312, 0] += 0.5
    x[450, 1] += 300
    sharp, smooth = (
        SeriesDetector(SMALL, window=24, smooth=share, random_state=0).fit(waves()).score_steps(x)
        for share in (0, 1)
    )
    assert sharp.argmin() == 450
    assert np.ptp(smooth[445:456]) < 0.1 * np.ptp(sharp[445:456])


def test_a_step_counts_for_itself_alone(fitted: SeriesDetector) -> None:
    x = broken()
    changed = x.copy()
    changed[:200] += 50
    near = fitted.score_steps(x)[300:] == fitted.score_steps(changed)[300:]
    assert near.all()  # further away than a window


def test_a_stream_is_scored_step_by_step(fitted: SeriesDetector) -> None:
    x = broken()
    found = np.array(list(fitted.score_stream(x)))
    assert np.isnan(found[:23]).all()
    assert np.isfinite(found[23:]).all()
    assert (found[301:320] < fitted.stream_offset_).mean() > 0.5
    assert (found[100:290] < fitted.stream_offset_).mean() < 0.1
    again = np.array(list(fitted.score_stream(x[:310])))
    np.testing.assert_array_equal(again, found[:310])  # what comes later changes nothing


def test_a_stream_may_have_no_end(fitted: SeriesDetector) -> None:
    endless = ([np.sin(t / 3), 500.0] for t in count())
    assert len(list(islice(fitted.score_stream(endless), 30))) == 30


@pytest.mark.parametrize(
    ("step", "words"),
    [(3.0, "Step 0 .*expected 2"), ([1, np.inf], "finite"), ("a", "is no number")],
)
def test_a_step_that_is_none_is_refused(fitted: SeriesDetector, step: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        next(fitted.score_stream([step]))


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_frames_are_explained_in_frames(library: Callable[..., Any]) -> None:
    x = library({"fast": waves()[:, 0], "slow": waves()[:, 1]})
    if isinstance(x, pd.DataFrame):
        x.index = pd.date_range("2026-01-01", periods=600, freq="h")
    detector = SeriesDetector(SMALL, window=24, random_state=0).fit(x)
    told = detector.explain(x)
    assert type(told) is type(x)
    assert list(told.columns) == list(detector.feature_names_in_) == ["fast", "slow"]
    if isinstance(x, pd.DataFrame):
        assert told.index.equals(x.index)
    assert detector.score_steps(x).shape == (600,)
    turned = x[["slow", "fast"]]
    with pytest.raises(DataError, match=r"\['slow', 'fast'\] was given; the others are \['fast'"):
        detector.score_steps(turned)
    with pytest.raises(DataError, match="order them so"):
        clone(detector).fit([x, turned])


def test_one_channel_needs_no_second_axis() -> None:
    x = waves()[:, 0]
    detector = SeriesDetector(SMALL, window=24, random_state=0).fit(x)
    for same in (x, x.tolist(), pd.Series(x), pl.Series(x), torch.tensor(x), x[:, None]):
        np.testing.assert_array_equal(detector.score_steps(same), detector.score_steps(x))
    assert len(list(detector.score_stream(x[:30]))) == 30


@pytest.mark.parametrize("steps", [5, 50, 64])
def test_a_short_series_alone_gives_several_windows(steps: int) -> None:
    detector = SeriesDetector(SMALL, random_state=0).fit(waves(steps))
    assert detector.window_ == steps // 2
    assert np.isfinite(detector.score_steps(waves(steps))).all()


def test_several_series_are_answered_by_one_each() -> None:
    series = [waves(100), waves(70, seed=1), waves(40, seed=2)]
    detector = SeriesDetector(SMALL, random_state=0).fit(series)
    assert detector.window_ == 40
    assert [len(each) for each in detector.score_steps(series)] == [100, 70, 40]
    assert [each.shape for each in detector.explain(series)] == [(100, 2), (70, 2), (40, 2)]
    assert [len(each) for each in detector.predict(series)] == [100, 70, 40]
    stacked = np.stack([each[:40] for each in series])
    assert len(detector.score_steps(stacked)) == 3


def test_what_is_not_known_adds_nothing() -> None:
    x = waves()
    x[::7, 0] = np.nan
    detector = SeriesDetector(SMALL, window=24, smooth=0, random_state=0).fit(x)
    assert (detector.explain(x)[::7, 0] == 0).all()
    assert np.isfinite(detector.score_steps(x)).all()
    whole = SeriesDetector(SMALL, window=24, random_state=0).fit(waves())
    assert np.isfinite(whole.score_steps(x)).all()


def test_a_channel_that_never_moved_tells_when_it_does() -> None:
    x = waves()
    x[:, 0] = 7.0
    detector = SeriesDetector(SMALL, window=24, random_state=0).fit(x)
    x[400, 0] = 9.0
    assert detector.score_steps(x).argmin() == 400


@pytest.mark.parametrize(
    "model",
    [
        VAE(**TINY, backbone=Dense((16,))),
        Autoencoder(**TINY, backbone=LSTM(8)),
        Autoencoder(**TINY, backbone=Conv((4,))),
    ],
    ids=["dense", "recurrent", "convolutional"],
)
def test_other_models_will_do(model: Any) -> None:
    detector = SeriesDetector(model, window=16, random_state=0).fit(waves(200))
    assert detector.score_steps(waves(50)).shape == (50,)
    assert not hasattr(model, "codec_")


def test_a_fitted_model_is_taken_as_it_is() -> None:
    pieces = isthmus.windows(waves(200), 16)
    model = Autoencoder(**TINY, backbone=LSTM(8), random_state=0).fit(pieces)
    detector = SeriesDetector(model, window=16).fit(waves(200))
    assert detector.model_ is model
    with pytest.raises(CompositionError, match=r"A model fitted to .* was given"):
        SeriesDetector(model, window=17).fit(waves(200))


def test_thresholds_are_as_asked() -> None:
    x = waves(2000)
    detector = SeriesDetector(SMALL, window=24, contamination=0.05, random_state=0).fit(x)
    assert (detector.predict(x) == -1).mean() == pytest.approx(0.05, abs=0.002)
    few = SeriesDetector(SMALL, window=24, false_alarms=0.02, random_state=0).fit(x)
    assert (few.predict(waves(4000, seed=5)) == -1).mean() < 0.05
    streamed = np.array(list(few.score_stream(waves(1000, seed=6))))
    assert (streamed < few.stream_offset_).mean() < 0.06


def test_equal_seeds_give_equal_scores_and_files_keep_them(
    fitted: SeriesDetector, tmp_path: Path
) -> None:
    twice = [SeriesDetector(SMALL, window=24, random_state=0).fit(waves()) for _ in range(2)]
    np.testing.assert_array_equal(*(each.score_steps(broken()) for each in twice))
    fitted.save(tmp_path / "detector")
    loaded = isthmus.load(tmp_path / "detector")
    np.testing.assert_array_equal(loaded.predict(broken()), fitted.predict(broken()))
    np.testing.assert_array_equal(loaded.explain(broken()), fitted.explain(broken()))
    streams = [list(each.score_stream(broken()[:40])) for each in (loaded, fitted)]
    np.testing.assert_array_equal(*streams)
    assert vars(loaded).keys() >= {"offset_", "stream_offset_", "window_", "n_features_in_"}
    (tmp_path / "detector" / "task.json").write_text("{}")
    with pytest.raises(ModelFileError):
        isthmus.load(tmp_path / "detector")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"window": 1}, "window=1"),
        ({"stride": 0}, "stride=0"),
        ({"smooth": 2}, "smooth=2"),
        ({"contamination": 0.9}, "contamination=0.9"),
        ({"contamination": 0.1, "false_alarms": 0.1}, "both given"),
    ],
)
def test_parameters_are_checked(given: dict[str, Any], words: str) -> None:
    with pytest.raises(CompositionError, match=words):
        SeriesDetector(**given).fit(waves())


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((3, 2, 2, 2)), "has the shape"),
        (np.empty((0, 2)), "is empty"),
        (["a", "b"], "dtype"),
        (pd.DataFrame({"a": ["x", "y"]}), "don't hold numbers"),
        (np.array([1.0, np.inf, 2.0]), "infinity"),
        ([waves(50), waves(50)[:, :1]], "Series 1 has 1 channels; the first has 2"),
        (np.ones(1), "A series of 1 steps"),
    ],
)
def test_what_is_no_series_is_refused(x: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        SeriesDetector(SMALL).fit(x)


def test_what_does_not_fit_is_refused(fitted: SeriesDetector) -> None:
    with pytest.raises(DataError, match="A series of 23 steps was given; expected 24"):
        fitted.score_steps(waves(23))
    with pytest.raises(DataError, match="has 1 channels; the detector was fitted to 2"):
        fitted.score_steps(waves()[:, 0])
    with pytest.raises(DataError, match="A series of 30 steps was given to learn from"):
        SeriesDetector(SMALL, window=64).fit([waves(), waves(30)])
    with pytest.raises(DataError, match="in windows of 24; expected 25 at least"):
        SeriesDetector(SMALL, window=24).fit(waves(24))
    with pytest.raises(DataError, match="fewer than a window"):
        SeriesDetector(SMALL, window=64, false_alarms=0.1).fit(waves(200))
    with pytest.raises(NotFittedError):
        SeriesDetector().score_steps(waves())
    with pytest.raises(NotFittedError):
        next(SeriesDetector().score_stream(waves()))
