"""The mixed likelihood: numbers beside categories."""

from dataclasses import replace
from math import log

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy

from isthmus import (
    NLL,
    VAE,
    Autoencoder,
    Batch,
    Codec,
    DenoisingAutoencoder,
    Dense,
    Image,
    Mixed,
    Noise,
    Point,
    Table,
    Vector,
    Vectors,
    inference,
    load,
)
from isthmus.errors import CompositionError, DataError, SupportError
from isthmus.likelihoods.mixed import CONSTANT, LEAST, truth
from isthmus.run import Plan, start
from isthmus.training import EVALUATED, evaluate, fit

SPACE = Table((3, 1, 40, 2, 1, 3))
# Where the numbers of each cell lie among those that the decoder writes.
RAW = {1: 0, 4: 1, 3: slice(2, 4), 0: slice(4, 7), 5: slice(7, 10), 2: slice(10, 50)}


def rows(space=SPACE, n=200, seed=0):
    draw = torch.Generator().manual_seed(seed)
    kinds = torch.tensor(space.kinds)
    x = torch.randn(n, space.size, generator=draw)
    x = x.where(kinds == 1, (torch.rand(x.shape, generator=draw) ** 2 * kinds).floor())
    observed = torch.rand(x.shape, generator=draw) > 0.3
    return Batch(x * observed, observed)


def raw_for(likelihood, n=200):
    draw = torch.Generator().manual_seed(1)
    return torch.randn(n, *likelihood.raw_shape(), generator=draw)


def trained(likelihood, epochs=3):
    codec, objective = Autoencoder(latent_dim=2, likelihood=likelihood).compose(SPACE)
    return fit(start(codec, objective, Plan(epochs=epochs, batch_size=50), 200), rows()) and codec


def test_each_cell_costs_what_its_kind_does():
    likelihood, x = Mixed(0.5).on(SPACE), rows().x
    raw = raw_for(likelihood)
    nats = -likelihood(raw).log_prob(x)
    for cell, place in RAW.items():
        if SPACE.kinds[cell] == 1:
            expected = -torch.distributions.Normal(raw[:, place], 0.5).log_prob(x[:, cell])
        else:
            expected = cross_entropy(raw[:, place], x[:, cell].long(), reduction="none")
        torch.testing.assert_close(nats[:, cell], expected)


def test_the_mean_is_a_number_or_the_most_probable_category():
    likelihood = Mixed().on(SPACE)
    raw = raw_for(likelihood)
    found = likelihood.point(likelihood(raw))
    for cell, place in RAW.items():
        number = SPACE.kinds[cell] == 1
        expected = raw[:, place] if number else raw[:, place].argmax(1).float()
        assert torch.equal(found[:, cell], expected)


def test_the_odds_of_a_cell():
    likelihood = Mixed().on(SPACE)
    raw = raw_for(likelihood)
    p = likelihood(raw)
    for cell in SPACE.categories:
        torch.testing.assert_close(p.probs(cell), raw[:, RAW[cell]].softmax(1))
    for cell in SPACE.numbers:
        with pytest.raises(CompositionError, match=rf"probs\({cell}\).* holds a number"):
            p.probs(cell)


def test_draws_fall_as_often_as_they_should():
    likelihood = Mixed(0.5).on(Table((3, 1)))
    raw = torch.tensor([[2.0, 0.0, 1.0, -1.0]])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        draws = likelihood(raw).sample((20_000,))
    assert draws.shape == (20_000, 1, 2)
    shares = draws[:, 0, 0].long().bincount(minlength=3) / 20_000
    torch.testing.assert_close(shares, raw[0, 1:].softmax(0), rtol=0, atol=0.02)
    assert draws[:, 0, 1].mean().item() == pytest.approx(2, abs=0.02)
    assert draws[:, 0, 1].std().item() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("kinds", [(1, 1), (2, 5), (1,), (7,)])
@pytest.mark.parametrize("balanced", [False, True])
def test_a_table_of_one_kind_is_a_table(kinds, balanced):
    space = Table(kinds)
    codec, objective = VAE(latent_dim=2, likelihood=Mixed(balanced=balanced)).compose(space)
    data = rows(space)
    history = fit(start(codec, objective, Plan(epochs=2), 200), data)
    assert torch.tensor(history.column("loss")).isfinite().all()
    assert codec.likelihood.point(codec(data).p).shape == data.x.shape


def test_a_mixed_likelihood_is_what_a_table_gets():
    # Where codes copy numbers for nothing, a learned scale would drown the categories.
    learned = [VAE(latent_dim=2), DenoisingAutoencoder(latent_dim=2)]
    fixed = [Autoencoder(latent_dim=2), Autoencoder(latent_dim=2, corruption=Noise(0.1))]
    for models, text in ((learned, "Mixed()"), (fixed, "Mixed(1.0)")):
        for model in models:
            likelihood = model.compose(SPACE)[0].likelihood
            assert repr(likelihood) == text
            torch.testing.assert_close(likelihood.scale(torch.zeros(1, 2)).expand(2), torch.ones(2))


def test_numbers_do_not_drown_categories():
    draw = np.random.default_rng(0)
    X = pd.DataFrame(draw.normal(size=(400, 3)), columns=list("abc"))
    X["where"] = draw.choice(["RU", "US", "IN"], 400)
    how = {"epochs": 100, "learning_rate": 1e-2, "backbone": Dense((32,)), "random_state": 0}
    back = Autoencoder(latent_dim=3, **how).fit(X).reconstruct(X)
    assert (back["where"] == X["where"]).mean() > 0.9


