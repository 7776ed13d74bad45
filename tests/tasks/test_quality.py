"""Figures of quality, beside what their formulas say."""

import numpy as np
import pytest

from isthmus import psnr, snr, ssim
from isthmus.errors import DataError

RNG = np.random.default_rng(0)


def test_decibels():
    clean = np.full((2, 3, 3), 100, np.uint8)
    found = clean + np.array([0, 10], np.uint8)[:, None, None]
    assert psnr(clean, found).tolist() == pytest.approx([np.inf, 20 * np.log10(25.5)])
    assert snr(clean, found).tolist() == pytest.approx([np.inf, 20.0])
    assert psnr(clean, found, peak=10)[1] == pytest.approx(0)
    lists = [np.ones(3), np.ones(5)]
    assert snr(lists, [1.1 * each for each in lists]) == pytest.approx([20, 20])


def test_unknown_cells_do_not_count():
    clean = np.array([[0.0, 1.0, np.nan]])
    assert psnr(clean, np.array([[0.1, 0.9, 7.0]])) == pytest.approx([20])


def directly(a, b, peak, side=11):
    """SSIM window by window, with weights written out."""
    at = np.arange(side) - side // 2
    weights = np.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    found = []
    for top in range(a.shape[0] - side + 1):
        for left in range(a.shape[1] - side + 1):
            x = a[top : top + side, left : left + side]
            y = b[top : top + side, left : left + side]
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            cov = (weights * (x - mx) * (y - my)).sum()
            found.append(
                (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
            )
    return np.mean(found)


@pytest.mark.parametrize(("shape", "side"), [((15, 13), 11), ((8, 8), 7), ((1, 5), 1)])
def test_structure_is_what_the_paper_says(shape, side):
    a = RNG.random(shape)
    b = np.clip(a + RNG.normal(0, 0.2, shape), 0, 1)
    (found,) = ssim(a[None], b[None])
    assert found == pytest.approx(directly(a, b, 1.0, side), rel=1e-6)
    colour = ssim(np.stack([a, a], -1)[None], np.stack([b, a], -1)[None])
    assert colour[0] == pytest.approx((found + 1) / 2)


def test_what_does_not_compare_is_told():
    with pytest.raises(DataError, match="expected pictures"):
        ssim(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(DataError, match="as many of one"):
        psnr(np.ones((2, 3)), np.ones((1, 3)))
    with pytest.raises(DataError, match="both alike"):
        snr(np.ones((2, 3)), np.ones((2, 4)))
