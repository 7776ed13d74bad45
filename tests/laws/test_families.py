"""Laws of families: what every estimator keeps, whatever its equation."""

import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from members import FAMILIES, KINDS, digits, family, fitted, same, weights, wine
from sklearn.base import clone

from isthmus import Dense, Image, Vector, catalogue, inference, load, training
from isthmus.run import Plan, start
from isthmus.space import Batch

CHECKOUT = Path(__file__).resolve().parents[2]
EVERY = pytest.mark.parametrize("name", sorted(catalogue.FAMILIES))


def crowd():
    """More rows than are worked on at once, no two alike."""
    X = np.tile(wine(), (4, 1))
    return X * np.random.default_rng(1).normal(1, 0.05, X.shape)


def results(model, X):
    """What a model says of each row."""
    return [model.transform(X), model.score_samples(X), model.reconstruct(X)]


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def close(first, second):
    """Equal but for the last bit: matrix products round by where in memory a row begins."""
    return all(np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(first, second, strict=True))


ELSEWHERE = """
import sys
sys.path.insert(0, "tests/laws")
from members import KINDS, catalogue, family, torch, wine
torch.set_num_threads({threads})
for name in catalogue.FAMILIES:
    family(name).fit(wine(), KINDS).save(f"{folder}/{{name}}")
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Every family, trained and saved by another process."""
    folder = tmp_path_factory.mktemp("elsewhere")
    code = ELSEWHERE.format(threads=torch.get_num_threads(), folder=folder)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300, cwd=CHECKOUT)
    return folder


@EVERY
@pytest.mark.parametrize(
    "space",
    [Vector(6), Vector(6, holes=True), Vector(6, support="binary"), Image(2, 4, 4, support="unit")],
    ids=["vector", "holes", "binary", "image"],
)
def test_every_weight_gets_a_finite_gradient(name, space):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec, objective = family(name).compose(space)
        x = torch.rand(64, *space.shape).round()
        nats = objective(codec, codec(Batch(x, torch.rand_like(x) > 0.2 if space.holes else None)))
    nats.total.backward()
    for key, each in [*codec.named_parameters(), *objective.named_parameters()]:
        assert each.grad is not None, key
        assert each.grad.isfinite().all(), key
        assert (each.grad != 0).any(), key


@EVERY
@pytest.mark.parametrize("holes", [False, True])
def test_the_loss_falls(name, holes):
    history = fitted(name, holes).history_
    for column in ("loss", "validation_loss"):
        losses = history.column(column)
        assert len(losses) == 5
        assert losses[-1] < losses[0] - 0.1
    assert history.best == 1 + np.argmin(history.column("validation_loss"))


@EVERY
def test_an_unknown_cell_tells_nothing(name):
    model = fitted(name, holes=True)
    batch = model.adapter_.transform(wine(holes=True))
    junk = Batch(batch.x.where(batch.observed, 1e3), batch.observed)
    codec, objective = model.codec_, model.objective_
    for a, b in (
        (inference.codes(codec, each) for each in (batch, junk)),
        (inference.scores(codec, objective, each) for each in (batch, junk)),
        (inference.reconstructions(codec, each) for each in (batch, junk)),
    ):
        assert torch.equal(a, b)


@EVERY
def test_nothing_is_learned_from_an_unknown_cell(name):
    batch = fitted(name, holes=True).adapter_.transform(wine(holes=True))
    junk = Batch(batch.x.where(batch.observed, 1e3), batch.observed)

    def trained(data):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            codec, objective = family(name).compose(Vector(13, holes=True))
        training.fit(start(codec, objective, Plan(epochs=2, batch_size=32), len(data)), data)
        return codec.state_dict()

    assert same(trained(batch), trained(junk))


@EVERY
def test_holes_are_told_from_zeros(name):
    model = fitted(name, holes=True)
    X = wine()
    X[:, 0] = model.adapter_.mean_[0]
    hole = X.copy()
    hole[:, 0] = np.nan
    assert not np.array_equal(model.transform(X), model.transform(hole))


@EVERY
def test_every_hole_is_filled(name):
    X = wine(holes=True)
    filled = fitted(name, holes=True).reconstruct(X)
    assert np.isnan(X).any()
    assert np.isfinite(filled).all()


@EVERY
def test_a_hole_may_come_after_training(name):
    X = wine()
    X[3, 5] = np.nan
    assert all(np.isfinite(each).all() for each in results(fitted(name), X))


@EVERY
def test_results_repeat_exactly(name):
    model, X = fitted(name), crowd()
    assert equal(results(model, X), results(model, X))


@EVERY
def test_a_row_does_not_feel_the_rows_beside_it(name):
    model, X = fitted(name), crowd()
    whole = results(model, X)
    order = np.random.default_rng(2).permutation(len(X))
    assert close(results(model, X[order]), [each[order] for each in whole])
    for size in (1, 7, 300):
        some = slice(100, 100 + size)
        assert close(results(model, X[some]), [each[some] for each in whole])


