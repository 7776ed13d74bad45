"""Cells: how numbers beside categories enter an encoder."""

import pytest
import torch
from torch.nn.functional import one_hot

from isthmus import Autoencoder, Dense, Dictionary, Table
from isthmus.backbones import Stem
from isthmus.backbones.cells import EMBEDDED
from isthmus.errors import CompositionError
from isthmus.space import SPACES, Vector

SPACE = Table((3, 1, 40, 2, 1, 3, 100))


def rows(space, n=50, seed=0):
    draw = torch.Generator().manual_seed(seed)
    kinds = torch.tensor(space.kinds)
    x = torch.randn(n, space.size, generator=draw)
    x = x.where(kinds == 1, (torch.rand(x.shape, generator=draw) * kinds).floor())
    observed = torch.rand(x.shape, generator=draw) > 0.3
    return x * observed, observed


def laid_out(stem, row, known):
    """What one row should become, cell by cell."""
    parts = [torch.stack([row[1], row[4]])]
    parts += [one_hot(row[c].long(), SPACE.kinds[c]) * known[c] for c in (3, 0, 5)]
    vectors = stem.cells.embedding.weight
    parts += [vectors[first + row[c].long()] * known[c] for c, first in ((2, 0), (6, 40))]
    return torch.cat([*parts, known])


def test_each_kind_is_laid_out_in_its_own_way():
    stem = Stem(SPACE)
    x, observed = rows(SPACE)
    found = stem(x, observed)
    assert stem.space == Vector(2 + 2 + 3 + 3 + 2 * EMBEDDED + 7)
    assert found.shape == (50, stem.space.features)
    known = observed.float()
    for row in range(50):
        torch.testing.assert_close(found[row], laid_out(stem, x[row], known[row]))


def test_what_stands_in_an_unknown_cell_says_nothing():
    stem = Stem(SPACE)
    x, observed = rows(SPACE)
    for junk in (1e9, -7.0, float("nan"), float("inf")):
        assert torch.equal(stem(x.where(observed, junk), observed), stem(x, observed))


def test_a_row_of_which_all_is_known_needs_no_mask():
    x, _ = rows(SPACE)
    stem = Stem(SPACE)
    assert torch.equal(stem(x), stem(x, torch.ones_like(x, dtype=torch.bool)))


def test_a_zero_is_no_hole():
    x, stem = torch.zeros(1, 7), Stem(SPACE)
    assert not torch.equal(stem(x), stem(x, torch.zeros(1, 7, dtype=torch.bool)))


def test_every_cell_has_vectors_of_its_own():
    stem = Stem(Table((50, 50)))
    x = torch.arange(50.0)[:, None].expand(50, 2)
    found = stem(x)[:, : 2 * EMBEDDED].reshape(100, EMBEDDED)
    assert len(found.unique(dim=0)) == 100
    assert 0.5 < found.norm(dim=1).mean() < 1.5  # as long as a one among zeros


@pytest.mark.parametrize("backbone", [Dense((8,), tied=True), Dictionary(tied=True)], ids=repr)
def test_tied_weights_write_each_cell_by_what_reads_it(backbone):
    space = Table((3, 1, 2, 1))
    codec, _ = Autoencoder(latent_dim=2, backbone=backbone).compose(space)
    x, observed = rows(space)
    assert codec.raw(torch.zeros(50, 2)).shape == (50, 7)
    assert codec.stem(x, observed)[:, :2].equal(x[:, [1, 3]])
    with pytest.raises(CompositionError, match=r"tied|share weights"):
        Autoencoder(latent_dim=2, backbone=backbone).compose(SPACE)


@pytest.mark.parametrize("kinds", [(), (0,), (1, -3), (True,)])
def test_kinds_that_are_none_are_refused(kinds):
    with pytest.raises(CompositionError, match=r"kinds=.* was given; expected .*as in Table"):
        Table(kinds)


@pytest.mark.parametrize("kinds", [(1,), (2,), (1, 10_000), (1, 2) * 10_000])
def test_a_table_reads_as_it_prints(kinds):
    from isthmus.formula import read

    assert read(repr(Table(kinds)), SPACES) == Table(kinds)


def test_cells_stand_in_one_order_for_all():
    assert SPACE.numbers == (1, 4)
    assert SPACE.groups == ((2, (3,)), (3, (0, 5)), (40, (2,)), (100, (6,)))
    assert SPACE.order == (1, 4, 3, 0, 5, 2, 6)
