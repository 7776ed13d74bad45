"""Space and Batch."""

import pytest
import torch

from isthmus.space import SPACES, Batch, Image, Vector


@pytest.mark.parametrize(
    ("space", "shape", "size"), [(Vector(5), (5,), 5), (Image(3, 4, 6), (3, 4, 6), 72)]
)
def test_sizes(space, shape, size):
    assert space.shape == shape
    assert space.size == size
    assert space.support == "real"
    assert not space.holes


@pytest.mark.parametrize(
    "space", [Vector(5), Vector(2, support="categories", levels=3), Image(1, 2, 3, holes=True)]
)
def test_a_space_prints_as_the_call_that_makes_it(space):
    from isthmus.formula import read

    assert read(repr(space), SPACES) == space


def test_a_space_does_not_change():
    with pytest.raises(AttributeError):
        Vector(5).features = 6


X = torch.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize("rows", [slice(1, 3), torch.tensor([3, 0])], ids=["slice", "rows"])
def test_every_tensor_of_a_batch_follows(rows):
    some = Batch(X, X > 3, X[:, :1])[rows]
    assert len(some) == 2
    assert torch.equal(some.x, X[rows])
    assert torch.equal(some.observed, X[rows] > 3)
    assert torch.equal(some.context, X[rows][:, :1])


def test_what_is_not_there_stays_away():
    some = Batch(X)[slice(2)].to(torch.device("cpu"))
    assert some.observed is None
    assert some.context is None
    assert len(some.tensors()) == 1
    assert len(Batch(X, X > 3).tensors()) == 2
