"""SaltPepper: what each kind of value becomes, and how often."""

import pytest
import torch

from isthmus import Batch, SaltPepper, Vector
from isthmus.errors import CompositionError


def damaged(rate, x, **space):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SaltPepper(rate).on(Vector(x.shape[1], **space))(Batch(x))


@pytest.mark.parametrize(
    ("space", "extremes"),
    [({"support": "real"}, [-2, 2]), ({"support": "unit"}, [0, 1]), ({"support": "binary"}, [0, 1]),
     ({"support": "categories", "levels": 4}, [0, 1, 2, 3])],
    ids=lambda value: value.get("support") if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_share_of_the_numbers_becomes_extreme_each_way_alike(space, extremes):
    salted = damaged(0.2, torch.full((100, 1000), 7.0), **space)
    shares = [(salted == each).float().mean().item() for each in extremes]
    assert shares == pytest.approx([0.2 / len(extremes)] * len(extremes), abs=0.005)
    assert (salted == 7).float().mean().item() == pytest.approx(0.8, abs=0.005)


def test_all_or_nothing():
    x = torch.full((3, 50), 0.5)
    assert torch.equal(damaged(0.0, x, support="unit"), x)
    assert set(damaged(1.0, x, support="unit").unique().tolist()) == {0.0, 1.0}


def test_before_it_knows_the_values_it_says_what_to_do():
    with pytest.raises(
        CompositionError, match=r"Use SaltPepper\(\)\.on\(space\), or .*corruption="
    ):
        SaltPepper()(Batch(torch.ones(2, 3)))
