"""Laws of adapters: from the user's data to a batch, and back to the user's own kind."""

import json
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from members import digits, looked_up, made, texts, wine
from sklearn.base import clone

from isthmus.adapters import Adapter
from isthmus.errors import DataError

WAVES = np.sin(np.arange(600).reshape(20, 10, 3) ** 1.1) * [1, 20, 0.1] + [0, 300, 0]
LENGTHS = 1 + np.arange(20) % 10
HOLED = np.where(np.abs(WAVES) < 0.05, np.nan, WAVES)
TONES = np.sin(np.arange(80) * np.arange(1, 10)[:, None] / 5)
WORDS = ["", *(f"{each} is {word} 🌊\n" for each, word in zip("abcdefghi", dir(str), strict=False))]


def cut(series):
    """Series of every length there is."""
    return [each[:length] for each, length in zip(series, LENGTHS, strict=True)]


def frame(values):
    """Numbers without fixed decimals, as a frame."""
    names = [f"column {place}" for place in range(values.shape[1])]
    return pd.DataFrame(values * np.pi, columns=names)


# What each member is tried on.
DATA = {
    "Vectors": {
        "floats": wine(),
        "single": wine().astype(np.float32),
        "whole": np.rint(wine()).astype(int),
        "bytes": np.rint(wine() % 200).astype(np.uint8),
        "yes or no": wine() > wine().mean(axis=0),
        "constant": np.column_stack([wine(), np.full(178, 7.5)]),
        "holes": wine(holes=True),
        "a column of holes": np.column_stack([wine(), np.full(178, np.nan)]),
    },
    "Images": {
        "floats": digits(),
        "within one": digits() / 16,
        "bytes": np.rint(digits() * 15).astype(np.uint8),
        "black and white": digits() > 8,
        "black and white bytes": (digits() > 8).astype(np.uint8) * 255,
        "colour": np.rint(np.stack([digits(), 16 - digits(), digits() / 2], axis=3)).astype("u1"),
        "constant": np.full((5, 4, 4), 3.5),
        "holes": np.where(digits() == 3, np.nan, digits()),
    },
    # Frames of numbers: what else tables hold is in tests/adapters/test_tables.py.
    "Tables": {
        "floats": frame(wine()),
        "single": frame(wine()).astype(np.float32),
        "holes": frame(wine(holes=True)),
        "heavy tails": frame(np.sinh(2 * (wine() - wine().mean(axis=0)) / wine().std(axis=0))),
    },
    # A series is many lines, which no law of rows fits: see tests/adapters/test_long_frames.py.
    "LongFrames": {},
    # What else sounds are is in tests/adapters/test_sounds.py.
    "Sounds": {
        "a list": [each[: 40 + 3 * place] for place, each in enumerate(TONES)],
        "an array": TONES,
        "whole": np.rint(TONES * 1000).astype(np.int16),
        "single": list(TONES.astype(np.float32)),
    },
    # What else texts are is in tests/adapters/test_texts.py.
    "Texts": {
        "a list": WORDS,
        "an array": np.array(WORDS, dtype=object),
        "a Series": pd.Series(WORDS, name="said"),
    },
    "Sequences": {
        "floats": WAVES,
        "single": WAVES.astype(np.float32),
        "whole": np.rint(WAVES).astype(int),
        "yes or no": WAVES > WAVES.mean(axis=(0, 1)),
        "constant": np.full((5, 4, 2), 7.5),
        "holes": HOLED,
        "one channel": WAVES[:, :, 1],
        "a list": list(WAVES),
        "of any length": cut(WAVES),
        "of any length, one channel": cut(WAVES[:, :, 1].astype(np.float32)),
        "of any length, with holes": cut(HOLED),
        "of any length, whole": cut(np.rint(WAVES).astype(int)),
    },
}
CASES = [
    pytest.param(text, kind, id=f"{text} {kind}")
    for text in texts(Adapter)
    for kind in looked_up(DATA, made(text), "DATA in test_adapters.py")
]
EVERY = pytest.mark.parametrize(("text", "kind"), CASES)


# The cells of these are no numbers of the user's: of letters, or of samples, several make one.
MADE_OF_SEVERAL = ("Sounds", "Texts")


def keeps_no_phases(adapter):
    """Whether without the sound that was given another wave comes back, which sounds the same."""
    return getattr(adapter, "representation", None) == "spectrogram"


def fitted_to(text, kind):
    X = deepcopy(DATA[type(made(text)).__name__][kind])
    return made(text).fit(X), X


def plain(X):
    """Frames as arrays, texts as numbers, and anything else as it is."""
    if len(X) and isinstance(next(iter(X)), str) and not isinstance(X, pd.DataFrame):
        return [np.array([float(ord(letter)) for letter in text]) for text in X]
    return X.to_numpy() if isinstance(X, pd.DataFrame) else X


