"""Tests of k-sparse codes: the few that speak, and those that have fallen silent."""

import pytest
import torch

from isthmus import Codec, Dense, Normal, TopK, Vector
from isthmus.errors import CompositionError
from isthmus.latents import Sparse
from isthmus.space import Batch


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("grid", [(), (5,), (3, 4)], ids=str)
def test_the_k_largest_stay_and_nothing_is_negative(grid):
    raw = numbers(20, 12, *grid)
    z = TopK(12, k=4)(raw).mean
    assert z.shape == raw.shape
    assert (z >= 0).all()
    assert ((z != 0).sum(1) <= 4).all()
    smallest_kept = raw.sort(dim=1, descending=True).values[:, 3:4]
    torch.testing.assert_close(z, raw.where(raw >= smallest_kept, 0.0).relu())


def test_a_row_that_says_nothing_has_no_code():
    assert (TopK(6, k=3)(-torch.ones(2, 6)).mean == 0).all()


def test_the_whole_code_is_laid_out_once_and_only_when_asked_for():
    q = TopK(12, k=4)(numbers(20, 12))
    assert isinstance(q, Sparse)
    assert q.values.shape == q.indices.shape == (20, 4)
    assert q.size == 12
    assert "value" not in vars(q)
    assert q.mean is q.mean is q.rsample()


def test_a_pass_through_a_codec_does_not_lay_it_out_where_the_decoder_gathers():
    from isthmus import Dictionary

    for backbone, laid_out in ((Dictionary(), False), (Dense(()), True)):
        codec = Codec(Vector(5), TopK(12, k=4), Normal(), backbone)
        trace = codec(Batch(numbers(20, 5)))
        assert ("value" in vars(trace.q)) == laid_out
        assert trace.z is trace.q.mean


def test_gradients_reach_what_speaks_and_nothing_else():
    raw = numbers(20, 12).requires_grad_()
    q = TopK(12, k=4)(raw)
    (q.mean * numbers(20, 12, seed=1)).sum().backward()
    assert torch.equal(raw.grad != 0, q.mean != 0)


def test_silence_is_counted_in_rows_of_training_alone():
    latent = TopK(3, k=1, dead_after=15)
    first = torch.tensor([[1.0, 0.0, -1.0]]).repeat(10, 1)
    latent(first)
    assert latent.idle.tolist() == [0, 10, 10]
    latent.eval()(first)
    assert latent.idle.tolist() == [0, 10, 10]
    latent.train()(torch.tensor([[0.0, 1.0, -1.0]]).repeat(10, 1))
    assert latent.idle.tolist() == [10, 0, 20]
    assert latent.dead.tolist() == [False, False, True]
    assert latent.figures() == {"dead": 1.0}


def test_a_code_that_is_kept_at_zero_is_silent_still():
    latent = TopK(3, k=2)
    latent(torch.tensor([[1.0, -1.0, -2.0]]))
    assert latent.idle.tolist() == [0, 1, 1]


def test_a_code_that_speaks_anywhere_on_a_grid_is_alive():
    latent = TopK(3, k=1)
    raw = -torch.ones(4, 3, 2, 2)
    raw[3, 2, 1, 1] = 1.0
    latent(raw)
    assert latent.idle.tolist() == [4, 4, 0]


@pytest.mark.parametrize("grid", [(), (3, 4)], ids=str)
def test_projection_keeps_the_codes_that_it_made(grid):
    latent = TopK(12, k=4).eval()
    z = latent(numbers(20, 12, *grid)).mean
    assert torch.equal(latent.project(z), z)
    assert ((latent.project(numbers(20, 12, *grid)) != 0).sum(1) <= 4).all()


@pytest.mark.parametrize(("dim", "how"), [(3, {"k": 4}), (3, {"k": 0}), (3, {"dead_after": -1})])
def test_what_can_not_be_is_refused(dim, how):
    with pytest.raises(CompositionError, match=r"was given.*expected .*TopK\(1024"):
        TopK(dim, **how)
