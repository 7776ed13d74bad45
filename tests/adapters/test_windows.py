"""windows and overlap: nothing is left out, and what is put back together is the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus import overlap, windows
from isthmus.errors import CompositionError, DataError


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.sampled_from([(), (3,)]))
def test_what_is_cut_is_put_back_together(steps, size, stride, channels):
    x = np.random.default_rng(0).normal(size=(steps, *channels))
    if size > steps:
        with pytest.raises(DataError, match=f"A series of {steps} steps was given"):
            windows(x, size)
        return
    stride = min(stride, size)
    pieces = windows(x, size, stride)
    assert pieces.shape[1:] == (size, *channels)
    np.testing.assert_allclose(overlap(pieces, steps, stride), x)
    np.testing.assert_array_equal(pieces[0], x[:size])
    np.testing.assert_array_equal(pieces[-1], x[-size:])


def test_each_step_is_the_mean_of_those_that_hold_it():
    pieces = np.array([[1.0, 2.0], [4.0, 6.0], [8.0, 9.0]])
    np.testing.assert_array_equal(overlap(pieces, 4), [1, 3, 7, 9])
    np.testing.assert_array_equal(overlap(pieces, 5, stride=2), [1, 2, 4, 7, 9])


def test_at_a_stride_of_one_nothing_is_copied():
    x = np.zeros(10_000)
    assert np.shares_memory(windows(x, 1000), x)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="expected one"):
        windows(np.zeros((2, 3, 4)), 2)
    with pytest.raises(DataError, match=r"3 windows of 2 steps, 1 apart, .* is cut into 8"):
        overlap(np.zeros((3, 2)), 9)
    with pytest.raises(CompositionError, match="size=0"):
        windows(np.zeros(9), 0)
    with pytest.raises(CompositionError, match="stride=0"):
        windows(np.zeros(9), 2, 0)
    with pytest.raises(CompositionError, match="stride=3 was given; expected 1 to 2"):
        windows(np.zeros(9), 2, 3)
