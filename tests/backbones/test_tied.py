"""Tied weights: stored once, and never untied by what is done to the model."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.nn.functional import linear

from isthmus import (
    Autoencoder,
    Batch,
    Bernoulli,
    Categorical,
    Codec,
    ConditionalVAE,
    Dense,
    Gaussian,
    Image,
    Normal,
    Point,
    Vector,
    load,
)
from isthmus.backbones.tying import Transposed
from isthmus.errors import CompositionError
from isthmus.optimiser import Adam


def codec_of(space=None, latent=None, likelihood=None, backbone=None):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = backbone or Dense((8, 5), tied=True)
        return Codec(space or Vector(7), latent or Point(3), likelihood or Normal(), backbone)


def pairs(codec):
    """Each linear layer of the encoder, with its mirror image."""
    forth = [each for each in codec.encoder.layers if isinstance(each, torch.nn.Linear)]
    back = [each for each in codec.decoder.layers if isinstance(each, Transposed)]
    assert len(forth) == len(back) > 0
    return list(zip(forth, reversed(back), strict=True))


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def check_tied(codec):
    """Moving the encoder's weights moves the decoder's."""
    for forth, back in pairs(codec):
        assert back.source[0] is forth
        with torch.no_grad():
            forth.weight.add_(1)
        assert torch.equal(back.weight, forth.weight[:, : len(back.bias)].T)
    assert all(each.dim() == 1 for each in codec.decoder.parameters())


def test_the_decoder_is_the_encoder_transposed():
    codec, z = codec_of(backbone=Dense((8,), activation="tanh", tied=True)), numbers(4, 3)
    (first, top), (second, low) = pairs(codec)
    h = linear(z, second.weight.T, low.bias).tanh()
    expected = linear(h, first.weight.T, top.bias)
    torch.testing.assert_close(codec.decoder(z), expected)


@pytest.mark.parametrize(
    ("space", "likelihood"),
    [
        (Vector(7), Normal()),
        (Vector(7, holes=True), Normal("feature")),
        (Image(2, 3, 3, support="unit", holes=True), Bernoulli()),
        (Vector(7, support="categories", levels=3), Categorical()),
        (Vector(7, support="categories", levels=3, holes=True), Categorical()),
    ],
    ids=repr,
)
def test_what_reads_x_writes_it(space, likelihood):
    codec = codec_of(space, likelihood=likelihood)
    x = numbers(5, *space.shape).abs().round().clamp(max=1)
    trace = codec(Batch(x, x > 0.5 if space.holes else None))
    trace.p.log_prob(x).sum().backward()
    assert all((each.grad != 0).any() for each in codec.parameters())
    check_tied(codec)


def test_categories_are_read_and_written_in_one_order():
    space = Vector(4, support="categories", levels=3)
    codec = codec_of(space, likelihood=Categorical(), backbone=Dense((), tied=True))
    (layer,) = codec.encoder.layers
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0].view(3, 4)[2, 1] = 1.0  # code 0 looks for category 2 in column 1
        layer.bias.zero_(), codec.decoder.layers[0].bias.zero_()
    x = torch.tensor([[0.0, 2.0, 0.0, 0.0]])
    z = codec.encode(x).mean
    assert z[0, 0] == 1
    assert codec.decode(10 * z).probs[0].argmax(-1)[1] == 2


def test_weights_are_there_once():
    codec = codec_of()
    names = [name for name, each in codec.named_parameters() if each.dim() == 2]
    assert [name.split(".")[0] for name in names] == ["encoder"] * 3
    assert codec.state_dict().keys() == dict(codec.named_parameters()).keys() | {
        name for name, _ in codec.named_buffers()
    }


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda codec: pickle.loads(pickle.dumps(codec)),
        lambda codec: codec.double(),
        lambda codec: codec.to_empty(device="cpu"),
    ],
    ids=["deepcopy", "pickle", "double", "to_empty"],
)
def test_copies_stay_tied_and_share_nothing(copied):
    codec = codec_of()
    other = copied(codec)
    check_tied(other)
    if other is not codec:
        shared = {each.data_ptr() for each in codec.parameters()}
        assert shared.isdisjoint(each.data_ptr() for each in other.parameters())


def test_assigned_weights_are_tied():
    with torch.device("meta"):
        codec = codec_of()
    codec.load_state_dict(codec_of().state_dict(), assign=True)
    assert torch.equal(codec.decoder(numbers(2, 3)), codec_of().decoder(numbers(2, 3)))
    check_tied(codec)


def test_a_step_moves_both():
    codec = codec_of()
    before = pairs(codec)[0][1].weight.clone()
    codec(Batch(numbers(6, 7))).p.mean.sum().backward()
    Adam(codec.parameters()).step()
    assert not torch.equal(pairs(codec)[0][1].weight, before)
    check_tied(codec)


def autoencoder(**settings):
    usual = {"latent_dim": 3, "epochs": 5, "batch_size": 16, "random_state": 0, "verbose": False}
    return Autoencoder(**(usual | {"backbone": Dense((8,), tied=True)} | settings))


def test_models_are_saved_loaded_and_trained_on(tmp_path):
    X = numbers(64, 6).numpy()
    model = autoencoder().fit(X)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert np.array_equal(again.reconstruct(X), model.reconstruct(X))
    assert again.partial_fit(X).score(X) > model.score(X)
    check_tied(again.codec_)
    check_tied(copy.deepcopy(model).partial_fit(X).codec_)


def test_the_best_epoch_and_a_checkpoint_keep_the_tie(tmp_path):
    X = numbers(64, 6).numpy()
    settings = {"validation_fraction": 0.3, "patience": 2, "epochs": 10}
    plain, written = (
        autoencoder(**settings),
        autoencoder(**settings, checkpoint=str(tmp_path / "c")),
    )
    assert np.array_equal(plain.fit(X).transform(X), written.fit(X).transform(X))
    check_tied(written.codec_)


def test_half_the_weights_learn_as_much():
    X = (numbers(300, 2) @ numbers(2, 8)).numpy()
    errors = [
        np.square(autoencoder(backbone=Dense((), tied=tied), epochs=200, learning_rate=1e-2)
        .fit(X).reconstruct(X) - X).mean()
        for tied in (False, True)
    ]  # fmt: skip
    assert max(errors) < 1e-3


def test_a_condition_has_weights_of_its_own():
    with pytest.raises(CompositionError, match="tied weights"):
        ConditionalVAE(backbone=Dense((8,), tied=True)).compose(Vector(7), 2)
    codec = Codec(Vector(7), Point(3), Normal(), Dense((8,), tied=True), context=2)
    assert [codec.encoder.context.weight.shape, codec.decoder.context.weight.shape] == [(8, 2)] * 2


class Doubled(Normal):
    """A likelihood that takes two numbers for each of x."""

    def raw_shape(self):
        return torch.Size((2, *super().raw_shape()))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"latent": Gaussian(3)}, r"from 3 numbers to 5 where the encoder's goes from 5 to 6"),
        ({"likelihood": Doubled()}, r"several numbers for each of x, \(2, 7\)"),
        ({"likelihood": Doubled(), "space": Vector(7, holes=True)}, r"several numbers"),
        (
            {"space": Vector(7, support="categories", levels=40), "likelihood": Categorical()},
            r"to 280 where the encoder's goes from 224 to 8",
        ),
    ],
    ids=["gaussian", "two numbers", "two numbers and holes", "embedded"],
)
def test_what_can_not_be_tied_is_refused(parts, said):
    with pytest.raises(CompositionError, match=said):
        codec_of(**parts)
