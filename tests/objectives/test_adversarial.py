"""The adversarial term: a game between the encoder and a critic, and where it comes to rest."""

from math import log

import pytest
import torch
from torch import nn

from isthmus import NLL, Adversarial, Codec, Composed, Dense, Gaussian, Normal, Point
from isthmus.errors import CompositionError
from isthmus.optimiser import Adam, Group
from isthmus.space import Batch, Vector
from isthmus.training import step


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def codec_of(latent=None, backbone=None):
    return Codec(Vector(3), latent or Point(3), Normal(), backbone or Dense((8,)))


def identity(scale=1.0):
    """A codec whose codes are x itself, ``scale`` times as large."""
    codec = codec_of(backbone=Dense(()))
    with torch.no_grad():
        (layer,) = codec.encoder.layers
        layer.weight.copy_(scale * torch.eye(3))
        layer.bias.zero_()
    return codec


def reached(module):
    return {name for name, each in module.named_parameters() if each.grad is not None}


def parts(term, codec, rows=4096):
    """The critic's loss without its penalty, and the encoder's, by hand."""
    z, prior = codec(Batch(torch.randn(rows, 3))).z.detach(), torch.randn(rows, 3)
    with torch.no_grad():
        told = -torch.sigmoid(term.critic(prior)).log() - torch.sigmoid(-term.critic(z)).log()
        return told.mean().item(), -torch.sigmoid(term.critic(z)).log().mean().item()


def critic_trained(term, codec, steps=200):
    """The critic alone learns, from codes of standard normal rows."""
    optimiser = Adam([*term.parameters()], 3e-3)
    for _ in range(steps):
        term(codec, codec(Batch(torch.randn(256, 3)))).backward()
        optimiser.step()
        optimiser.zero_grad()
    return term


def test_it_is_the_game_written_out():
    codec = codec_of()
    term = Adversarial((5,), penalty=0.0).on(codec)
    trace = codec(Batch(torch.randn(7, 3)))
    torch.manual_seed(1)
    value = term(codec, trace)
    torch.manual_seed(1)
    real, fake = (torch.sigmoid(term.critic(each)) for each in (torch.randn(7, 3), trace.z))
    by_hand = -real.log().mean() - (1 - fake).log().mean() - fake.log().mean()
    torch.testing.assert_close(value, by_hand)


def test_the_penalty_is_the_squared_gradient_on_draws_of_the_prior():
    codec = codec_of()
    without, with_it = (
        Adversarial((), penalty=0.0).on(codec),
        Adversarial((), penalty=3.0).on(codec),
    )
    with_it.load_state_dict(without.state_dict())
    trace = codec(Batch(torch.randn(7, 3)))
    values = []
    for term in (without, with_it):
        torch.manual_seed(1)
        values.append(term(codec, trace))
    # A linear critic has one gradient everywhere: its weights.
    steepness = without.critic[-1].weight.square().sum()
    torch.testing.assert_close(values[1] - values[0], 1.5 * steepness)


def test_a_critic_that_knows_nothing_makes_it_three_ln_2():
    codec = codec_of()
    term = Adversarial().on(codec)
    for each in term.critic[-1].parameters():
        nn.init.zeros_(each)
    assert term(codec, codec(Batch(torch.randn(7, 3)))).item() == pytest.approx(3 * log(2))


def test_each_player_is_moved_by_its_own_loss_alone():
    codec = codec_of()
    term = Adversarial().on(codec)
    trace, prior = codec(Batch(torch.randn(32, 3))), torch.randn(32, 3)
    term._told(trace.z.detach(), prior).backward(retain_graph=True)
    assert reached(codec) == set()
    assert reached(term) == {name for name, _ in term.named_parameters()}
    term.zero_grad()
    term._fooled(trace.z).backward()
    assert reached(codec) == {f"encoder.{name}" for name, _ in codec.encoder.named_parameters()}
    assert reached(term) == set()


