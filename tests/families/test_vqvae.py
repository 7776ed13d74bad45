"""VQVAE: codes are whole numbers, and few bits do for a picture."""

import os
import signal

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from isthmus import NLL, VQVAE, Autoencoder, Commitment, Composed, Dense, Point, training
from isthmus.backbones import Backbone
from isthmus.errors import CompositionError, DataError
from isthmus.space import Image

X = load_digits().images
SETTINGS = {"latent_dim": 8, "backbone": Dense((64,)), "random_state": 0, "verbose": False}


@pytest.fixture(scope="module")
def model():
    return VQVAE(codes=64, epochs=30, **SETTINGS).fit(X[:1500])


def test_codes_are_entries(model):
    codes, indices = model.transform(X), model.indices(X)
    assert indices.shape == (1797, 4)
    assert indices.min() >= 0
    assert indices.max() < 64
    entries = model.codec_.latent.entries.numpy()
    found = np.concatenate([entries[group, indices[:, group]] for group in range(4)], axis=1)
    np.testing.assert_array_equal(codes, found)


def test_whole_numbers_say_all_that_the_code_does(model):
    np.testing.assert_array_equal(model.from_indices(model.indices(X)), model.reconstruct(X))


def test_every_entry_has_its_use(model):
    last = model.history_.rows[-1]
    assert last["dead"] == 0
    assert last["perplexity"] > 32
    assert len(model.history_.column("dead")) == len(model.history_.column("perplexity")) == 30


def test_it_reconstructs_nearly_as_the_plain_one_does(model):
    plain = Autoencoder(epochs=30, **SETTINGS).fit(X[:1500])
    ours, theirs = (
        ((each.reconstruct(X[1500:]) - X[1500:]) ** 2).mean() for each in (model, plain)
    )
    assert ours < 1.25 * theirs


def test_what_is_sampled_near_a_row_has_a_code_of_entries(model):
    z = torch.from_numpy(model.transform(X[:50].astype("float32")))
    z += 0.3 * torch.randn(z.shape, generator=torch.Generator().manual_seed(0))
    valid = model.codec_.latent.project(z)
    np.testing.assert_array_equal(model.inverse_transform(z), model.inverse_transform(valid))
    assert model.sample(5, near=X[0]).shape == (5, 8, 8)


def test_without_a_prior_it_samples_nothing(model):
    with pytest.raises(CompositionError, match=r"VQVAE was not trained to match a prior"):
        model.sample(3)


@pytest.mark.parametrize(
    "wrong",
    [
        [[0, 1, 2]],
        [[0, 1, 2, 64]],
        [[0, 1, 2, -1]],
        [[0.0, 1.0, 2.0, 3.0]],
        [0, 1, 2, 3],
        np.zeros((0, 4), int),
    ],
    ids=["short", "large", "negative", "float", "flat", "none"],
)
def test_indices_of_no_code_are_refused(model, wrong):
    with pytest.raises(DataError, match=r"\(n, 4\) whole numbers from 0 to 63"):
        model.from_indices(wrong)


def test_a_commitment_to_nothing_is_refused():
    with pytest.raises(CompositionError, match=r"Commitment\(\) needs .*codebooks.*Point\(2\)"):
        Composed(latent=Point(2), objective=NLL() + Commitment()).fit(X)


@pytest.mark.parametrize("beta", [-1, "much"])
def test_a_weight_that_is_none_is_refused(beta):
    with pytest.raises(CompositionError, match=r"beta=.*as in VQVAE"):
        VQVAE(beta=beta).fit(X)


class Cells(Backbone):
    """Cells of 4 x 4 pixels, one linear map for all: a grid without convolutions."""

    spaces = (Image,)

    def grid(self, space):
        return (space.height // 4, space.width // 4)

    def encoder(self, space, out, context=0):
        return Alone(torch.nn.Conv2d(space.channels, out, 4, stride=4))

    def decoder(self, code, raw_shape, space, context=0):
        return Alone(torch.nn.ConvTranspose2d(code, space.channels, 4, stride=4))


class Alone(torch.nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, context=None):
        return self.layer(x)


def test_on_a_grid_each_position_is_a_whole_number():
    model = VQVAE(latent_dim=6, codes=32, backbone=Cells(), epochs=5, random_state=0).fit(X)
    indices = model.indices(X)
    assert model.codec_.latent.groups == 1
    assert indices.shape == (1797, 4)
    assert model.transform(X).shape == (1797, 24)
    assert len(np.unique(indices)) > 16
    np.testing.assert_array_equal(model.from_indices(indices), model.reconstruct(X))


@pytest.mark.parametrize("at", [1, 9, 40])
def test_a_run_that_was_cut_off_goes_on_to_the_same_codebooks(at, tmp_path, monkeypatch):
    def fresh(**more):
        return VQVAE(codes=200, epochs=4, batch_size=64, **SETTINGS, **more)

    steps, step = iter(range(1, 1000)), training.step

    def interrupted(*args, **kwargs):
        if next(steps) == at:
            os.kill(os.getpid(), signal.SIGINT)
        return step(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(training, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fresh(checkpoint=str(tmp_path)).fit(X[:800])
    resumed, whole = fresh(checkpoint=str(tmp_path)).fit(X[:800]), fresh().fit(X[:800])
    for name, tensor in whole.codec_.state_dict().items():
        assert torch.equal(tensor, resumed.codec_.state_dict()[name]), name
