"""Quantised: the nearest entries, how they are learned, and how dead ones come back."""

import numpy as np
import pytest
import torch
from torch import nn

from isthmus import Quantised
from isthmus.errors import CompositionError
from isthmus.latents import quantised

GRIDS = pytest.mark.parametrize("grid", [(), (3, 2)], ids=["vector", "grid"])


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def learned(*grid, dim=6, codes=8, groups=3, rows=40, steps=3):
    """A latent that has seen a few batches, ready for use."""
    latent = Quantised(dim, codes, groups)
    for _ in range(steps):
        latent(torch.randn(rows, dim, *grid))
    return latent.eval()


def by_hand(latent, z):
    """The nearest entries, one position and one group at a time."""
    width = latent.dim // latent.groups
    value, indices = torch.empty_like(z), torch.empty(len(z), latent.groups, *z.shape[2:])
    for row, group, *place in np.ndindex(indices.shape):
        cells = (row, slice(group * width, (group + 1) * width), *place)
        nearest = (latent.entries[group] - z[cells]).square().sum(1).argmin()
        indices[(row, group, *place)] = nearest
        value[cells] = latent.entries[group, nearest]
    return value, indices.long()


@GRIDS
@pytest.mark.parametrize("far", [0.0, 1000.0])
def test_each_group_takes_its_nearest_entry(grid, far):
    latent = learned(*grid)
    latent.entries += far
    z = far + torch.randn(10, 6, *grid)
    q = latent(z)
    value, indices = by_hand(latent, z)
    assert torch.equal(q.mean, value)
    assert torch.equal(q.indices, indices)
    assert torch.equal(q.encoded, z)
    assert torch.equal(latent.project(z), value)
    assert torch.equal(latent.project(value), value)
    assert torch.equal(latent.looked_up(indices), value)


def test_gradients_pass_straight_through():
    latent = learned()
    z = torch.randn(10, 6, requires_grad=True)
    weight = torch.randn(10, 6)
    (weight * latent(z).rsample()).sum().backward()
    assert torch.equal(z.grad, weight)


def test_a_few_distances_at_a_time_are_the_same(monkeypatch):
    latent, z = learned(3, 2), torch.randn(10, 6, 3, 2)
    at_once = latent(z).indices
    monkeypatch.setattr(quantised, "NUMBERS", 100)
    assert torch.equal(latent(z).indices, at_once)


def test_half_precision_mistakes_no_entry():
    latent = learned()
    latent.entries += 100
    z = 100 + torch.randn(50, 6)
    exact = latent(z).indices
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(latent(z).indices, exact)


def test_entries_begin_as_rows_of_the_first_batch():
    latent = Quantised(4, codes=6, groups=2, decay=0.0)
    rows = torch.randn(20, 4)
    latent.entries.zero_()
    latent._revive(latent._cut(rows))
    for group, part in enumerate(rows.split(2, dim=1)):
        same = (latent.entries[group][:, None] == part).all(-1)
        assert (same.sum(1) == 1).all()
        assert same.sum(0).max() == 1  # no row twice


def test_where_rows_are_few_the_next_batches_give_the_rest():
    latent = Quantised(2, codes=10, groups=1)
    dead = []
    for _ in range(4):
        rows = torch.randn(4, 2) + 50  # far from where an empty entry would lie
        q = latent(rows)
        assert (q.mean > 40).all()
        dead.append(latent.figures()["dead"])
    assert dead == [6, 2, 0, 0]


def test_entries_become_the_means_of_clusters():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    latent = Quantised(2, codes=4, groups=1, decay=0.9)
    for _ in range(300):
        latent(centres[torch.randint(4, (64,))] + torch.randn(64, 2))
    distances = torch.cdist(centres, latent.entries[0])
    assert distances.min(1).values.max() < 0.5
    assert latent.figures()["perplexity"] == pytest.approx(4, rel=0.05)