def equal(a, b):
    """Whether two sets of data are the same, row by row."""
    pairs = zip(plain(a), plain(b), strict=True)
    return all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in pairs)


@EVERY
@pytest.mark.parametrize("like", [False, True], ids=["of its own", "like what was given"])
def test_what_went_in_comes_back(text, kind, like):
    adapter, X = fitted_to(text, kind)
    back = adapter.inverse_transform(adapter.transform(X).x, like=X if like else None)
    assert type(back) is type(X)
    for row, again in zip(plain(X), plain(back), strict=True):
        assert again.dtype == row.dtype
        assert again.shape == row.shape or (len(again) > len(row) and not like)
        if keeps_no_phases(adapter) and not like:
            continue
        known = ~np.isnan(row)
        np.testing.assert_allclose(again[: len(row)][known], row[known], rtol=1e-5, atol=1e-4)


@EVERY
def test_the_batch_is_as_the_space_says(text, kind):
    adapter, X = fitted_to(text, kind)
    batch, space = adapter.transform(X), adapter.space_
    ragged = getattr(space, "ragged", False)
    assert batch.x.shape == (len(X), *space.shape)
    assert batch.x.dtype == torch.float32
    assert batch.x.isfinite().all()
    rows = plain(X)
    assert ragged == (len({row.shape for row in rows}) > 1)
    holed = any(np.isnan(row).any() for row in rows)
    assert space.holes == (holed or space.support == "mixed")  # those may always come with some
    assert (batch.observed is not None) == (space.holes or ragged)
    if batch.observed is not None:
        assert batch.observed.shape == batch.x.shape
        if type(adapter).__name__ not in MADE_OF_SEVERAL:
            assert batch.observed.sum() == sum((~np.isnan(row)).sum() for row in rows)
        assert (batch.x[~batch.observed] == 0).all()
    if space.support in ("unit", "binary"):
        assert 0 <= batch.x.min() <= batch.x.max() <= 1
    if space.support == "binary":
        assert set(batch.x.unique().tolist()) <= {0.0, 1.0}


@EVERY
def test_a_slice_of_the_rows_is_a_slice_of_the_batch(text, kind):
    adapter, X = fitted_to(text, kind)
    rows = adapter.rows(X)
    assert len(rows) == len(X)
    assert torch.equal(adapter.batch(rows[2:5]).x, adapter.transform(X).x[2:5])


@EVERY
def test_what_was_learned_survives_json(text, kind):
    adapter, X = fitted_to(text, kind)
    again = clone(adapter)
    again.space_ = adapter.space_
    again.restore(json.loads(json.dumps(adapter.facts())))
    batch = adapter.transform(X)
    assert torch.equal(again.transform(X).x, batch.x)
    back = again.inverse_transform(batch.x)
    assert type(back) is type(X)
    assert plain(back)[0].dtype == plain(X)[0].dtype
    assert equal(back, adapter.inverse_transform(batch.x))
    assert vars(again).keys() == vars(adapter).keys()


@EVERY
def test_its_volume_is_how_far_x_moves_with_the_data(text, kind):
    adapter, _ = fitted_to(text, kind)
    space = adapter.space_
    if keeps_no_phases(adapter):
        pytest.skip("its densities are of loudness, not of the wave")
    if space.support == "categories":  # which have no density
        assert (adapter.log_volume(torch.zeros(1, *space.shape)) == 0).all()
        return
    volume = adapter.log_volume(torch.full((1, *space.shape), 0.5)).expand(1, *space.shape)[0].exp()
    last = volume.movedim(0, -1).ravel()  # channels come last in the user's data
    adapter.restore(adapter.facts() | {"dtype": "float64"})
    low, high = (
        plain(adapter.inverse_transform(torch.full((1, *space.shape), each)))[0].astype(np.float64)
        for each in (0.49, 0.51)
    )
    np.testing.assert_allclose(last, 0.02 / (high - low).ravel(), rtol=1e-3)


@EVERY
def test_one_row_stands_alone_or_in_a_table_of_one(text, kind):
    adapter, X = fitted_to(text, kind)
    for row in (X.iloc[0] if hasattr(X, "iloc") else X[0], X[:1]):
        assert equal(adapter.one(row), X[:1])
    with pytest.raises(DataError, match=r"2 rows .*one was expected"):
        adapter.one(X[:2])


@EVERY
def test_data_are_left_as_they_were(text, kind):
    adapter, X = fitted_to(text, kind)
    before = deepcopy(X)
    for each in X if isinstance(X, list) else [plain(X)]:
        if isinstance(each, np.ndarray):
            each.flags.writeable = False
    clone(adapter).fit(X)
    adapter.transform(X)
    assert equal(X, before)
