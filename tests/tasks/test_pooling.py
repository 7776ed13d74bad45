"""Rubin's rules: by hand, and as often right as they say."""

import numpy as np
import pytest

from isthmus.errors import DataError
from isthmus.tasks.pooling import pool


def test_it_is_rubins_arithmetic():
    pooled = pool([10.0, 12.0, 14.0], [1.0, 2.0, 3.0])
    # W = 2, B = 4, T = 2 + 4 / 3 * 4 = 22 / 3, df = 2 (1 + 2 / (16 / 3))^2
    assert pooled.estimate == 12
    assert pooled.variance == pytest.approx(22 / 3)
    assert pooled.degrees_of_freedom == pytest.approx(2 * (1 + 3 / 8) ** 2)
    assert pooled.share_missing == pytest.approx((16 / 3) / (22 / 3))


def test_tables_that_agree_leave_the_variance_as_it_is():
    pooled = pool([[1.0, 2.0]] * 4, [[0.5, 0.25]] * 4)
    assert pooled.variance.tolist() == [0.5, 0.25]
    assert np.isinf(pooled.degrees_of_freedom).all()
    low, high = pooled.interval()
    assert high - low == pytest.approx(2 * 1.959964 * np.sqrt([0.5, 0.25]), rel=1e-4)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        x = rng.normal(size=40)
        known, holes = x[:20], 20
        # Proper draws of a normal of known variance: its mean is drawn first.
        means = known.mean() + rng.normal(size=(20, 1)) / np.sqrt(20)
        tables = np.hstack([np.tile(known, (20, 1)), means + rng.normal(size=(20, holes))])
        low, high = pool(tables.mean(1), np.full(20, 1 / 40)).interval(0.9)
        covered += bool(low <= 0 <= high)
    assert 0.86 <= covered / 400 <= 0.94


@pytest.mark.parametrize(
    ("estimates", "variances"),
    [
        ([1.0], [1.0]),
        ([1.0, 2.0], [1.0]),
        (1.0, 1.0),
        ([1.0, 2.0], [1.0, -1.0]),
        ([1.0, np.nan], [1.0, 1.0]),
    ],
)
def test_what_cannot_be_pooled_is_refused(estimates, variances):
    with pytest.raises(DataError, match="expected"):
        pool(estimates, variances)


def test_confidence_is_a_share():
    with pytest.raises(DataError, match=r"0\.95"):
        pool([1.0, 2.0], [1.0, 1.0]).interval(95)