def test_the_encoders_loss_pulls_codes_to_where_the_critic_expects_them():
    codec = identity(3.0)
    term = critic_trained(Adversarial((32, 32)).on(codec), codec)
    z = 3 * torch.randn(500, 3)
    z.requires_grad_()
    term._fooled(z).backward()
    far = z.detach().norm(dim=1) > 4
    inwards = -(z.grad * z.detach()).sum(1)  # the way that descent moves them
    assert (inwards[far] < 0).float().mean() > 0.95


def test_with_codes_drawn_from_the_prior_the_critic_cannot_tell():
    codec = identity()
    term = Adversarial((32, 32)).on(codec)
    with torch.no_grad():  # it begins by telling apart what is the same
        term.critic[-1].weight.mul_(30)
    assert parts(term, codec)[0] > 2 * log(2) + 0.3
    critics, encoders = parts(critic_trained(term, codec), codec)
    assert critics == pytest.approx(2 * log(2), abs=0.01)
    assert encoders == pytest.approx(log(2), abs=0.05)


def test_with_other_codes_it_can():
    codec = identity(3.0)
    critics, encoders = parts(critic_trained(Adversarial((32, 32)).on(codec), codec), codec)
    assert critics < 2 * log(2) - 0.2
    assert encoders > log(2) + 0.1


@pytest.mark.parametrize("latent", [Point(3), Gaussian(3)], ids=repr)
def test_the_game_brings_codes_to_the_prior(latent):
    codec = codec_of(latent, Dense((16,)))
    objective = (1 * Adversarial((16, 16))).on(codec)
    groups = [
        Group(owned, term.speed, (term.momentum, 0.999)) for term, owned in objective.groups()
    ]
    optimiser = Adam(codec.parameters(), groups=groups)
    for number in range(400):
        optimiser.rate = 5e-3 * (1 - number / 400)
        step(codec, objective, optimiser, Batch(1 + 2 * torch.randn(128, 3)))
    with torch.no_grad():
        trace = codec(Batch(1 + 2 * torch.randn(4096, 3)))
        assert objective(codec, trace).total.item() == pytest.approx(3 * log(2), abs=0.02)
    assert trace.z.mean(0).abs().max() < 0.2
    assert (trace.z.std(0) - 1).abs().max() < 0.2


def test_without_gradients_it_is_the_same_figure():
    codec = codec_of()
    term, trace = Adversarial().on(codec), codec(Batch(torch.randn(7, 3)))
    torch.manual_seed(1)
    value = term(codec, trace)
    torch.manual_seed(1)
    with torch.no_grad():
        assert torch.equal(term(codec, trace), value)


def test_under_reduced_precision_the_critic_keeps_whole_floats():
    codec = codec_of()
    term, trace = Adversarial().on(codec), codec(Batch(torch.randn(7, 3)))
    values = []
    for reduced in (False, True):
        torch.manual_seed(1)
        with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
            values.append(term(codec, trace))
    assert torch.equal(*values)


def test_the_critic_learns_faster_and_forgets_sooner():
    assert (Adversarial.speed, Adversarial.momentum) == (3.0, 0.5)
    groups = (NLL() + Adversarial()).on(codec_of()).groups()
    assert [(type(term).__name__, len(owned)) for term, owned in groups] == [("Adversarial", 6)]


def test_it_goes_into_any_composition():
    model = Composed(latent=Gaussian(2), objective=NLL() + 2 * Adversarial((4,)), epochs=1)
    assert repr(model.compose(Vector(5))[1]) == "NLL() + 2 * Adversarial((4,))"


def test_a_layer_without_width_is_refused():
    with pytest.raises(CompositionError, match=r"width=0.*Adversarial\(\(128, 128\)\)"):
        Adversarial((64, 0))


def test_a_penalty_below_zero_is_refused():
    with pytest.raises(CompositionError, match=r"penalty=-1"):
        Adversarial(penalty=-1)
