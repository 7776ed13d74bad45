"""The joint normal: the closed form, and the parameters that rows were drawn from."""

import pytest
import torch

from isthmus.tasks.joint_normal import JointNormal

S = torch.tensor([[1.0, 0.8, 0.3], [0.8, 1.0, 0.1], [0.3, 0.1, 2.0]], dtype=torch.float64)
MU = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)


def test_what_is_known_tells_of_what_is_not():
    x = torch.tensor([[2.0, 7.0, 0.5], [1.0, 1.0, 1.0], [3.0, 3.0, 3.0]])
    observed = torch.tensor([[True, False, True], [True, True, True], [False, False, False]])
    mean, variance = JointNormal(MU, S).given(x, observed)
    o, h = [0, 2], [1]
    regression = S[h][:, o] @ torch.linalg.inv(S[o][:, o])
    expected = MU[h] + regression @ (x[0, o].double() - MU[o])
    assert mean[0, 1].item() == pytest.approx(expected.item())
    assert variance[0, 1].item() == pytest.approx((S[1, 1] - regression @ S[o][:, h]).item())
    assert mean[0, [0, 2]].tolist() == [2.0, 0.5]
    assert mean[1].tolist() == [1, 1, 1]
    assert variance[1].abs().max() < 1e-12
    assert mean[2].tolist() == MU.tolist()
    assert variance[2].tolist() == pytest.approx(S.diagonal().tolist())


def test_it_finds_what_rows_with_holes_were_drawn_from():
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(4000, 3, generator=generator, dtype=torch.float64)
    x = MU + normal @ torch.linalg.cholesky(S).mT
    observed = torch.rand(x.shape, generator=generator) > 0.4
    found = JointNormal.fit(x * observed, observed)
    assert (found.mean - MU).abs().max() < 0.08
    assert (found.covariance - S).abs().max() < 0.12


def test_what_stands_in_holes_has_no_part():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(50, 3, generator=generator)
    observed = torch.rand(x.shape, generator=generator) > 0.3
    once = JointNormal.fit(x.where(observed, 0.0), observed)
    again = JointNormal.fit(x.where(observed, 100.0), observed)
    assert torch.equal(once.covariance, again.covariance)
    first, second = x.where(observed, 3.0), x.where(observed, -5.0)
    assert torch.equal(once.given(first, observed)[0], once.given(second, observed)[0])


def test_a_number_that_never_varies_does_no_harm():
    x = torch.zeros(20, 2)
    x[:, 1] = torch.arange(20.0)
    found = JointNormal.fit(x, torch.ones_like(x, dtype=torch.bool))
    mean, _ = found.given(torch.tensor([[0.0, 3.0]]), torch.tensor([[False, True]]))
    assert mean.isfinite().all()
    assert mean[0, 0].item() == pytest.approx(0, abs=1e-6)
