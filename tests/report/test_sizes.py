"""The chapter on compression: there where a model gives probabilities, and only there."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from isthmus import VAE, Dense, DiscretisedLogistic
from isthmus.report import sizes
from isthmus.report.subject import examine
from isthmus.tasks.coding import rivals

DIGITS = (load_digits().images[:200] * 15).astype(np.uint8)
QUICK = {"latent_dim": 2, "backbone": Dense((16,)), "epochs": 3, "random_state": 0}


def chapter(model, X):
    return sizes.section(examine(model.fit(X), X, None, ""))


def test_pictures_stand_beside_every_other_codec():
    found = chapter(VAE(**QUICK, likelihood=DiscretisedLogistic()), DIGITS)
    (bars,) = found.blocks
    names = {bar.name for bar in bars.bars}
    assert {"gzip", "bz2", "xz", "PNG", "WebP", "this model, a code"} <= names
    assert [bar.share for bar in bars.bars] == sorted(bar.share for bar in bars.bars)


def test_a_table_stands_beside_parquet():
    draw = np.random.default_rng(0)
    X = pd.DataFrame({"a": draw.integers(0, 9, 100), "b": draw.choice(["x", "y"], 100)})
    (bars,) = chapter(VAE(**QUICK), X).blocks
    assert {"xz", "Parquet, zstd"} <= {bar.name for bar in bars.bars}


def test_a_density_is_no_codec():
    assert chapter(VAE(**QUICK), load_digits().data[:100]) is None


def test_a_sheet_holds_each_picture_once():
    sheet = rivals._sheet(np.arange(5)[:, None, None].repeat(2, 1).repeat(3, 2))
    assert sheet.shape == (4, 9)
    assert sheet[0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert sheet[3].tolist() == [3, 3, 3, 4, 4, 4, 0, 0, 0]
