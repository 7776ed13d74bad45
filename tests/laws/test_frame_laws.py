"""Laws of families on tables: numbers beside categories, and holes anywhere."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from members import codec_with, family, made, same, texts, weights

from isthmus import Batch, Table, catalogue, inference, load, training
from isthmus.errors import CompositionError
from isthmus.objectives import Term
from isthmus.run import Plan, start

# What a family needs on a table, and those that take none, with what is said.
SETTINGS = {"KSparseAutoencoder": {"revive": 0}}
REFUSED = {"ContractiveAutoencoder": r"categories, between which there are no small steps"}
REFUSED_TERMS = {
    "Jacobian": REFUSED["ContractiveAutoencoder"],
    "Revive": r"writes x itself.*KSparseAutoencoder\(revive=0\)",
    "SURE": "expected real numbers",
}
NAMES = sorted(catalogue.FAMILIES.keys() - REFUSED.keys())
EVERY = pytest.mark.parametrize("name", NAMES)
ROWS = 120


def people(holes=True):
    """Country, temperature and mail host that go together, visits and members that don't."""
    draw = np.random.default_rng(0)
    place = draw.integers(0, 3, ROWS)
    table = pd.DataFrame(
        {
            "country": np.array(["RU", "US", "IN"])[place],
            "celsius": np.array([-15.0, 10.0, 30.0])[place] + draw.normal(size=ROWS),
            "visits": draw.poisson(3, ROWS),
            "member": draw.random(ROWS) > 0.3,
            "host": np.array([f"host{i}.net" for i in range(40)])[place * 13 + draw.integers(13)],
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 999, ROWS), "D"),
        },
        index=range(7, 7 + ROWS),
    )
    return table.mask(draw.random(table.shape) < 0.15) if holes else table


def small(name, **settings):
    return family(name, **(SETTINGS.get(name, {}) | {"epochs": 3} | settings))


@cache
def fitted(name, holes=True):
    """A family trained on the table, once; look, don't touch."""
    return small(name).fit(people(holes), np.arange(ROWS) % 3)


def results(model, X):
    found = [model.transform(X), model.score_samples(X), model.reconstruct(X)]
    return found + ([model.log_likelihood(X, samples=2)] if model.codec_.latent.has_density else [])


def equal(a, b):
    """Whether two lists of results are the same to the last bit."""
    pairs = zip(a, b, strict=True)
    return all(x.equals(y) if hasattr(x, "equals") else (x == y).all() for x, y in pairs)


def joined(name):
    """A batch of the table, and the same with anything at all where nothing is known."""
    batch = fitted(name).adapter_.transform(people())
    return batch, Batch(batch.x.where(batch.observed, 1e3), batch.observed)


@EVERY
@pytest.mark.parametrize("holes", [False, True])
def test_the_loss_falls(name, holes):
    history = small(name, epochs=6).fit(people(holes), np.arange(ROWS) % 3).history_
    assert history.column("NLL")[-1] < history.column("NLL")[0] - 0.1


@EVERY
def test_an_unknown_cell_tells_nothing(name):
    codec, objective = fitted(name).codec_, fitted(name).objective_
    for a, b in (
        (inference.codes(codec, each) for each in joined(name)),
        (inference.scores(codec, objective, each) for each in joined(name)),
        (inference.reconstructions(codec, each) for each in joined(name)),
    ):
        assert torch.equal(a, b)


@EVERY
def test_nothing_is_learned_from_an_unknown_cell(name):
    def trained(data):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            codec, objective = small(name).compose(fitted(name).adapter_.space_)
        training.fit(start(codec, objective, Plan(epochs=2, batch_size=32), ROWS), data)
        return codec.state_dict()

    assert same(*map(trained, joined(name)))


@EVERY
def test_a_hole_may_come_after_training_and_is_filled(name):
    X = people()
    for model in (fitted(name), fitted(name, holes=False)):
        _, scores, filled, *_ = results(model, X)
        assert np.isfinite(scores).all()
        assert not filled.isna().any(axis=None)
        assert list(filled.columns) == list(X.columns)
        assert list(filled.index) == list(X.index)


@EVERY
def test_what_comes_back_is_of_the_kind_that_was_given(name):
    X = people(holes=False)
    model = fitted(name, holes=False)
    for found in (model.reconstruct(X), model.sample(5, near=X[:1], noise=True)):
        assert list(found.dtypes) == list(X.dtypes)
        assert found["country"].isin(["RU", "US", "IN"]).all()


@EVERY
def test_a_row_does_not_feel_the_rows_beside_it(name):
    model, X = fitted(name), people()
    codes, scores, *_ = results(model, X)
    for some in (slice(40, 41), slice(20, 90)):
        np.testing.assert_allclose(model.transform(X[some]), codes[some], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model.score_samples(X[some]), scores[some], rtol=1e-4, atol=1e-4)


@EVERY
def test_it_repeats_and_comes_back_from_the_disk(name, tmp_path):
    model, X = fitted(name), people()
    again = small(name).fit(X, np.arange(ROWS) % 3)
    assert same(weights(again), weights(model))
    model.save(tmp_path / "model")
    assert equal(results(load(tmp_path / "model"), X), results(model, X))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_takes_no_table_says_so_before_any_work(name):
    model = small(name)
    with pytest.raises(CompositionError, match=REFUSED[name]):
        model.fit(people())
    assert not hasattr(model, "codec_")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_takes_no_categories_takes_numbers_beside_holes(name):
    table = people()[["celsius", "visits"]]
    model = small(name).fit(table)
    assert np.isfinite(model.score_samples(table)).all()


TERMS = texts(Term)
SPACE = Table((1, 4, 1, 2, 40))
LATENTS = {
    "SparsityTarget": "Point(3, activation='sigmoid')",
    "Commitment": "Quantised(3, codes=4, groups=1)",
    "Revive": "TopK(64, k=2, dead_after=0)",
}


@pytest.mark.parametrize("text", TERMS)
def test_a_term_takes_a_table_or_says_why_not(text):
    name = text.partition("(")[0]

    def codec():
        return codec_with(LATENTS.get(name, "Gaussian(3)"), "Mixed()", SPACE)

    if name in REFUSED_TERMS:
        with pytest.raises(CompositionError, match=REFUSED_TERMS[name]):
            (1 * made(text)).on(codec())
        return
    generator = torch.Generator().manual_seed(0)
    observed = torch.rand(16, 5, generator=generator) > 0.3
    x = torch.rand(16, 5, generator=generator).mul(2).floor() * observed
    clean, dirty = Batch(x, observed), Batch(x.where(observed, 1e3), observed)

    def value(batch):
        fresh = codec()
        with torch.random.fork_rng():
            torch.manual_seed(1)
            return (1 * made(text)).on(fresh)(fresh, fresh(batch))

    assert value(clean).total.isfinite()
    assert torch.equal(value(clean).rows, value(dirty).rows)
    assert value(clean).means == value(dirty).means