def test_one_step_is_the_moving_average():
    latent = learned(dim=2, codes=3, groups=1)
    before, counts = latent.entries[0].clone(), latent.counts[0].clone()
    x = torch.randn(30, 2)
    index = latent.train()(x).indices[:, 0]
    for k in range(3):
        mine = x[index == k]
        used = 0.99 * counts[k] + 0.01 * len(mine)
        mean = (0.99 * counts[k] * before[k] + 0.01 * mine.sum(0)) / used
        torch.testing.assert_close(latent.counts[0, k], used)
        torch.testing.assert_close(latent.entries[0, k], mean)


def test_an_entry_that_nothing_falls_to_begins_anew_as_a_row():
    latent = learned(dim=2, codes=4, groups=1)
    latent.entries[0, 1] = 1e3
    for _ in range(9):
        latent.train()(torch.randn(40, 2))
    assert latent.entries[0, 1].tolist() == [1e3, 1e3]
    latent(torch.randn(40, 2))
    assert latent.figures()["dead"] == 1
    rows = torch.randn(40, 2)
    latent._revive(latent._cut(rows))
    assert (rows == latent.entries[0, 1]).all(1).any()
    assert latent.figures()["dead"] == 0


def test_an_entry_in_use_is_left_alone():
    latent = learned(dim=2, codes=4, groups=1)
    before = latent.entries.clone()
    latent._revive(latent._cut(torch.randn(40, 2)))
    assert torch.equal(latent.entries, before)


@pytest.mark.parametrize(("taken", "perplexity"), [([0, 0, 0, 0], 1.0), ([0, 1, 2, 3], 4.0)])
def test_perplexity_is_how_many_entries_are_used(taken, perplexity):
    latent = Quantised(1, codes=4, decay=0.5)
    latent.entries[0, :, 0] = torch.arange(4.0)
    latent.idle.zero_()
    for _ in range(50):
        latent(torch.tensor(taken).float()[:, None])
        latent.idle.zero_()
    assert latent.figures()["perplexity"] == pytest.approx(perplexity, abs=1e-3)


def test_use_changes_nothing_and_draws_nothing():
    latent = learned()
    before = {name: each.clone() for name, each in latent.state_dict().items()}
    state = torch.get_rng_state()
    latent(torch.randn(10, 6, generator=torch.Generator().manual_seed(1)))
    Quantised(6)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(each, before[name]) for name, each in latent.state_dict().items())


def test_a_state_is_the_whole_of_it():
    latent, x = learned(), torch.randn(20, 6)
    with torch.device("meta"):
        again = latent.fresh()
    again.load_state_dict(latent.state_dict(), assign=True)
    assert torch.equal(again.eval()(x).mean, latent(x).mean)
    assert again.figures() == latent.figures()


def test_pairs_are_the_default():
    assert [Quantised(dim).groups for dim in (1, 2, 3, 16)] == [1, 1, 3, 8]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"groups": 4}, r"groups=4 .*codes of 6.*one of 1, 2, 3, 6"),
        ({"groups": 0}, "groups=0 .*at least 1"),
        ({"codes": 0}, "codes=0 .*1 to"),
        ({"decay": 1.0}, r"decay=1\.0.*from 0 up to, not with, 1"),
    ],
)
def test_what_will_not_do_is_refused(arguments, said):
    with pytest.raises(CompositionError, match=said):
        Quantised(6, **arguments)


def test_it_learns_in_any_float():
    latent = nn.Sequential(Quantised(2, codes=4)).double()
    assert latent(torch.randn(9, 2).double()).mean.dtype == torch.float64


def test_variance_is_that_of_the_entries_as_they_are_used():
    latent = Quantised(2, codes=3, groups=1, decay=0.5)
    latent.entries[0] = torch.tensor([[0.0, 0.0], [2.0, 4.0], [9.0, 9.0]])
    latent.counts[0] = torch.tensor([1.0, 1.0, 0.0])
    torch.testing.assert_close(latent.variance, torch.tensor([2.5, 2.5]))
    assert Quantised(2, codes=1).variance.tolist() == [1, 1]
