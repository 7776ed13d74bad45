"""Recurrent backbones: what they read of a series, and what they don't."""

import numpy as np
import pytest
import torch
from torch import nn

from isthmus import GRU, LSTM, VAE, Autoencoder, Categorical, Gaussian, Normal, Sequences, load
from isthmus.backbones.recurrent import turned
from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.space import Batch, Series

FORMS = [
    LSTM(8),
    GRU(8),
    LSTM(8, depth=2, bidirectional=True),
    GRU(8, depth=2, bidirectional=True),
]
EVERY = pytest.mark.parametrize("backbone", FORMS, ids=repr)
CELLS = pytest.mark.parametrize("cell", [LSTM, GRU])
LENGTHS = torch.tensor([5, 1, 9, 0, 7])
RNG = np.random.default_rng(0)


def series(n=60, steps=12):
    """Waves of several frequencies and phases."""
    time = np.arange(steps)[:, None] + RNG.uniform(0, 9, (n, 1, 1))
    return np.sin(time * RNG.uniform(0.3, 0.9, (n, 1, 1)) + np.arange(2)) * [1, 50]


def uneven(n=60):
    return [each[:length] for each, length in zip(series(n), RNG.integers(1, 13, n), strict=True)]


def ragged(steps, junk=0.0):
    """Series of several lengths, with ``junk`` beyond their ends, as a stem lays them out."""
    numbers = torch.randn(5, 2, 9, generator=torch.Generator().manual_seed(0))
    lasts = (torch.arange(steps) < LENGTHS[:, None])[:, None]
    x = torch.full((5, 2, steps), junk)
    x[..., :9] = torch.where(lasts[..., :9], numbers, junk)
    x[3] = 0.0  # of an empty one, the first step is read
    return torch.cat([x, lasts.float()], dim=1)


def built(module):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return module().eval()


def tiny(cls=Autoencoder, **settings):
    common = {"latent_dim": 3, "epochs": 3, "learning_rate": 1e-2, "random_state": 0}
    return cls(**(common | {"batch_size": 32, "verbose": False} | settings))


@EVERY
def test_what_lies_beyond_the_end_changes_nothing(backbone):
    encoder = built(lambda: backbone.encoder(Series(3, 9, ragged=True), 4))
    code = encoder(ragged(9))
    torch.testing.assert_close(encoder(ragged(9, junk=1e3)), code, rtol=0, atol=1e-6)
    torch.testing.assert_close(encoder(ragged(30, junk=-7.0)), code, rtol=0, atol=1e-6)


@EVERY
def test_a_series_alone_and_cut_to_its_length_has_the_same_code(backbone):
    encoder = built(lambda: backbone.encoder(Series(3, 9, ragged=True), 4))
    x = ragged(9)
    code = encoder(x)
    for row, length in enumerate(LENGTHS.clamp(min=1).tolist()):
        alone = encoder(x[row : row + 1, :, :length])
        torch.testing.assert_close(alone[0], code[row], rtol=0, atol=1e-6)


@EVERY
def test_no_bit_of_a_row_depends_on_how_long_the_others_are(backbone):
    encoder = built(lambda: backbone.encoder(Series(3, 9, ragged=True), 4))
    x = ragged(9)
    others = x.clone()
    others[1:, :, 1:] = 0.0
    assert torch.equal(encoder(x)[0], encoder(others)[0])


@CELLS
def test_both_ends_are_read_at_once(cell):
    """The code of two directions is torch's own last state of each."""
    encoder = built(lambda: cell(8, bidirectional=True).encoder(Series(2, 9), 4))
    (onward, back), *_ = encoder.layers.cells
    kind = type(onward)
    whole = kind(2, 8, bidirectional=True)
    for end, one in (("", onward), ("_reverse", back)):
        for name, each in one.named_parameters():
            setattr(whole, name + end, nn.Parameter(each.detach()))
    x = torch.randn(5, 2, 9, generator=torch.Generator().manual_seed(0))
    _, last = whole(x.permute(2, 0, 1))
    h = last[0] if kind is nn.LSTM else last  # (2, B, 8)
    torch.testing.assert_close(encoder(x), encoder.last(torch.cat([h[0], h[1]], dim=1)))


def test_turning_twice_is_turning_back():
    x = torch.randn(9, 5, 3)
    lengths = LENGTHS.clamp(min=1)
    for each in (None, lengths):
        assert torch.equal(turned(turned(x, each), each), x)
    assert torch.equal(turned(x, lengths)[:5, 0], x[:5, 0].flip(0))
    assert torch.equal(turned(x, lengths)[5:, 0], x[5:, 0])


