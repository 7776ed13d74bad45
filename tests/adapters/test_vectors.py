"""Rows of numbers: their scaling, their holes, what they are taken for."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from isthmus import Vectors
from isthmus.errors import DataError, SupportError

X = np.random.default_rng(0).normal([1, -20, 300], [1, 5, 0.01], (50, 3))


def test_real_columns_are_standardised():
    x = Vectors().fit(X).transform(X).x
    np.testing.assert_allclose(x, StandardScaler().fit_transform(X), rtol=1e-4, atol=1e-5)


def test_a_constant_column_becomes_zero_and_comes_back():
    constant = np.column_stack([X, np.full(50, 7.5)])
    adapter = Vectors().fit(constant)
    assert (adapter.transform(constant).x[:, 3] == 0).all()
    assert (adapter.inverse_transform(torch.zeros(2, 4))[:, 3] == 7.5).all()


def test_holes_are_left_out_of_the_scaling():
    holed = X.copy()
    holed[::5, 1] = np.nan
    adapter = Vectors().fit(holed)
    assert adapter.mean_[1] == pytest.approx(np.nanmean(holed[:, 1]))
    assert adapter.scale_[1] == pytest.approx(np.nanstd(holed[:, 1]))


@pytest.mark.parametrize(
    ("values", "support"),
    [
        ([[0, 1], [1, 0]], "binary"),
        ([[0.0, np.nan], [1.0, 0.0]], "binary"),
        ([[True, False], [False, False]], "binary"),
        ([[0, 1], [1, 2]], "real"),
        ([[0.0, 0.5], [1.0, 0.0]], "real"),
        ([[np.nan, np.nan], [np.nan, np.nan]], "real"),
        ([*[[0, 1]] * 150, [0, 2]], "real"),
    ],
)
def test_what_the_values_can_be_is_found_from_them(values, support):
    assert Vectors().fit(np.array(values)).space_.support == support


def test_categories_are_counted():
    space = Vectors("categories").fit(np.array([[0, 3], [1, 2]])).space_
    assert (space.support, space.levels) == ("categories", 4)


@pytest.mark.parametrize(
    ("support", "values", "expected"),
    [
        ("unit", [[0.0, 1.5], [0.2, 0.1]], "from 0 to 1.5; expected numbers from 0 to 1"),
        ("unit", [[-0.1, 0.5], [0.2, 0.1]], "from -0.1 to 0.5; expected numbers from 0 to 1"),
        ("binary", [[0.0, 0.5], [1.0, 0.0]], "from 0 to 1; expected nothing but 0 and 1"),
        ("categories", [[0.5, 1], [1, 2]], "from 0.5 to 2; expected whole numbers from 0"),
        ("categories", [[-1, 1], [1, 2]], "from -1 to 2; expected whole numbers from 0"),
    ],
)
def test_values_outside_a_support_are_refused(support, values, expected):
    with pytest.raises(SupportError, match=rf"{expected}.*Rescale them, or choose a likelihood"):
        Vectors(support).fit(np.array(values))


def test_a_category_beyond_those_of_training_is_refused():
    adapter = Vectors("categories").fit(np.array([[0, 3], [1, 2]]))
    with pytest.raises(SupportError, match=r"expected whole numbers from 0 to 3"):
        adapter.transform(np.array([[0, 4]]))


def test_whole_numbers_come_back_rounded_and_within_their_range():
    adapter = Vectors().fit(np.array([[0, 250], [10, 255]], dtype=np.uint8))
    back = adapter.inverse_transform(torch.tensor([[-9.0, 0.1], [0.12, 9.0]]))
    assert back.dtype == np.uint8
    assert back.tolist() == [[0, 253], [6, 255]]


@pytest.mark.parametrize("scale", [1e200, 1e-30, 1e150])
def test_a_spread_beyond_any_number_is_refused_and_no_other(scale):
    if scale == 1e200:
        with pytest.raises(DataError, match=r"Column 0 spreads too far.*logarithm"):
            Vectors().fit(X * scale)
    else:
        adapter = Vectors().fit(X * scale)
        np.testing.assert_allclose(
            adapter.inverse_transform(adapter.transform(X * scale).x), X * scale, rtol=1e-4
        )


def test_a_row_too_far_away_for_single_precision_is_refused():
    far = X.copy()
    far[7, 1] = 1e300
    with pytest.raises(DataError, match=r"Column 1 holds a value so far from those.*overflows"):
        Vectors().fit(X).transform(far)


def test_what_is_masked_is_unknown():
    values = np.arange(12, dtype=np.int64).reshape(4, 3)
    masked = np.ma.masked_array(values, values % 5 == 0)
    batch = Vectors().fit_transform(masked)
    assert np.array_equal(~batch.observed.numpy(), masked.mask)
    assert batch.x.equal(Vectors().fit_transform(np.where(masked.mask, np.nan, values)).x)
