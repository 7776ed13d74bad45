"""Texts: any string comes back, what is learned, what is cut, and what is refused."""

import json
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import isthmus
from isthmus import LSTM, VAE, AnomalyDetector, Autoencoder, Normal, Texts, Transformer
from isthmus.adapters import Images, adapter_for
from isthmus.errors import CompositionError, DataError, MissingExtraError, SupportError

WHO, WHAT = ("the cat", "a dog", "my friend", "no one"), ("sleeps", "was here", "sings", "ate it")
SAID = [f"{who} {what}{end}" for who in WHO for what in WHAT for end in (".", "?!")]
SMALL = {"latent_dim": 4, "epochs": 2, "random_state": 0, "verbose": False}
ODD = ["", " ", "\x00", "naïve 🌊🏽‍♀️", "a\r\n\tb", "ﷺ漢字", "\u200b", "x" * 3000]


def test_any_text_comes_back_exactly():
    adapter = Texts(max_tokens=4000).fit(SAID)
    long = Texts().fit([*SAID, *ODD[:-1]])
    assert long.inverse_transform(long.transform(ODD[:-1]).x) == ODD[:-1]
    assert adapter.fit([*SAID, *ODD]).inverse_transform(adapter.transform(ODD).x) == ODD


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=5))
def test_whatever_is_written(texts):
    adapter = Texts().fit(texts)
    assert adapter.inverse_transform(adapter.transform(texts).x) == texts


def test_common_pairs_become_tokens():
    adapter = Texts().fit(SAID)
    few = adapter.transform(SAID).observed.sum()
    assert few < Texts(vocabulary=257).fit(SAID).transform(SAID).observed.sum()
    assert few < 0.4 * sum(map(len, SAID))
    assert Texts(vocabulary=262).fit(SAID).space_.levels == 262
    assert Texts(vocabulary=257).fit(SAID).merges_ == []


def test_the_same_tokens_are_learned_each_time():
    assert Texts().fit(SAID).merges_ == Texts().fit(SAID).merges_


def test_a_text_ends_where_its_end_is():
    adapter = Texts(vocabulary=257).fit(["ab", "abc"])
    x = adapter.transform(["ab", "abc"]).x
    assert (x[0, 0, 2], x[1, 0, 3]) == (0, 0)
    x[1, 0, 1] = 0
    assert adapter.inverse_transform(x) == ["ab", "a"]
    x[1, 0] = x[1, 0, 0]  # one that has none
    assert adapter.inverse_transform(x)[1] == "aaaaa"


def test_long_texts_are_cut_and_it_is_said():
    adapter = Texts(vocabulary=257).fit(SAID)
    steps = adapter.space_.steps
    with pytest.warns(UserWarning, match=rf"1 of 2 texts have more than {steps} tokens"):
        batch = adapter.transform(["a", "ab" * 500])
    assert adapter.inverse_transform(batch.x)[1] == ("ab" * 500)[:steps]
    with pytest.warns(UserWarning, match="more than 128"):
        assert Texts(vocabulary=257).fit_transform(["a", "b" * 999]).x.shape[2] == 128
    silent = Texts(vocabulary=257, max_tokens=3).fit(["a", "bcdef"])  # warnings are errors here
    assert silent.inverse_transform(silent.transform(["a", "bcdef"]).x) == ["a", "bcd"]


@pytest.mark.parametrize(
    "made",
    [
        list,
        lambda texts: np.array(texts, dtype=object),
        lambda texts: pd.Series(texts, index=range(5, 5 + len(texts)), name="said"),
        lambda texts: pl.Series("said", texts),
    ],
    ids=["list", "array", "pandas", "polars"],
)
def test_what_comes_back_is_of_the_kind_that_was_given(made):
    X = made(SAID)
    adapter = adapter_for(X)
    assert isinstance(adapter, Texts)
    x = adapter.fit_transform(X).x
    back, fresh = adapter.inverse_transform(x, like=X), adapter.inverse_transform(x)
    assert type(back) is type(fresh) is type(X)
    assert list(back) == list(fresh) == SAID
    if isinstance(X, pd.Series):
        pd.testing.assert_series_equal(back, X)
    if not isinstance(X, list | np.ndarray):
        assert back.name == fresh.name == "said"
    assert adapter.inverse_transform(x, like=SAID) == SAID


