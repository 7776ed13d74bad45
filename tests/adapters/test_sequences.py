"""Sequences: their scaling, their lengths, what they are taken for, what is refused."""

import numpy as np
import pytest
import torch

from isthmus import GRU, LSTM, Dense, Sequences
from isthmus.adapters import adapter_for
from isthmus.errors import DataError, SupportError

RNG = np.random.default_rng(0)
X = RNG.normal([1, -20], [1, 5], (12, 7, 2))
CUT = [each[:length] for each, length in zip(X, RNG.integers(1, 8, 12), strict=True)]


def test_channels_are_standardised_over_rows_and_steps():
    x = Sequences().fit(X).transform(X).x
    expected = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
    np.testing.assert_allclose(x, np.moveaxis(expected, 2, 1), rtol=1e-5, atol=1e-6)


def test_the_scaling_of_uneven_series_is_that_of_the_steps_there_are():
    adapter, steps = Sequences().fit(CUT), np.concatenate(CUT)
    np.testing.assert_allclose(adapter.mean_, steps.mean(axis=0))
    np.testing.assert_allclose(adapter.scale_, steps.std(axis=0))


def test_beyond_its_end_nothing_of_a_series_is_known():
    batch = Sequences().fit(CUT).transform(CUT)
    for each, x, observed in zip(CUT, batch.x, batch.observed, strict=True):
        assert observed[:, : len(each)].all()
        assert not observed[:, len(each) :].any()
        assert (x[:, len(each) :] == 0).all()


def test_a_nan_is_a_hole_and_no_end():
    holed = [each.copy() for each in CUT]
    holed[0][0, 1] = np.nan
    space = Sequences().fit(holed).space_
    assert (space.holes, space.ragged) == (True, True)
    gaps = np.where(X > 1, np.nan, X)
    space = Sequences().fit(gaps).space_
    assert (space.holes, space.ragged) == (True, False)


def test_shorter_series_may_come_after_training():
    adapter = Sequences().fit(X)
    for shorter in (CUT, X[:, :5]):
        batch = adapter.transform(shorter)
        assert batch.x.shape == (12, 2, 7)
        assert batch.observed.sum() == sum(each.size for each in shorter)
        back = adapter.inverse_transform(batch.x, like=shorter)
        assert type(back) is type(shorter)
        for each, again in zip(shorter, back, strict=True):
            np.testing.assert_allclose(again, each, rtol=1e-5, atol=1e-4)


def test_what_comes_back_is_of_the_kind_that_was_given():
    adapter = Sequences().fit(CUT)
    x = adapter.transform(CUT).x
    assert isinstance(adapter.inverse_transform(x), list)
    assert isinstance(adapter.inverse_transform(x, like=X), np.ndarray)
    single = [each.astype(np.float32) for each in CUT]
    assert adapter.inverse_transform(x, like=single)[0].dtype == np.float32
    flat = Sequences().fit(X[:, :, 0])
    assert flat.inverse_transform(torch.zeros(3, 1, 7)).shape == (3, 7)
    assert flat.inverse_transform(torch.zeros(12, 1, 7), like=X[:, :, :1]).shape == (12, 7, 1)


def test_tensors_and_lists_of_lists_will_do():
    adapter = Sequences().fit(X)
    expected = adapter.transform(X).x
    for same in (torch.tensor(X, requires_grad=True), [torch.tensor(each) for each in X]):
        assert Sequences().fit(same).transform(same).x.equal(expected)
    tokens = [[0, 3, 1], [2], (1, 1)]
    space = Sequences("categories").fit(tokens).space_
    assert repr(space) == "Series(1, 3, support='categories', levels=4, ragged=True)"


def test_one_series_in_any_form():
    for data in (X, CUT, X[:, :, 0], [each[:, 0] for each in CUT]):
        adapter = Sequences().fit(data)
        expected = adapter.transform(data[:1]).x
        for row in (data[0], data[:1], data[0].tolist(), torch.tensor(data[0])):
            assert adapter.transform(adapter.one(row)).x.equal(expected)


@pytest.mark.parametrize(
    ("support", "values", "found"),
    [
        (None, [[0, 1, 1], [1, 0, 0]], "binary"),
        (None, [[0.0, np.nan], [1.0, 0.0]], "binary"),
        (None, [[0, 1], [1, 2]], "real"),
        ("unit", [[0.0, 0.5], [1.0, 0.0]], "unit"),
    ],
)
def test_what_the_values_can_be(support, values, found):
    adapter = Sequences(support).fit(np.array(values))
    assert adapter.space_.support == found
    if found != "real":
        assert set(adapter.transform(np.array(values)).x.unique().tolist()) <= {0.0, 0.5, 1.0}


