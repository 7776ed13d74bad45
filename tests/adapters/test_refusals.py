"""What adapters refuse, in words, and what they put up with."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from PIL import Image as Picture

from isthmus import Images, Vectors
from isthmus.adapters import adapter_for
from isthmus.errors import DataError, SupportError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 2))
GREY = RNG.integers(0, 256, (6, 6, 5), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (6, 6, 5), dtype=np.uint16)
NAMED = pd.DataFrame({"a": np.arange(20), "b": X[:, 1], "c": [True, False] * 10})


def saved(pictures, folder):
    folder.mkdir(exist_ok=True)
    for place, picture in enumerate(pictures):
        if not isinstance(picture, Picture.Image):
            picture = Picture.fromarray(picture)
        picture.save(folder / f"{place}.png")
    return folder


def fitted_and_back(X):
    adapter = adapter_for(X).fit(X)
    return adapter, adapter.inverse_transform(adapter.transform(X).x)


def test_grey_of_16_bits_stays_so(tmp_path):
    adapter, back = fitted_and_back(saved(DEEP, tmp_path))
    assert (back.dtype, adapter.low_, adapter.high_) == (np.uint16, 0, 65535)
    np.testing.assert_allclose(back, DEEP, atol=1)


def test_8_and_16_bits_are_brought_to_one_scale(tmp_path):
    deep = GREY.astype(np.uint16) * 257
    mixed = saved([*GREY[:3], *deep[3:]], tmp_path / "mixed")
    adapter, back = fitted_and_back(mixed)
    np.testing.assert_array_equal(back, deep)
    assert adapter.transform(saved(GREY, tmp_path / "plain")).x.equal(adapter.transform(mixed).x)
    bytes_ = Images().fit(GREY)
    np.testing.assert_array_equal(bytes_.inverse_transform(bytes_.transform(mixed).x), GREY)


def test_16_bits_among_colours_are_not_clipped(tmp_path):
    colour = Picture.fromarray(np.stack([GREY[0]] * 3, axis=2))
    _, back = fitted_and_back(saved([colour, GREY[1].astype(np.uint16) * 257], tmp_path))
    np.testing.assert_array_equal(back[1], np.stack([GREY[1]] * 3, axis=2))


@pytest.mark.parametrize("mode", ["LA", "1"])
def test_grey_with_alpha_and_of_one_bit_are_grey(mode, tmp_path):
    folder = saved([Picture.fromarray(each).convert(mode) for each in GREY], tmp_path)
    assert Images().fit(folder).space_.shape == (1, 6, 5)


@pytest.mark.parametrize("most", [10, 20])
def test_a_bomb_is_no_picture(most, tmp_path, monkeypatch):
    folder = saved(GREY, tmp_path)
    monkeypatch.setattr(Picture, "MAX_IMAGE_PIXELS", most)
    with pytest.raises(DataError, match=r"0\.png is too large .*Scale it down"):
        Images().fit(folder)


def test_pixels_beyond_what_a_likelihood_was_fitted_to_are_refused():
    pictures = np.linspace(0, 16, 60).reshape(5, 4, 3)
    asked, free = Images("unit").fit(pictures), Images().fit(pictures)
    with pytest.raises(SupportError, match=r"0 to 32 were given.*from 0 to 16.*Bring them"):
        asked.transform(pictures * 2)
    assert free.transform(pictures * 2).x.max() == 2


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((5, 2), "M8[s]"), r"dtype datetime64\[s\].*plain numbers"),
        (np.ones((5, 2), "m8[s]"), r"dtype timedelta64\[s\].*plain numbers"),
        ([[1, 2], [3]], r"makes no array.*all of one size.*Series.*give a list of arrays"),
        ([np.ones((2, 3)), np.ones((2, 4))], r"makes no array.*all of one size"),
        (np.zeros((5, 0, 3)), r"\(0, 3\) were given, without a pixel"),
        (pl.DataFrame({"a": [decimal.Decimal("1.5")] * 3}), r"Column a holds decimals.*cast it"),
        (pd.DataFrame(X, columns=[1, "1"]), r"called by text, and others not, such as 1"),
        (
            pd.DataFrame(X, columns=pd.MultiIndex.from_tuples([("x", "u"), ("x", "v")])),
            "df.columns",
        ),
        (pd.DataFrame(X, columns=[0.5, 1.5]), r"0\.5, a float.*Rename the columns: df\.columns ="),
        (pd.DataFrame({"a": pd.arrays.SparseArray([1.0, 0, 2])}), r"a is sparse.*to_dense\(\)"),
        (np.full((5, 2), 1e308) * [[1, -1]], r"spreads too far"),
    ],
    ids=str,
)
def test_data_that_will_not_do(X, message):
    with pytest.raises(DataError, match=message):
        adapter_for(X).fit(X)


@pytest.mark.parametrize("top", [1e9, 65536, np.nan])
def test_categories_have_an_end(top):
    with pytest.raises(DataError, match=r"nothing but NaN" if top != top else r"run up to \d+;"):
        Vectors("categories").fit(np.full((5, 2), top))


def test_tensors_will_do():
    tensor = torch.tensor(X, requires_grad=True)
    adapter, _ = fitted_and_back(tensor)
    assert adapter.transform(tensor).x.equal(adapter.transform(X).x)
    pictures = torch.tensor(GREY / 255, requires_grad=True)
    assert fitted_and_back(pictures)[1].shape == GREY.shape


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_whole_numbers_of_64_bits_do_not_wrap_round(dtype):
    adapter = Vectors().fit(np.array([[0], [np.iinfo(dtype).max]], dtype))
    back = adapter.inverse_transform(torch.tensor([[-9.0], [9.0]]))
    assert back[1, 0] > 0.99 * np.iinfo(dtype).max
    assert back[0, 0] <= 0


def test_a_row_far_away_is_refused_without_a_warning():
    fitted = Vectors().fit(np.array([[-1e153], [1e153]]) * 1e-300)
    with pytest.raises(DataError, match="overflows"):
        fitted.transform(np.array([[1e308]]))


@pytest.mark.parametrize("frame", [NAMED, pl.from_pandas(NAMED)], ids=["pandas", "polars"])
def test_a_row_in_any_form_is_a_row_of_the_frame(frame):
    adapter = Vectors().fit(frame)
    values = [3, X[3, 1], False]
    expected = adapter.transform(frame[3:4]).x
    for row in (NAMED.iloc[3], values, tuple(values), np.array(values, float)):
        assert adapter.transform(adapter.one(row)).x.equal(expected)
    for row in (values[:2], pd.Series(values[:2])):
        with pytest.raises(DataError, match=r"row of 2 values.*\n.*3 columns.*: a, b, c"):
            adapter.one(row)


@pytest.mark.parametrize(
    "columns",
    [pd.MultiIndex.from_tuples([("x", "u"), ("x", "v")]), pd.date_range("2020", periods=2), [3, 4]],
    ids=["levels", "dates", "numbers"],
)
def test_labels_are_those_that_were_given(columns):
    frame = pd.DataFrame(X, columns=columns)
    adapter = Vectors().fit(X)
    back = adapter.inverse_transform(adapter.transform(frame).x, like=frame)
    assert back.columns.equals(frame.columns)


@pytest.mark.parametrize("kind", ["f4", "f8", "i8", "u1"])
def test_the_dtype_is_that_of_the_data_given(kind):
    for adapter, data in ((Vectors(), np.arange(12).reshape(6, 2)), (Images(), GREY)):
        adapter.fit(data)
        given = data.astype(kind)
        back = adapter.inverse_transform(adapter.transform(given).x, like=given)
        assert back.dtype == given.dtype


def test_few_channels_that_are_few_rows_are_believed():
    assert Images().fit(RNG.random((5, 2, 8, 16))).space_.shape == (16, 2, 8)
    with pytest.raises(DataError, match=r"look as if they were channels-first.*If they are 3 high"):
        Images().fit(RNG.random((5, 3, 8, 16)))


def test_files_may_follow_an_array_with_one_channel(tmp_path):
    adapter = Images().fit(GREY[..., None])
    folder = saved(GREY, tmp_path)
    assert adapter.transform(folder).x.equal(adapter.transform(GREY[..., None]).x)
    with pytest.raises(DataError, match=r"pictures of 4 channels.*Give an array"):
        Images().fit(np.stack([GREY] * 4, axis=3)).rows(folder)


@pytest.mark.parametrize(
    ("fitted", "tampered", "message"),
    [
        (NAMED, {"mean": [0.0]}, "mean holds 1 of them; expected 3"),
        (NAMED, {"scale": [1.0, 0.0, 1.0]}, "not above zero"),
        (NAMED, {"scale": [1.0, float("nan"), 1.0]}, "expected a finite number"),
        (NAMED, {"mean": ["0", 0, 0]}, "expected a finite number"),
        (NAMED, {"dtype": "object"}, "expected one of plain numbers"),
        (NAMED, {"dtype": "<M8[s]"}, "expected one of plain numbers"),
        (NAMED, {"names": ["a"]}, "names holds 1 of them; expected 3"),
        (NAMED, {"frame": {"library": "pandas", "columns": ["a"], "dtypes": []}}, "columns holds"),
        (GREY, {"low": float("inf")}, "expected a finite number"),
        (GREY, {"low": 300.0}, "above high"),
        (GREY, {"dtype": 3}, "expected one of plain numbers"),
        (GREY, {"grey": "no"}, "expected true or false"),
        (np.stack([GREY] * 3, axis=3), {"grey": True}, "grey pictures have one channel"),
        (np.stack([GREY] * 3, axis=3), {"channels_last": False}, "channels last"),
    ],
    ids=str,
)
def test_facts_that_do_not_fit_are_refused(fitted, tampered, message):
    adapter = (Vectors() if fitted is NAMED else adapter_for(fitted)).fit(fitted)
    with pytest.raises(DataError, match=message):
        adapter.restore(adapter.facts() | tampered)


def test_the_volume_is_that_of_the_scaling():
    volume = Images("binary").fit((GREY > 9) * np.uint8(255)).log_volume(torch.zeros(1))
    assert volume.item() == pytest.approx(-np.log(255))