def test_arrays_of_numpys_strings_and_tuples_are_texts():
    for X in (np.array(SAID), tuple(SAID)):
        adapter = adapter_for(X).fit(X)
        assert list(adapter.inverse_transform(adapter.transform(X).x)) == SAID


def test_a_path_is_no_text():
    assert isinstance(adapter_for("a folder"), Images)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ("a text", r"single text .* \[text\]"),
        ([], "0 texts"),
        (["a"], "1 sample"),
        (["a", None], "Text 1 is None"),
        (["a", 3], "Text 1 is 3, a int"),
        (pd.Series(["a", None]), "Text 1 is None|Text 1 is nan"),
        (["a", "b\ud800"], "Text 1 holds half a character"),
        ({"a": 1}, "A dict was given"),
        ([["a"], ["b"]], "expected a list of strings"),
    ],
)
def test_what_is_no_text_is_refused_in_words(X, words):
    with pytest.raises(DataError, match=words):
        Texts().fit(X)


def test_parameters_are_checked():
    with pytest.raises(CompositionError, match="vocabulary=100"):
        Texts(vocabulary=100).fit(SAID)
    with pytest.raises(CompositionError, match="max_tokens=0"):
        Texts(max_tokens=0).fit(SAID)
    with pytest.raises(SupportError, match="tokens are categories"):
        Autoencoder(**SMALL, likelihood=Normal()).fit(SAID)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"merges": [["t", "zz"]]}, "before there are both"),
        ({"merges": "th"}, "pairs of tokens"),
        ({"merges": []}, "merges make 257 tokens"),
        ({"library": "csv"}, "library is 'csv'"),
        ({"name": 3}, "name is no text"),
    ],
)
def test_facts_that_do_not_belong_together_are_refused(change, words):
    adapter = Texts().fit(SAID)
    with pytest.raises(DataError, match=words):
        adapter.restore(adapter.facts() | change)


@pytest.mark.parametrize("backbone", [None, LSTM(8), Transformer(8, depth=1, heads=2)], ids=repr)
def test_a_list_of_strings_is_all_it_takes(backbone, tmp_path):
    model = VAE(**SMALL, backbone=backbone).fit(SAID)
    assert model.transform(SAID).shape == (len(SAID), 4)
    back, fresh = model.reconstruct(SAID), model.sample(3)
    assert all(isinstance(each, str) for each in [*back, *fresh, *model.sample(2, near=SAID[0])])
    assert (model.score_samples(SAID) < 0).all()
    model.save(tmp_path / "model")
    json.loads((tmp_path / "model" / "model.json").read_text("utf-8"))
    again = isthmus.load(tmp_path / "model")
    assert again.reconstruct(SAID) == back
    assert again.sample(3) == fresh


def test_texts_are_learned_by_heart():
    settings = SMALL | {"latent_dim": 16, "epochs": 120, "patience": None, "batch_size": 8}
    model = Autoencoder(
        **settings, backbone=LSTM(48), learning_rate=1e-2, validation_fraction=0
    ).fit(SAID)
    assert np.mean([a == b for a, b in zip(model.reconstruct(SAID), SAID, strict=True)]) > 0.7
    strange = model.score_samples(["zqx vw"])
    assert strange < model.score_samples(SAID).min()


def test_beyond_its_end_nothing_of_a_text_counts():
    adapter = Texts().fit(SAID)
    batch = adapter.transform(SAID)
    lengths = batch.observed[:, 0].sum(1)
    ends = batch.x[:, 0].gather(1, lengths[:, None] - 1)
    assert (ends == 0).all()
    assert torch.equal(batch.observed[:, 0], torch.arange(batch.x.shape[2]) < lengths[:, None])


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r"isthmus\[text\]"):
        Texts().fit(SAID)


def test_a_detector_tells_strange_texts():
    model = VAE(**SMALL | {"epochs": 30, "batch_size": 8}, backbone=LSTM(16), learning_rate=1e-2)
    detector = AnomalyDetector(model, members=1, random_state=0).fit(SAID)
    usual, odd = detector.score_samples(["the cat sings.", "zqx vw"])
    assert odd < usual
    assert detector.predict(SAID).shape == (len(SAID),)
