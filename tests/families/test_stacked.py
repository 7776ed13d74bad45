"""StackedAutoencoder: layers trained one at a time, then all together."""

import signal

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_wine

from isthmus import (
    LSTM,
    Autoencoder,
    Categorical,
    Dense,
    Masking,
    Normal,
    StackedAutoencoder,
    load,
    pretraining,
    training,
)
from isthmus.errors import CompositionError, UnwritableError
from isthmus.progress import bar
from isthmus.run import Plan
from isthmus.space import Batch, Vector


def stacked(**settings):
    usual = {
        "latent_dim": 3,
        "backbone": Dense((8, 5), activation="tanh"),
        "pretraining_epochs": 5,
        "epochs": 3,
        "batch_size": 32,
        "learning_rate": 1e-2,
        "random_state": 0,
        "verbose": False,
    }
    return StackedAutoencoder(**(usual | settings))


def wine():
    return load_wine().data


def weights(model):
    return model.codec_.state_dict()


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def codec_of(space=None, **settings):
    torch.manual_seed(0)
    return stacked(**settings).compose(space or Vector(13))[0]


def pretrained(codec, x, epochs=5):
    plan = Plan(epochs=epochs, batch_size=32, learning_rate=1e-2)
    return pretraining.layer_wise(codec, Batch(x), plan, lambda name: bar(False, name))


def test_each_layer_learns_to_rebuild_what_the_one_below_makes():
    model = stacked(pretraining_epochs=20).fit(wine())
    assert [len(each.rows) for each in model.pretraining_] == [20, 20, 20]
    for each in model.pretraining_:
        assert each.column("loss")[-1] < each.column("loss")[0] - 0.2


def test_the_layers_are_trained_in_place_from_the_lowest():
    codec, x = codec_of(), torch.randn(100, 13, generator=torch.Generator().manual_seed(0))
    before = {name: each.clone() for name, each in codec.state_dict().items()}
    pretrained(codec, x)
    moved = {
        name for name, each in codec.state_dict().items() if not torch.equal(each, before[name])
    }
    assert moved == {name for name, _ in codec.named_parameters()}


def test_the_whole_begins_where_the_layers_ended():
    after = stacked(pretraining_epochs=60, epochs=1).fit(wine()).history_
    without = stacked(pretraining_epochs=0, epochs=1).fit(wine()).history_
    assert after.column("loss")[0] < without.column("loss")[0] - 1


def test_without_epochs_of_its_own_it_is_the_plain_autoencoder():
    model = stacked(pretraining_epochs=0).fit(wine())
    settings = {
        name: value
        for name, value in model.get_params(deep=False).items()
        if name != "pretraining_epochs"
    }
    assert same(weights(model), weights(Autoencoder(**settings).fit(wine())))
    assert model.pretraining_ == []


@pytest.mark.parametrize(
    "backbone",
    [
        Dense(()),
        Dense((13,)),  # as wide as the data
        Dense((8, 5), tied=True),
        Dense((8,), activation="elu", normalisation="batch", dropout=0.1),
    ],
    ids=repr,
)
@pytest.mark.parametrize("holes", [False, True])
def test_every_kind_of_layers(backbone, holes):
    X = wine()
    if holes:
        X[::7, 3] = np.nan
    model = stacked(backbone=backbone, corruption=Masking(0.2)).fit(X)
    assert len(model.pretraining_) == len(backbone.widths) + 1
    assert np.isfinite(model.reconstruct(X)).all()


def test_pictures_and_categories():
    X = load_digits().images[:100]
    assert stacked().fit(X).reconstruct(X).shape == X.shape
    colours = np.random.default_rng(0).integers(0, 4, (100, 6))
    model = stacked(likelihood=Categorical()).fit(colours)
    assert len(model.pretraining_) == 3


def test_a_corruption_is_undone_by_every_layer():
    clean, damaged = (
        stacked(corruption=each, pretraining_epochs=10).fit(wine()).pretraining_
        for each in (None, Masking(0.5))
    )
    for without, with_it in zip(clean, damaged, strict=True):
        assert with_it.column("loss")[-1] > without.column("loss")[-1] + 0.1


