"""TotalCorrelation: against Gaussians, whose own is known."""

from math import log

import pytest
import torch
from torch.distributions import Normal as Noise

from isthmus import (
    KL,
    NLL,
    Batch,
    Codec,
    Composed,
    Dense,
    Gaussian,
    Normal,
    Point,
    TotalCorrelation,
    Trace,
    Vector,
)
from isthmus.errors import CompositionError


def value_at(correlation, rows=2000):
    """The term where ``z`` is a standard normal pair of that correlation, half of it noise."""
    generator = torch.Generator().manual_seed(0)
    covariance = torch.tensor([[0.5, correlation], [correlation, 0.5]])
    root = torch.linalg.cholesky(covariance)
    mean = torch.randn(rows, 2, generator=generator) @ root.T
    scale = torch.full_like(mean, 0.5**0.5)
    z = mean + scale * torch.randn(rows, 2, generator=generator)
    q = Noise(mean, scale)
    codec = Codec(Vector(2), Gaussian(2), Normal(), Dense(()))
    return TotalCorrelation()(codec, Trace(Batch(mean), mean, q, z, q)).item()


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.45])
def test_of_gaussians_it_is_the_closed_form(correlation):
    assert value_at(correlation) == pytest.approx(-log(1 - correlation**2) / 2, abs=0.025)


def test_its_weight_makes_codes_less_correlated():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(1000, 2, generator=generator)
    X = (hidden @ torch.tensor([[1.0, 0.8, 0.2], [0.8, 1.0, -0.4]])).numpy()

    def correlation(objective):
        model = Composed(
            latent=Gaussian(2), objective=objective, backbone=Dense((16,)), likelihood=Normal(0.3),
            epochs=40, learning_rate=1e-2, random_state=3, verbose=False,
        ).fit(X)  # fmt: skip
        return abs(torch.corrcoef(torch.tensor(model.transform(X).T))[0, 1].item())

    plain, untangled = correlation(NLL()), correlation(NLL() + 5 * TotalCorrelation())
    assert untangled < 0.1 < plain


def test_one_row_alone_has_none():
    codec = Codec(Vector(5), Gaussian(3), Normal(), Dense((4,)))
    objective = KL() + TotalCorrelation()
    assert objective(codec, codec(Batch(torch.ones(1, 5)))).terms[
        "TotalCorrelation"
    ].item() == pytest.approx(0, abs=1e-5)


def test_a_point_has_no_density():
    with pytest.raises(CompositionError, match=r"TotalCorrelation\(\) needs a latent with a dens"):
        TotalCorrelation().on(Codec(Vector(5), Point(3), Normal(), Dense(())))
