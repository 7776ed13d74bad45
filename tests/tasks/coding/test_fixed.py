"""Fixed point: tables of integers beside scipy, and integer networks beside their floats."""

import numpy as np
import pytest
import torch
from scipy import special

from isthmus import Conv, Dense, Image, Vector
from isthmus.tasks.coding import fixed
from isthmus.tasks.coding.networks import Network
from isthmus.tasks.coding.stack import Stack

X = np.arange(-12 * fixed.ONE, 12 * fixed.ONE, 997)


def test_tables_agree_with_scipy():
    for ours, theirs, far in (
        (fixed.sigmoid, special.expit, 5e-6),
        (fixed.normal, special.ndtr, 1e-6),
    ):
        np.testing.assert_allclose(ours(X) / fixed.WHOLE, theirs(X / fixed.ONE), atol=far)
    below = np.minimum(X, 0)
    np.testing.assert_allclose(
        fixed.exp(below) / fixed.WHOLE, np.exp(below / fixed.ONE), 2e-5, 1e-9
    )
    np.testing.assert_allclose(
        fixed.edges()[1:-1] / fixed.ONE, special.ndtri(np.arange(1, 4096) / 4096), atol=3e-5
    )


def test_tables_never_fall():
    for table in (fixed.sigmoid, fixed.normal, fixed.exp):
        assert (
            np.diff(table(np.sort(np.minimum(X, 0 if table is fixed.exp else 2**30)))) >= 0
        ).all()


def test_tables_are_the_same_integers_for_ever():
    # Other sums would read no code that was ever written: raise fixed.VERSION with them.
    sums = [int(each(np.minimum(X, 0)).sum()) for each in (fixed.sigmoid, fixed.normal, fixed.exp)]
    assert (fixed.VERSION, *sums) == (1, *SUMS)


SUMS = (1889414220447, 1806354176816, 3669769462632)

NETWORKS = {
    f"{backbone!r} {space!r}": (backbone, space)
    for backbone, space in [
        (Dense((16, 8)), Vector(5)),
        (Dense((16,), activation="leaky_relu", normalisation="batch"), Vector(5)),
        *((Dense((9,), activation=name), Vector(5)) for name in ("gelu", "silu", "tanh", "elu")),
        (Dense((9,), activation="sigmoid", dropout=0.5), Vector(5)),
        (Conv((4, 8), kernel=5, stride=3, normalisation="batch"), Image(2, 7, 9)),
        (Conv((4,), grid=True), Image(1, 6, 6)),
    ]
}


@pytest.mark.parametrize("name", NETWORKS)
def test_integers_stay_near_the_floats(name):
    backbone, space = NETWORKS[name]
    torch.manual_seed(0)
    for module, shape in (
        (backbone.encoder(space, 4), space.shape),
        (backbone.decoder(2, torch.Size(space.shape), space), (2, *backbone.grid(space))),
    ):
        x = torch.randn(6, *shape)
        for each in module.modules():
            if hasattr(each, "running_var"):
                each.running_var.uniform_(0.5, 2)
                each.running_mean.normal_()
        whole = (x.double() * fixed.ONE).round()
        found = Network(module)(whole)
        assert torch.equal(found, found.round())
        with torch.no_grad():
            expected = module.eval()(x)
        torch.testing.assert_close(found / fixed.ONE, expected.double(), rtol=0, atol=2e-3)


def test_a_network_has_the_same_name_for_ever():
    # With another no code would find the model that made it.
    layers = Dense((3,), normalisation="batch", activation="leaky_relu").encoder(Vector(2), 1)
    with torch.no_grad():
        for each in layers.parameters():
            each.fill_(0.25)
    assert Network(layers).digest.hexdigest() == "61fb1c3aec2fef29eeb963599bfab361"


def test_a_network_leaves_what_it_is_given():
    x = torch.full((2, 5), 2.0**40, dtype=torch.float64)
    Network(Dense((4,)).encoder(Vector(5), 1))(x)
    assert (x == 2.0**40).all()


def test_a_stack_that_was_dug_into_is_not_empty():
    stack = Stack()
    stack.push(np.array([1, 0]), np.array([100, 60000]))
    stack.pop(np.array([100, 60000]))
    assert stack.empty
    stack.pop(np.full(40, 1 << 15))
    assert stack.low
    assert not stack.empty


def test_a_yes_or_no_is_of_just_the_integers_that_are_promised():
    rng = np.random.default_rng(0)
    for odds in (1, 2, 77, 1 << 15, 65535, *rng.integers(1, 1 << 16, 20)):
        no = int((1 - odds / 2**16) * (2**24 - 2)) + 1
        for answer, count, start in ((0, no, 0), (1, 2**24 - no, no)):
            state = int(rng.integers(2**33, 2**40))
            stack = Stack(state.to_bytes(8, "little"))
            state = stack.coder.pos()[1]
            stack.push(np.array([answer]), np.array([odds]))
            whole, part = divmod(state, count)
            after = (whole << 24) + part + start
            assert stack.coder.pos()[1] in (after, after >> 32)