def test_balanced_nats_are_shares_of_what_the_best_constant_costs():
    codec = trained(Mixed(balanced=True), epochs=1)
    data, costs = rows(), codec.likelihood.costs
    for cell, kind in enumerate(SPACE.kinds):
        if kind == 1:
            assert costs[cell].item() == pytest.approx(CONSTANT)
            continue
        known = data.x[data.observed[:, cell], cell].long()
        shares = (known.bincount(minlength=kind) + 1) / (len(known) + kind)
        assert costs[cell].item() == pytest.approx(-(shares * shares.log()).sum().item(), rel=1e-5)
    plain = Mixed().on(SPACE)
    plain.load_state_dict(codec.likelihood.state_dict(), strict=False)
    raw = raw_for(plain)
    expected = plain(raw).log_prob(data.x) / costs
    torch.testing.assert_close(codec.likelihood(raw).log_prob(data.x), expected)


def test_a_category_that_hardly_varies_does_not_outweigh_the_rest():
    likelihood = Mixed(balanced=True).on(Table((2,)))
    likelihood.watch(Batch(torch.zeros(10_000, 1)))
    assert likelihood.costs.item() == pytest.approx(LEAST)


def test_before_anything_was_seen_all_categories_are_alike():
    costs = Mixed(balanced=True).on(SPACE).costs
    assert costs.tolist() == pytest.approx([log(3), CONSTANT, log(40), log(2), CONSTANT, log(3)])


def test_what_was_counted_is_kept_and_scoring_counts_nothing():
    codec = trained(Mixed(balanced=True))
    counts = codec.likelihood.counts.clone()
    codec.eval()(rows())
    assert torch.equal(codec.likelihood.counts, counts)
    assert counts.sum() == 3 * rows().observed[:, list(SPACE.categories)].sum()
    again, _ = Autoencoder(latent_dim=2, likelihood=Mixed(balanced=True)).compose(SPACE)
    again.load_state_dict(codec.state_dict())
    scores = [inference.scores(each.eval(), 1 * NLL(), rows()) for each in (codec, again)]
    assert torch.equal(*scores)


@pytest.mark.parametrize("likelihood", [Mixed(), Mixed(balanced=True)], ids=repr)
def test_an_unknown_cell_changes_nothing(likelihood):
    codec, data = trained(likelihood), rows()
    for junk in (1e9, -3.0, float("nan")):
        dirty = replace(data, x=data.x.where(data.observed, junk))
        for codec_of in (inference.codes, lambda c, b: inference.scores(c, 1 * NLL(), b)):
            assert torch.equal(codec_of(codec.eval(), dirty), codec_of(codec.eval(), data))


def test_a_number_beside_ten_thousand_categories_keeps_its_say():
    space = Table((10_000, 1))
    codec = Codec(space, Point(2), Mixed(balanced=True), Dense(()))
    nats = -codec(Batch(torch.zeros(5, 2))).p.log_prob(torch.zeros(5, 2)) * 1.0
    assert 0.5 < (nats[:, 0] / nats[:, 1]).mean() < 2.5


def test_many_categories_are_worked_on_few_rows_at_a_time():
    space = Table((10_000,) * 30)
    codec, objective = Autoencoder(latent_dim=2, backbone=Dense(())).compose(space)
    assert codec.breadth == 300_000
    sizes = []
    codec.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    data = Batch(torch.zeros(60, 30))
    evaluate(codec, objective, data, seed=0)
    assert max(sizes) == inference.chunk_size(codec.breadth) == 13 < min(60, EVALUATED)


@pytest.mark.parametrize("wrong", ["yes", 1, None])
def test_a_balance_that_is_none_is_refused(wrong):
    with pytest.raises(CompositionError, match=r"balanced=.*expected True or False"):
        truth(wrong)


@pytest.mark.parametrize("space", [Vector(3, support="mixed"), Image(1, 2, 2, support="mixed")])
def test_only_a_table_has_cells_of_several_kinds(space):
    with pytest.raises(SupportError, match=r"was given for .*expected the rows of a table"):
        Mixed().on(space)


def test_the_likelihood_chooses_the_adapter():
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = Autoencoder(latent_dim=2, epochs=1, likelihood=Mixed())
    assert model.fit(pd.DataFrame(X, columns=["a", "b"])).codec_.space == Table((1, 1))
    for other in (X, X.reshape(5, 3, 4)):
        with pytest.raises(DataError, match="table"):
            model.fit(other)
    with pytest.raises(SupportError, match=r"rows of a table, which adapter=Tables\(\) reads"):
        Vectors("mixed").fit(X)


def test_a_table_comes_back_from_the_disk_with_its_balance(tmp_path):
    draw = np.random.default_rng(0)
    X = pd.DataFrame({"where": draw.choice(["RU", "US", None], 60), "warm": draw.normal(size=60)})
    model = VAE(latent_dim=2, epochs=2, likelihood=Mixed(balanced=True), random_state=0).fit(X)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.codec_.space == model.codec_.space == Table((3, 1))
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
    with pytest.raises(CompositionError, match=r"relative: they are no density.*Mixed\(\)"):
        again.log_likelihood(X)


def test_likelihoods_are_in_the_users_units():
    draw = np.random.default_rng(0)
    X = pd.DataFrame({"where": draw.choice(["RU", "US"], 300), "warm": 50 * draw.normal(size=300)})
    X.loc[::3, "warm"] = np.nan
    how = {"epochs": 60, "batch_size": 64, "learning_rate": 1e-2}
    model = VAE(latent_dim=2, backbone=Dense((8,)), random_state=0, **how).fit(X)
    # The best there is for columns that have nothing to do with each other.
    best = -log(2) - 2 / 3 * (log(50) + CONSTANT)
    assert model.log_likelihood(X, samples=50).mean() == pytest.approx(best, abs=0.15)
