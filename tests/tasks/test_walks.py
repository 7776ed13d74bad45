"""Ways through the codes: where they begin, where they end, and what is on them."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from isthmus import VAE, Generator
from isthmus.errors import CompositionError
from isthmus.tasks.walks import PATHS


@pytest.fixture(scope="module")
def digits():
    return load_digits().images[:400]


@pytest.fixture(scope="module")
def generator(digits):
    model = VAE(latent_dim=3, epochs=5, random_state=0)
    return Generator(model, prior="mixture", random_state=0).fit(digits)


@pytest.mark.parametrize("path", PATHS)
def test_a_walk_begins_and_ends_with_its_rows(generator, digits, path):
    walk = generator.interpolate(digits[0], digits[1], steps=4, path=path)
    ends = generator.model_.reconstruct(digits[:2])
    np.testing.assert_allclose(walk[[0, -1]], ends, atol=1e-3)


def test_a_walk_on_the_sphere_keeps_its_distance():
    a, b = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    t = torch.linspace(0, 1, 5)[:, None]
    torch.testing.assert_close(PATHS["sphere"](a, b, t).norm(dim=1), torch.full((5,), 2.0))
    assert PATHS["line"](a, b, t).norm(dim=1).min() < 1.5
    torch.testing.assert_close(PATHS["sphere"](a, a, t), a.expand(5, 2))


def test_arithmetic_with_nothing_to_add_is_the_row(generator, digits):
    same = generator.arithmetic(digits[0], plus=digits[:50], minus=digits[:50])
    np.testing.assert_allclose(same, generator.model_.reconstruct(digits[:1]), atol=1e-4)


def test_a_traversal_passes_through_its_row(generator, digits):
    walks = generator.traverse(digits[0], steps=5)
    assert len(walks) == 3
    for walk in walks:
        np.testing.assert_allclose(walk[2], generator.model_.reconstruct(digits[:1])[0], atol=1e-4)
        assert np.abs(walk[0] - walk[4]).max() > 1e-3


def test_what_is_no_way_is_told(generator, digits):
    with pytest.raises(CompositionError, match=r"path='arc' was given; expected one of line"):
        generator.interpolate(digits[0], digits[1], path="arc")
    with pytest.raises(CompositionError, match="codes=3"):
        generator.traverse(codes=[3])
