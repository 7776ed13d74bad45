"""One distribution looks at many values of x at once, laid along an axis in front."""

import pytest
import torch

from isthmus import Bernoulli, Laplace, Normal
from isthmus.space import Vector

LIKELIHOODS = [Bernoulli(), Normal(), Normal(2.0), Normal("feature"), Laplace()]


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
def test_values_are_spread_over_the_rows(likelihood):
    p = likelihood.on(Vector(3, support="binary"))(torch.randn(4, 3))
    values = torch.bernoulli(torch.full((5, 4, 3), 0.5))
    every = p.log_prob(values)
    assert every.shape == values.shape
    torch.testing.assert_close(every[2], p.log_prob(values[2]))
    one = p.log_prob(torch.ones(3))
    torch.testing.assert_close(one, p.log_prob(torch.ones(4, 3)))


def test_coins_are_broadcast_as_torch_does():
    p = Bernoulli().on(Vector(3, support="binary"))(torch.randn(4, 3))
    wide = p.expand((2, 4, 3))
    assert wide.mean.shape == (2, 4, 3)
    assert wide.sample().shape == wide.log_prob(torch.ones(4, 3)).shape == (2, 4, 3)