@EVERY
def test_an_unknown_cell_tells_nothing(backbone):
    space = Series(2, 9, holes=True, ragged=True)
    codec = built(lambda: Codec(space, Gaussian(3), Normal(), backbone))
    observed = torch.rand(6, 2, 9, generator=torch.Generator().manual_seed(0)) > 0.4
    observed[0], observed[1, :, 4:] = False, False
    x = torch.randn(6, 2, 9)
    codes = [codec(Batch(each, observed), draw=False).z for each in (x, x.where(observed, 1e4))]
    assert torch.equal(*codes)


@EVERY
def test_the_code_moves_with_every_step(backbone):
    encoder = built(lambda: backbone.encoder(Series(2, 9), 4))
    x = torch.randn(3, 2, 9).requires_grad_()
    encoder(x).sum().backward()
    assert (x.grad != 0).all()


@EVERY
def test_what_is_decoded_moves_with_the_code_at_every_step(backbone):
    decoder = built(lambda: backbone.decoder(3, torch.Size((2, 9)), Series(2, 9)))
    z = torch.randn(4, 3)
    assert (decoder(z) != decoder(-z)).all()


def test_at_first_an_lstm_forgets_little_and_turns_its_state_without_loss():
    encoder = LSTM(8).encoder(Series(2, 9), 4)
    ((cell,),) = encoder.layers.cells
    gates = cell.weight_hh_l0.detach().split(8)
    for each in gates:
        torch.testing.assert_close(each @ each.T, torch.eye(8))
    assert (cell.bias_ih_l0[8:16] == 1).all()


@CELLS
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, r"width=0 was given; expected at least 1"),
        ({"depth": 0}, r"depth=0 was given; expected 1 to 100"),
        ({"dropout": 1}, r"dropout=1 was given; expected a number from 0 up to"),
    ],
    ids=str,
)
def test_settings_that_will_not_do(cell, settings, message):
    with pytest.raises(CompositionError, match=rf"{message}.*{cell.__name__}\(64"):
        cell(**settings)


def test_rows_are_no_series():
    with pytest.raises(CompositionError, match=r"LSTM\(8\) was given for Vector\(2\); .* Series"):
        tiny(backbone=LSTM(8)).fit(RNG.normal(size=(20, 2)))


@CELLS
@pytest.mark.parametrize("kind", [series, uneven])
def test_an_autoencoder_of_series_does_all_that_others_do(cell, kind, tmp_path):
    X = kind()
    model = tiny(VAE, backbone=cell(8)).fit(X)
    losses = model.history_.column("loss")
    assert losses[-1] < losses[0]
    assert model.transform(X).shape == (60, 3)
    for row, again in zip(X, model.reconstruct(X), strict=True):
        assert again.shape == row.shape
    assert [each.shape for each in model.sample(2)] == [(12, 2)] * 2
    assert [each.shape for each in model.sample(2, near=X[0])] == [(12, 2)] * 2
    assert len(model.interpolate(X[0], X[1], steps=4)) == 4
    model.save(tmp_path / "model")
    again, twin = load(tmp_path / "model"), tiny(VAE, backbone=cell(8)).fit(X)
    for other in (again, twin):
        assert np.array_equal(other.transform(X), model.transform(X))
        assert np.array_equal(other.score_samples(X), model.score_samples(X))
        assert type(other.reconstruct(X)) is type(X)
    model.partial_fit(X)


@CELLS
def test_scores_do_not_depend_on_the_rows_beside(cell):
    X = uneven()
    model = tiny(backbone=cell(8)).fit(X)
    assert np.array_equal(model.score_samples(X)[7:9], model.score_samples(X[7:9]))
    assert np.array_equal(model.transform(X)[::-1], model.transform(X[::-1]))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@EVERY
def test_either_precision_will_do(backbone, precision):
    model = tiny(backbone=backbone, precision=precision, epochs=1).fit(uneven())
    assert np.isfinite(model.score_samples(uneven())).all()


def test_texts_of_tokens_are_learned():
    first = RNG.integers(0, 5, 200)
    X = [start + np.arange(length) for start, length in zip(first, 2 + first, strict=True)]
    model = tiny(
        latent_dim=4,
        backbone=GRU(24),
        adapter=Sequences(),
        likelihood=Categorical(),
        epochs=40,
    ).fit(X)
    assert repr(model.codec_.space) == "Series(1, 6, support='categories', levels=10, ragged=True)"
    back = model.reconstruct(X)
    right = [np.array_equal(a, b) for a, b in zip(X, back, strict=True)]
    assert np.mean(right) > 0.95
    assert back[0].dtype == X[0].dtype