@EVERY
def test_where_rows_are_aligned_it_does_not_to_the_last_bit(name):
    X = np.tile(digits(100), (4, 1, 1))
    model = family(name, epochs=1).fit(X, np.arange(len(X)) % 10)
    whole = results(model, X)
    order = np.random.default_rng(2).permutation(len(X))
    assert equal(results(model, X[order]), [each[order] for each in whole])


@EVERY
def test_codes_decode_to_the_reconstruction(name):
    model, X = fitted(name), crowd()
    Z = model.transform(X)
    np.testing.assert_allclose(model.inverse_transform(Z), model.reconstruct(X), rtol=1e-4)


@EVERY
def test_the_same_seed_gives_the_same_weights(name):
    again = weights(family(name).fit(wine(), KINDS))
    other = weights(family(name, random_state=1).fit(wine(), KINDS))
    assert same(weights(fitted(name)), again)
    assert not same(again, other)


@EVERY
def test_another_process_gives_the_same_weights(name, elsewhere):
    assert same(weights(load(elsewhere / name)), weights(fitted(name)))


@EVERY
def test_without_a_seed_each_fit_is_another(name):
    first, second = (family(name, random_state=None, epochs=1).fit(wine(), KINDS) for _ in range(2))
    assert first.seed_ != second.seed_


@EVERY
def test_global_random_states_stay_as_they_were(name):
    def states():
        numpys = np.random.mtrand._rand.get_state()
        return [random.getstate(), repr(numpys), torch.get_rng_state().tolist()]

    before = states()
    model = family(name, epochs=1).fit(wine(), KINDS).partial_fit(wine(), KINDS)
    results(model, wine())
    model.sample(3, near=wine()[0], noise=True)
    model.interpolate(wine()[0], wine()[1])
    if model.objective_.fits_prior:
        model.sample(3)
    if model.codec_.latent.has_density:
        model.log_likelihood(wine(), samples=2)
    assert states() == before


@EVERY
@pytest.mark.parametrize("holes", [False, True])
def test_save_then_load_is_the_identity(name, holes, tmp_path):
    model, X = fitted(name, holes), wine(holes)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert repr(again) == repr(model)
    assert same(weights(again), weights(model))
    assert equal(results(again, X), results(model, X))
    assert np.array_equal(again.sample(3, near=X[:1]), model.sample(3, near=X[:1]))
    assert vars(again).keys() == vars(model).keys()
    assert again.history_ == model.history_


@EVERY
def test_a_pickle_is_the_identity(name):
    again = pickle.loads(pickle.dumps(fitted(name)))
    assert equal(results(again, wine()), results(fitted(name), wine()))


@EVERY
def test_a_clone_trains_the_same(name):
    assert same(weights(clone(fitted(name)).fit(wine(), KINDS)), weights(fitted(name)))


@EVERY
def test_a_second_fit_starts_afresh(name):
    model = family(name).fit(digits(50), np.arange(50) % 10).fit(wine(), KINDS)
    assert same(weights(model), weights(fitted(name)))


@EVERY
def test_fit_leaves_its_arguments_alone(name):
    X = wine()
    model = family(name)
    before = {key: (value, repr(value)) for key, value in model.get_params(deep=False).items()}
    model.fit(X, KINDS)
    assert np.array_equal(X, wine())
    for key, (value, text) in before.items():
        assert getattr(model, key) is value
        assert repr(value) == text


@EVERY
def test_more_passes_go_on_from_where_it_was(name, tmp_path):
    model = family(name, epochs=2, learning_rate=1e-3).fit(wine(), KINDS)
    before = model.score(wine())
    for _ in range(10):
        model.partial_fit(wine(), KINDS)
    assert len(model.history_.rows) == model.history_.best == 12
    assert model.score(wine()) > before
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    for _ in range(10):
        again.partial_fit(wine(), KINDS)
    assert again.score(wine()) > model.score(wine())


@EVERY
def test_passes_alone_train_too(name):
    model = family(name)
    scores = [model.partial_fit(wine(), KINDS).score(wine(), KINDS) for _ in range(20)]
    assert scores[-1] > scores[0] + 1
    assert len(model.history_.rows) == 20


@EVERY
def test_passes_leave_the_model_ready_for_use(name):
    backbone = Dense((16,), normalisation="batch", dropout=0.5)
    settings = {} if "backbone" in FAMILIES.get(name, {}) else {"backbone": backbone}
    model = family(name, **settings).fit(wine(), KINDS).partial_fit(wine(), KINDS)
    spread = model.transform(wine(), KINDS).std(axis=0)
    assert not model.codec_.training
    np.testing.assert_allclose(model.spread_, spread, rtol=1e-4)


@EVERY
def test_passes_after_a_second_fit_move_the_new_weights(name):
    model = family(name).fit(wine(), KINDS).partial_fit(wine(), KINDS).fit(wine(), KINDS)
    before = {key: each.clone() for key, each in weights(model).items()}
    assert not same(weights(model.partial_fit(wine(), KINDS)), before)
