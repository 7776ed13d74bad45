"""The convolutional backbone: sizes, places, and how well it learns."""

from math import ceil

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from isthmus import VAE, Autoencoder, Conv, Dense, Image, Series, load
from isthmus.backbones.channels_last import Finer
from isthmus.errors import CompositionError


def networks(backbone, space, code=4):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = backbone.encoder(space, code)
        return encoder, backbone.decoder(code, torch.Size(space.shape), space)


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("grid", [False, True])
def test_every_size_comes_back_exact(grid, stride):
    backbone = Conv((4, 6), stride=stride, grid=grid)
    sides = range(1, 10)
    for space in [Image(2, h, w) for h in sides for w in (1, h + 3)] + [
        Series(2, t) for t in sides
    ]:
        encoder, decoder = networks(backbone, space)
        code = encoder(numbers(3, *space.shape))
        small = tuple(ceil(ceil(side / stride) / stride) for side in space.shape[1:])
        assert backbone.grid(space) == (small if grid else ())
        assert code.shape == (3, 4, *backbone.grid(space))
        assert decoder(code).shape == (3, *space.shape)


def test_a_place_of_the_grid_sees_and_makes_what_is_near_it():
    space = Image(1, 16, 16)
    encoder, decoder = networks(Conv((4, 4), grid=True), space)
    x = numbers(1, *space.shape).requires_grad_()
    code = encoder(x)
    code[0, :, 0, 0].sum().backward()
    seen = x.grad[0, 0].nonzero()
    assert len(seen)
    assert seen.max() < 8

    other = code.detach().clone()
    other[:, :, 0, 0] += 1
    changed = (decoder(other) - decoder(code.detach()))[0, 0].nonzero()
    assert len(changed)
    assert changed.max() < 12


def test_a_shifted_picture_has_a_shifted_grid():
    space = Image(1, 32, 32)
    encoder, _ = networks(Conv((4, 4), grid=True), space)
    x = torch.zeros(1, 1, 32, 32)
    x[..., 8:16, 8:16] = numbers(8, 8)
    codes, moved = encoder(x), encoder(x.roll((4, 8), dims=(2, 3)))
    torch.testing.assert_close(moved[..., 2:, 3:], codes.roll((1, 2), dims=(2, 3))[..., 2:, 3:])


def test_finer_lays_the_places_side_by_side():
    h = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    finer = Finer(1, 1, 1, 2, (5,))
    with torch.no_grad():
        finer.conv.weight.copy_(torch.tensor([1.0, 10.0])[:, None, None])
        finer.conv.bias.zero_()
    assert finer(h).tolist() == [[[[1, 10, 2, 20, 3]]]]


def test_no_pixel_has_more_terms_than_its_neighbour():
    # A transposed convolution of constant weights and input is a checkerboard; this is flat.
    finer = Finer(3, 2, 3, 2, (14, 14))
    for each in finer.parameters():
        torch.nn.init.ones_(each)
    inner = finer(torch.ones(1, 3, 7, 7))[..., 2:-2, 2:-2]
    assert (inner == inner[..., :1, :1]).all()


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
def test_what_passes_keeps_its_spread(activation):
    backbone = Conv((32,) * 5, stride=1, activation=activation)
    encoder, decoder = networks(backbone, Image(1, 12, 12), code=16)
    for network, x in ((encoder, numbers(64, 1, 12, 12)), (decoder, numbers(64, 16))):
        *hidden, _ = network.layers
        h = x
        for layer in hidden:
            h = layer(h)
        assert 0.1 < h.std() < 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv(()), r"channels=\(\) was given; expected a number for each stage, as in"),
        (lambda: Conv((8, 0)), r"channels=\(8, 0\) was given; every layer needs at least 1"),
        (lambda: Conv(kernel=4), r"kernel=4 was given with stride=2; expected an odd kernel"),
        (lambda: Conv(stride=5), r"kernel=3 was given with stride=5; .*no less than the stride"),
        (lambda: Conv(stride=0), r"stride=0 was given; expected at least 1"),
        (lambda: Conv(activation="rleu"), r"activation='rleu' was given; expected one of relu"),
        (lambda: Conv(normalisation="layer"), r"normalisation='layer' .*one of batch, group"),
        (lambda: Conv((1,), normalisation="group"), r"one alone has no group"),
    ],
)
def test_words_for_what_will_not_do(make, message):
    with pytest.raises(CompositionError, match=message):
        make()


def test_a_table_is_refused_before_any_work():
    model = VAE(backbone=Conv(), verbose=False)
    with pytest.raises(ValueError, match=r"Conv\(\)"):
        model.fit(np.random.default_rng(0).normal(size=(20, 5)))


def test_it_learns_pictures_better_than_dense_layers_of_more_weights():
    X = load_digits().images
    settings = {"latent_dim": 8, "epochs": 12, "random_state": 0, "verbose": False}
    errors, sizes = {}, {}
    for backbone in (Conv((16, 32)), Dense((256, 128))):
        model = Autoencoder(backbone=backbone, **settings).fit(X[:1200])
        errors[backbone] = ((model.reconstruct(X[1200:]) - X[1200:]) ** 2).mean()
        sizes[backbone] = sum(each.numel() for each in model.codec_.parameters())
    conv, dense = errors
    assert sizes[conv] < sizes[dense]
    assert errors[conv] < errors[dense]


@pytest.mark.parametrize(
    "model",
    [
        VAE(backbone=Conv((16, 32)), latent_dim=4),
        Autoencoder(backbone=Conv((16, 32), grid=True), latent_dim=4),
        VAE(backbone=Conv((8, 8), normalisation="batch", grid=True), latent_dim=2, samples=2),
    ],
    ids=str,
)
def test_through_the_estimator(model, tmp_path):
    X = load_digits().images[:200]
    model.set_params(epochs=3, random_state=0, verbose=False).fit(X)
    codes = model.transform(X)
    assert codes.shape == (200, model.latent_size_)
    assert model.inverse_transform(codes).shape == X.shape
    assert model.reconstruct(X).shape == X.shape
    near = None if isinstance(model, VAE) else X[0]
    assert model.sample(5, near=near).shape == (5, 8, 8)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.transform(X), codes)
    assert repr(again.backbone) == repr(model.backbone)
