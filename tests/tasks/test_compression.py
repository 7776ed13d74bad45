"""Compression: what comes back is what went in, and damage is told."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from isthmus import (
    LSTM,
    VAE,
    VQVAE,
    Bernoulli,
    Categorical,
    Compressor,
    ConditionalVAE,
    Conv,
    Dense,
    DiscretisedLogistic,
    LossyCompressor,
    Sequences,
    load,
)
from isthmus.errors import CompositionError, DataError
from isthmus.tasks.coding.container import Container, read

DIGITS = load_digits().images
DARK = DIGITS > 8


def fitted(X, y=None, cls=VAE, **settings):
    usual = {"latent_dim": 3, "backbone": Dense((24,)), "epochs": 4, "learning_rate": 5e-3}
    return cls(**(usual | settings), random_state=0, verbose=False).fit(X, y)


@pytest.fixture(scope="module")
def dark():
    return fitted(DARK, backbone=Dense((24,), normalisation="batch"), epochs=15)


@pytest.fixture(scope="module")
def coded(dark):
    compressor = Compressor(dark)
    return compressor, compressor.compress(DARK[:20])


LEVELS = DiscretisedLogistic(2, levels=17)
TOKENS = DIGITS.reshape(-1, 64)[:300, 8:20].astype(int)
FRAME = pd.DataFrame(
    DARK.reshape(-1, 64)[:, 20:30].astype(int), columns=[f"pixel {each}" for each in range(10)]
)
CASES = {
    "zeros and ones": (DARK, {}),
    "zeros and ones, by name": (DARK, {"likelihood": Bernoulli()}),
    "convolutions": (DARK, {"backbone": Conv((4, 8), normalisation="batch")}),
    "a latent grid": (DIGITS, {"likelihood": LEVELS, "backbone": Conv((4,), grid=True)}),
    "levels": (DIGITS, {"likelihood": LEVELS}),
    "bytes": (
        (DIGITS * 15).astype(np.uint8),
        {"likelihood": DiscretisedLogistic(), "backbone": Dense((8,), activation="gelu")},
    ),
    "colour": (
        np.stack([DIGITS, 16 - DIGITS, DIGITS // 2], axis=3).astype(np.uint8) * 15,
        {"likelihood": DiscretisedLogistic(1), "backbone": Conv((4,), activation="leaky_relu")},
    ),
    "categories": (DIGITS.reshape(-1, 64).astype(int), {"likelihood": Categorical()}),
    "many categories": (
        (DIGITS.reshape(-1, 64)[:200, :9] * 3).astype(int),
        {"likelihood": Categorical(), "backbone": Dense((8,), activation="silu")},
    ),
    "tokens": (
        TOKENS,
        {"adapter": Sequences("categories"), "likelihood": Categorical(), "backbone": Conv((4,))},
    ),
    "tokens of one channel": (
        TOKENS[:, :, None],
        {"adapter": Sequences("categories"), "likelihood": Categorical(), "backbone": Conv((4,))},
    ),
    "levels that lie unevenly": (DIGITS / 7, {"likelihood": LEVELS}),
    "zeros below zero": (np.where(DARK, 1.0, -0.0), {}),
    "a frame of zeros and ones": (FRAME, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_comes_back_is_what_went_in(case):
    X, settings = CASES[case]
    model = fitted(X, **settings)
    compressor = Compressor(model)
    some = X[:150]
    back = compressor.decompress(compressor.compress(some))
    if isinstance(X, pd.DataFrame):
        pd.testing.assert_frame_equal(back, some)
        return
    assert back.dtype == some.dtype
    assert back.tobytes() == some.tobytes()


@pytest.mark.parametrize(
    "X",
    [
        torch.from_numpy(DARK[:9]).bfloat16(),
        torch.from_numpy(DARK[:9]).float().requires_grad_(),
        list(DARK[:9]),
        DARK[:9].astype(">f4"),
        np.asfortranarray(DARK[:9]),
    ],
    ids=["bfloat16", "with gradients", "a list", "big-endian", "Fortran's order"],
)
def test_what_comes_back_is_of_the_same_kind(coded, X):
    compressor, _ = coded
    back = compressor.decompress(compressor.compress(X))
    assert type(back) is type(X)
    if not isinstance(X, list):
        assert back.dtype == X.dtype
    assert all((a == b).all() for a, b in zip(X, back, strict=True))


@pytest.fixture(scope="module")
def framed():
    return fitted(FRAME)


@pytest.mark.parametrize(
    "X",
    [
        FRAME[50:80],
        FRAME[:5].set_axis(list("abcde")),
        FRAME[:5].astype(bool),
        FRAME[:5].astype({"pixel 3": "float32"}),
        FRAME[:5].convert_dtypes(),
    ],
    ids=["later rows", "named rows", "truth", "float32", "nullable"],
)
def test_a_frame_keeps_its_index_and_its_dtypes(framed, X):
    compressor = Compressor(framed)
    pd.testing.assert_frame_equal(compressor.decompress(compressor.compress(X)), X)


def test_a_frame_of_another_library_comes_back_as_such(framed):
    X = pl.from_pandas(FRAME[:20])
    compressor = Compressor(framed)
    back = compressor.decompress(compressor.compress(X))
    assert isinstance(back, pl.DataFrame)
    assert back.equals(X)


def test_the_code_is_as_long_as_the_model_promises(dark):
    bits = Compressor(dark).bits(DARK)
    assert bits.net == pytest.approx(bits.elbo, rel=0.02)
    assert bits.net < bits.gross < 1.1 * bits.net


def test_a_single_row_comes_back(dark):
    compressor = Compressor(dark)
    assert (compressor.decompress(compressor.compress(DARK[:1])) == DARK[:1]).all()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 9), st.floats(0, 1))
def test_any_zeros_and_ones_come_back(coded, seed, rows, share):
    X = np.random.default_rng(seed).random((rows, 8, 8)) < share
    compressor, _ = coded
    assert (compressor.decompress(compressor.compress(X)) == X).all()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_flipped_bit_is_told(coded, data):
    compressor, whole = coded
    code = bytearray(whole)
    place = data.draw(st.integers(0, 8 * len(code) - 1))
    code[place // 8] ^= 1 << place % 8
    with pytest.raises(DataError):
        compressor.decompress(bytes(code))


def forged(whole, code=None, **told):
    container = read(whole)
    blobs = container.blobs if code is None else container.blobs | {"code": code}
    return Container(container.model, container.about | told, blobs).written()


@pytest.mark.parametrize(
    "told",
    [
        *({"rows": rows} for rows in (10**15, 21, 19, 0, -1, "20", None)),
        {"kind": "frame"},
        {"shape": [10**9, 10**9]},
        {"code": b""},
        {"code": b"odd"},
        {"code": bytes(40)},
    ],
    ids=str,
)
def test_a_whole_file_that_lies_is_told_at_once(coded, told):
    compressor, code = coded
    with pytest.raises(DataError, match=r"come out even|no compress wrote"):
        compressor.decompress(forged(code, **told))


def test_distributions_that_differ_are_told(coded):
    # As if a machine worked out other integers: what was put on doesn't come off.
    compressor, code = coded
    words = bytearray(read(code).blobs["code"])
    for place in range(0, len(words) - 8, 7):
        other = words.copy()
        other[place] ^= 16
        with pytest.raises(DataError, match="come out even"):
            compressor.decompress(forged(code, code=bytes(other)))


def test_a_code_that_is_cut_short_is_told(dark):
    compressor = Compressor(dark)
    code = compressor.compress(DARK[:20])
    for length in (0, 1, 7, 8, 20, 40, len(code) - 1):
        with pytest.raises(DataError, match=r"cut short|begins otherwise"):
            compressor.decompress(code[:length])


def test_another_model_is_told(dark):
    other = fitted(DARK, backbone=Dense((24,), normalisation="batch"), epochs=1)
    with pytest.raises(DataError, match="another model"):
        Compressor(other).decompress(Compressor(dark).compress(DARK[:5]))


def test_a_code_depends_on_no_batch_size(dark):
    codes = {Compressor(dark, batch_size=size).compress(DARK[:300]) for size in (1, 7, 256)}
    (code,) = codes
    assert (Compressor(dark, batch_size=5).decompress(code) == DARK[:300]).all()


def test_a_code_depends_on_no_number_of_threads(dark):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = Compressor(dark).compress(DARK)
        torch.set_num_threads(2)
        assert Compressor(dark).compress(DARK) == one
        assert (Compressor(dark).decompress(one) == DARK).all()
    finally:
        torch.set_num_threads(before)


def test_another_process_reads_it(dark, tmp_path):
    dark.save(tmp_path / "model")
    (tmp_path / "code").write_bytes(Compressor(load(tmp_path / "model")).compress(DARK[:50]))
    np.save(tmp_path / "X.npy", DARK[:50])
    script = (
        "import sys, pathlib, numpy, torch, isthmus\n"
        "torch.set_num_threads(2)\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "compressor = isthmus.Compressor(isthmus.load(folder / 'model'), batch_size=3)\n"
        "back = compressor.decompress((folder / 'code').read_bytes())\n"
        "assert (back == numpy.load(folder / 'X.npy')).all()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)


def test_grey_is_refused_where_the_model_tells_of_black_and_white():
    model = fitted(DIGITS / 16, likelihood=Bernoulli())
    with pytest.raises(DataError, match="between its levels"):
        Compressor(model).compress(DIGITS / 16)


def test_values_between_levels_are_refused():
    compressor = Compressor(fitted(DIGITS, likelihood=LEVELS))
    between = DIGITS.copy()
    between[0, 0, 2] += 0.25
    with pytest.raises(DataError, match="between its levels"):
        compressor.compress(between)
    with pytest.raises(DataError, match=r"-0\.0 beside 0\.0"):
        compressor.compress(np.copysign(DIGITS, np.where(np.arange(8) < 4, DIGITS - 0.5, 1)) * 1.0)


def test_series_that_end_early_are_refused_in_words():
    X = [row[: 6 + place % 7] for place, row in enumerate(TOKENS)]
    model = fitted(X, likelihood=Categorical(), backbone=Conv((4,)))
    with pytest.raises(DataError, match="beyond the end of a series"):
        Compressor(model).compress(X)


def test_a_batch_holds_a_row_at_least(dark):
    with pytest.raises(CompositionError, match="batch_size=0"):
        Compressor(dark, batch_size=0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "gives densities"),
        ({"cls": VQVAE, "latent_dim": 4}, "LossyCompressor"),
        ({"cls": ConditionalVAE, "y": load_digits().target}, "conditional"),
        ({"likelihood": LEVELS, "backbone": Dense((8,), normalisation="layer")}, "LayerNorm"),
        ({"likelihood": LEVELS, "backbone": Dense((8,), activation="softplus")}, "Softplus"),
    ],
)
def test_models_that_make_no_code_are_refused(settings, said):
    settings = dict(settings)
    model = fitted(DIGITS, settings.pop("y", None), **settings)
    with pytest.raises(CompositionError, match=said):
        Compressor(model)


def test_recurrent_networks_are_refused():
    X = np.random.default_rng(0).integers(0, 3, (40, 6, 1))
    model = fitted(X, backbone=LSTM(4), likelihood=Categorical(), epochs=1)
    with pytest.raises(CompositionError, match="no form in whole numbers"):
        Compressor(model)


def test_lossy_codes_hold_the_indices():
    model = fitted(DIGITS, cls=VQVAE, latent_dim=8, codes=16, epochs=6)
    compressor = LossyCompressor(model).fit(DIGITS[:1000])
    code = compressor.compress(DIGITS[1000:])
    indices = model.indices(DIGITS[1000:])
    np.testing.assert_array_equal(compressor.indices(code), indices)
    np.testing.assert_array_equal(compressor.decompress(code), model.from_indices(indices))
    assert len(code) < indices.size / 2, "4 bits an index at most"
    untold = LossyCompressor(model)
    assert len(untold.compress(DIGITS[1000:])) > len(code)
    with pytest.raises(DataError, match="another fit"):
        untold.decompress(code)


def test_fewer_entries_cost_less_and_lose_more():
    import matplotlib.pyplot as plt

    model = fitted(DIGITS, cls=VQVAE, latent_dim=8, codes=16, epochs=6)
    axes = plt.figure().subplots()
    curve = LossyCompressor(model).rate_distortion(DIGITS, ax=axes)
    plt.close("all")
    assert list(curve.index) == [16, 8, 4, 2, 1]
    assert curve["rate"].is_monotonic_decreasing
    assert curve["distortion"].iloc[-1] > curve["distortion"].iloc[0]
    assert len(axes.lines) == 1
    fitted_curve = LossyCompressor(model).fit(DIGITS).rate_distortion(DIGITS)
    assert fitted_curve["rate"][1] < 0.3 * fitted_curve["rate"][16], (
        "what is left out costs nothing"
    )