@pytest.mark.parametrize(
    ("support", "values", "expected"),
    [
        ("unit", [[0.0, 1.5], [0.2, 0.1]], "from 0 to 1.5; expected numbers from 0 to 1"),
        ("binary", [[0.0, 0.5], [1.0, 0.0]], "from 0 to 1; expected nothing but 0 and 1"),
        ("categories", [[0.5, 1], [1, 2]], "from 0.5 to 2; expected whole numbers from 0"),
    ],
)
def test_values_outside_a_support_are_refused(support, values, expected):
    with pytest.raises(SupportError, match=expected):
        Sequences(support).fit(np.array(values))


def test_a_token_beyond_those_of_training_is_refused():
    adapter = Sequences("categories").fit([[0, 3], [1, 2, 2]])
    with pytest.raises(SupportError, match=r"expected whole numbers from 0 to 3"):
        adapter.transform([[0, 4]])


OBJECTS = np.empty(2, dtype=object)
OBJECTS[:] = CUT[:2]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (OBJECTS, r"array of objects was given; expected series.*Make it a list: list\(X\)"),
        (np.zeros(5), r"shape \(5,\) .*expected series of numbers.*Bring it"),
        (np.zeros((2, 3, 4, 5)), r"shape \(2, 3, 4, 5\)"),
        (np.array([["a", "b"]]), r"dtype <U1 was given; expected series of numbers"),
        (np.zeros((0, 5, 2)), r"\(0, 5, 2\) was given, in which there is nothing"),
        (np.zeros((5, 0, 2)), r"\(5, 0, 2\) was given, in which there is nothing"),
        ([], r"0 series were given; expected at least one"),
        ([X[0], X[1][:0]], r"Series 1 is empty, of shape \(0, 2\).*leave it out"),
        ([[1, 2], []], r"Series 1 is empty, of shape \(0,\)"),
        ([X[0], X[1][:, :1]], r"Series 1 has the shape \(7, 1\), and the first \(7, 2\).*each\.T"),
        ([X[0], X[1][:, 0]], r"Series 1 has the shape \(7,\), and the first \(7, 2\)"),
        ([1.0, 2.0], r"Series 0 has the shape \(\).*one for each series"),
        (["a text", "another"], r"Series 0 has the shape \(\) and dtype <U6"),
        ([X[0]], r"1 sample was given to fit"),
        ([X[0], np.full((3, 2), np.inf)], r"Series 1 holds infinity .*row 0, column 0"),
        (np.full((2, 3, 1), np.inf), r"X holds infinity"),
        ({"a": 1}, r"A dict was given; expected series"),
        (X * [1e200, 1], r"Channel 0 spreads too far for its variance"),
    ],
    ids=str,
)
def test_data_that_will_not_do(data, message):
    with pytest.raises(DataError, match=message):
        Sequences().fit(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (X[:, :, :1], r"Series of 1 channels were given; the model was fitted to 2. Select them"),
        (np.zeros((2, 9, 2)), r"A series of 9 steps was given; the model was fitted to 7 at most"),
        ([*CUT, np.zeros((8, 2))], r"A series of 8 steps was given.*Cut it into several"),
        (np.full((2, 7, 2), 1e300), r"Channel 0 holds a value so far .*overflows"),
    ],
    ids=["channels", "steps", "one that is too long", "far away"],
)
def test_data_unlike_those_that_were_fitted(data, message):
    with pytest.raises(DataError, match=message):
        Sequences().fit(X).transform(data)


@pytest.mark.parametrize(
    ("tampered", "message"),
    [
        ({"mean": [0.0]}, "mean holds 1 of them; expected 2"),
        ({"scale": [1.0, 0.0]}, "not above zero"),
        ({"dtype": "object"}, "expected one of plain numbers"),
        ({"listed": 1}, "expected true or false"),
        ({"flat": True}, "flat series have one channel"),
    ],
    ids=str,
)
def test_facts_that_do_not_fit_are_refused(tampered, message):
    adapter = Sequences().fit(X)
    with pytest.raises(DataError, match=message):
        adapter.restore(adapter.facts() | tampered)


@pytest.mark.parametrize(
    ("data", "backbone", "expected"),
    [
        (X, None, "Images"),
        (X, Dense(), "Images"),
        (X, LSTM(), "Sequences"),
        (list(X), GRU(), "Sequences"),
        (torch.tensor(X), GRU(), "Sequences"),
        (X[:, :, 0], LSTM(), "Vectors"),
        (CUT, None, "Sequences"),
        (CUT, Dense(), "Sequences"),
        (tuple(torch.tensor(each[:, 0]) for each in CUT), None, "Sequences"),
        ([[1, 2], [3, 4]], None, "Vectors"),
        ([X[0, 0], X[1, 0]], None, "Vectors"),
    ],
)
def test_the_adapter_is_found_from_the_data_and_the_backbone(data, backbone, expected):
    spaces = backbone.spaces if backbone else None
    assert type(adapter_for(data, None, spaces)).__name__ == expected
