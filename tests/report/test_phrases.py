"""The page of a model of texts, of sounds and of long frames."""

import html
import re

import numpy as np
import pandas as pd
import pytest

from isthmus import LSTM, VAE, LongFrames, Sounds
from isthmus.report import write

SMALL = {"latent_dim": 2, "epochs": 1, "random_state": 0, "verbose": False}
SAID = [f"{who} <b>{what}</b>\n" for who in "abcdef" for what in ("is & was", "saw 🌊", "")]


def page(model, X, folder):
    return write(model, X, folder / "page.html").read_text("utf-8")


def test_texts_are_shown_as_they_read(tmp_path):
    shown = page(VAE(**SMALL, backbone=LSTM(8)).fit(SAID), SAID, tmp_path)
    assert "Beside each text stands what its code brings back." in shown
    cells = [html.unescape(each) for each in re.findall(r"<td[^>]*>(.*?)</td>", shown, re.DOTALL)]
    assert any(each.replace("␣", "\n") in SAID for each in cells)
    assert not {"<b>is", "<b>saw"} & set(re.findall(r"<b>\w*", shown))


def test_long_texts_are_shortened(tmp_path):
    long = [letter * 500 for letter in "abc"] * 3
    model = VAE(**SMALL, backbone=LSTM(8)).fit(long)
    shown = page(model, long, tmp_path)
    assert "a" * 200 not in shown or "…" in shown
    assert "a" * 301 not in shown


@pytest.mark.parametrize(
    ("adapter", "X"),
    [
        (Sounds(frame=32), [np.sin(np.arange(200 + 10 * at) * at) for at in range(1, 13)]),
        (
            LongFrames(),
            pd.DataFrame(
                {
                    "id": np.repeat(np.arange(12), 5),
                    "time": np.tile(np.arange(5), 12),
                    "pulse": np.random.default_rng(0).normal(70, 9, 60),
                }
            ),
        ),
    ],
    ids=["sounds", "long frames"],
)
def test_what_else_are_series_is_drawn_as_such(adapter, X, tmp_path):
    shown = page(VAE(**SMALL, adapter=adapter).fit(X), X, tmp_path)
    assert "a series along its steps" in shown
    assert "<svg" in shown