def test_a_learned_scale_is_the_whole_models():
    codec = codec_of(likelihood=Normal("feature"))
    pretrained(codec, torch.zeros(100, 13), epochs=20)
    assert (codec.likelihood.scale(torch.zeros(())) < 0.9).all()


def test_the_same_seed_gives_the_same_bits():
    first, second = (stacked(corruption=Masking(0.2)).fit(wine()) for _ in range(2))
    assert same(weights(first), weights(second))
    assert not same(weights(first), weights(stacked(random_state=1).fit(wine())))


def test_the_global_random_state_stays():
    before = torch.get_rng_state()
    stacked(corruption=Masking(0.2)).fit(wine())
    assert torch.equal(torch.get_rng_state(), before)


def test_rows_kept_aside_are_not_learned_from():
    X, other = wine(), wine()
    model = stacked(validation_fraction=0.5, epochs=1, learning_rate=1e-9)
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))
    aside = order[: len(X) // 2].numpy()
    other[aside] = other[aside][::-1]  # the same rows, so that the scaling is the same
    layers = [model.fit(each).pretraining_[2].column("loss") for each in (X, other)]
    assert layers[0] == layers[1]


def test_its_history_is_saved_and_goes_on(tmp_path):
    model = stacked().fit(wine())
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.pretraining_ == model.pretraining_
    assert again.partial_fit(wine()).pretraining_ == model.pretraining_


def test_passes_alone_have_none():
    model = stacked().partial_fit(wine())
    assert model.pretraining_ == []
    with pytest.raises(AttributeError):
        stacked().pretraining_  # noqa: B018


def interrupt_at(step, monkeypatch):
    """Press Ctrl-C in so many steps; return what counts them."""
    real, steps = training.step, []

    def counted(*args, **kwargs):
        steps.append(1)
        if len(steps) == step:
            signal.raise_signal(signal.SIGINT)
        return real(*args, **kwargs)

    monkeypatch.setattr(training, "step", counted)
    return steps


def test_an_interrupted_run_goes_on_without_it(tmp_path, monkeypatch):
    whole = stacked(epochs=6).fit(wine())
    # Five steps an epoch; three layers of five epochs come before the whole.
    steps = interrupt_at(3 * 5 * 5 + 17, monkeypatch)
    folder = str(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt, match="goes on from"):
        stacked(epochs=6, checkpoint=folder).fit(wine())
    again = stacked(epochs=6, checkpoint=folder).fit(wine())
    assert len(steps) == 3 * 5 * 5 + 6 * 5
    assert same(weights(again), weights(whole))
    assert losses(again.pretraining_) == losses(whole.pretraining_)


def losses(histories):
    return [each.column("loss") for each in histories]


def test_an_interrupted_pretraining_starts_again(tmp_path, monkeypatch):
    whole = stacked().fit(wine())
    interrupt_at(40, monkeypatch)
    model = stacked(checkpoint=str(tmp_path / "run"))
    with pytest.raises(KeyboardInterrupt, match=r"starts it again"):
        model.fit(wine())
    assert same(weights(model.fit(wine())), weights(whole))


@pytest.mark.parametrize("epochs", [-1, 2.5, None])
def test_epochs_that_are_none_are_refused(epochs):
    with pytest.raises(CompositionError, match=rf"pretraining_epochs={epochs}.*at least 0"):
        stacked(pretraining_epochs=epochs).fit(wine())


def test_other_backbones_have_no_layers_to_stack():
    with pytest.raises(CompositionError, match=r"LSTM\(.*dense layers one at a time.*Dense\("):
        stacked(backbone=LSTM(8)).fit(wine())


def test_a_folder_that_cannot_be_written_to_is_told_before_any_layer(tmp_path, monkeypatch):
    def never(*_):
        raise AssertionError("a layer was trained")

    monkeypatch.setattr(pretraining, "layer_wise", never)
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableError):
        stacked(checkpoint=str(tmp_path / "file" / "run")).fit(load_wine().data)
