"""Occlusion: which cells are hidden, and where."""

import pytest
import torch

from isthmus import Batch, Image, Occlusion, Series, Vector
from isthmus.errors import CompositionError


def hidden(corruption, *shape, rows=500):
    """Which cells of a batch of ones are no longer there: ``(rows, *shape)``."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return corruption(Batch(torch.ones(rows, *shape))) == corruption.value


def test_a_block_of_a_picture_is_hidden_in_every_channel():
    gone = hidden(Occlusion(0.5), 3, 8, 6)
    assert torch.equal(gone[:, 0], gone[:, 2])
    rows, columns = gone[:, 0].any(2), gone[:, 0].any(1)
    assert (rows.sum(1) == 4).all()
    assert (columns.sum(1) == 3).all()
    assert torch.equal(gone[:, 0], rows[:, :, None] & columns[:, None])


@pytest.mark.parametrize("shape", [(10,), (2, 10)], ids=["vector", "series"])
def test_what_is_hidden_hangs_together(shape):
    gone = hidden(Occlusion(3), *shape).reshape(500, -1, 10)[:, 0]
    edges = gone.int().diff(dim=1).abs().sum(1) + gone[:, 0].int() + gone[:, -1].int()
    assert (gone.sum(1) == 3).all()
    assert (edges == 2).all()


def test_every_place_is_as_likely():
    starts = hidden(Occlusion(3), 10, rows=8000).int().argmax(1)
    counts = torch.bincount(starts, minlength=8)
    assert len(counts) == 8
    assert (counts / 1000 - 1).abs().max() < 0.15


def test_a_range_of_cells_takes_in_both_ends():
    assert set(hidden(Occlusion((1, 3)), 10).sum(1).tolist()) == {1, 2, 3}
    assert hidden(Occlusion((0.0, 1.0)), 100).sum(1).float().mean().item() == pytest.approx(50, 0.1)


def test_one_is_a_cell_and_one_point_nought_everything():
    assert (hidden(Occlusion(1), 10).sum(1) == 1).all()
    assert hidden(Occlusion(1.0), 10).all()
    assert hidden(Occlusion(99), 2, 5, 5).all()


def test_hidden_cells_hold_the_value():
    damaged = Occlusion(1.0, value=0.5).on(Image(1, 4, 4, support="unit"))(
        Batch(torch.ones(2, 1, 4, 4))
    )
    assert (damaged == 0.5).all()


def test_a_value_that_is_no_category_is_refused():
    space = Series(1, 9, support="categories", levels=5)
    assert Occlusion(value=4).on(space).value == 4
    for value in (5, 0.5, -1):
        with pytest.raises(CompositionError, match=r"categories, from 0 to 4"):
            Occlusion(value=value).on(space)
    assert Occlusion(value=0.5).on(Vector(3)).value == 0.5


@pytest.mark.parametrize("size", [0.5, 2], ids=["share", "cells"])
def test_a_short_series_is_damaged_within_its_own_length(size):
    lengths = torch.tensor([2, 4, 8, 12, 20]).repeat(200)
    observed = (torch.arange(20) < lengths[:, None])[:, None].expand(-1, 3, -1)
    x = observed.float()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        damaged = Occlusion(size).on(Series(3, 20, ragged=True))(Batch(x, observed))
    gone = (damaged != x)[:, 0]
    assert torch.equal(gone.sum(1), lengths // 2 if size == 0.5 else torch.full((1000,), 2))
    if size == 0.5:
        first = gone[lengths == 4].int().argmax(1)  # all places as likely: 0, 1 and 2
        assert torch.bincount(first, minlength=3).min() > 40
