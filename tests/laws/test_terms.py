"""Laws of terms: the summands of the objective, in nats per example."""

import pytest
import torch
from members import codec_with, family, looked_up, made, texts, wine

from isthmus import KL, NLL, Batch, ImportanceWeighted, WarmUp, catalogue
from isthmus.errors import CompositionError
from isthmus.objectives import Objective, Term

EVERY = pytest.mark.parametrize("text", texts(Term))

# Which parts of the codec minimising a term may move: exactly these.
REACHES = {
    "Adversarial": {"encoder"},
    "NLL": {"encoder", "decoder", "likelihood"},
    "KL": {"encoder"},
    "Commitment": {"encoder"},
    "ImportanceWeighted": {"encoder", "decoder", "likelihood"},
    "Jacobian": {"encoder", "decoder"},
    "L1": {"encoder", "decoder"},
    "MMD": {"encoder"},
    "Revive": {"encoder", "decoder"},
    "SURE": {"encoder", "decoder"},
    "SparsityTarget": {"encoder"},
    "TotalCorrelation": {"encoder"},
}

# The latent that a term needs, where a Gaussian won't do.
LATENTS = {
    "SURE": "Point(3)",
    "SparsityTarget": "Point(3, activation='sigmoid')",
    "Commitment": "Quantised(3, codes=4, groups=1)",
    "Revive": "TopK(64, k=2, dead_after=0)",  # so wide that some code is silent in any batch
}


def batch_of(rows=16, holes=False):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 5, generator=generator)
    if not holes:
        return Batch(x)
    observed = torch.rand(rows, 5, generator=generator) > 0.3
    return Batch(x * observed, observed)


def codec_for(objective):
    """A small codec that the objective can be asked of."""
    needed = [LATENTS[name] for name in objective.weights if name in LATENTS]
    return codec_with(*needed[:1])


def value_of(objective, codec=None, batch=None, **how):
    """The objective on a fixed draw."""
    codec = codec or codec_for(objective)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return objective.on(codec)(codec, codec(batch or batch_of(), **how))


@EVERY
@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("draw", [False, True])
def test_a_value_for_each_row_or_one_for_the_batch(text, holes, draw):
    (value,) = value_of(1 * made(text), batch=batch_of(holes=holes), draw=draw).terms.values()
    assert value.shape in [(16,), ()]
    assert value.isfinite().all()


@EVERY
def test_at_its_defaults_it_is_there(text):
    nats = value_of(1 * made(text))
    assert nats.total.abs() > 1e-3
    assert list(nats.weights.values()) == [1]


@EVERY
@pytest.mark.parametrize("weight", [0.0, 0.25, 3.0])
def test_it_is_linear_in_its_weight(text, weight):
    one, many = value_of(1 * made(text)), value_of(weight * made(text))
    torch.testing.assert_close(many.total, weight * one.total)
    torch.testing.assert_close(many.rows, weight * one.rows)
    torch.testing.assert_close(many.means[0], one.means[0])


@EVERY
def test_gradients_reach_exactly_what_they_should(text):
    term = made(text)
    codec = codec_for(1 * term)
    value_of(1 * term, codec).total.backward()
    reached = {
        name.split(".")[0]
        for name, each in codec.named_parameters()
        if each.grad is not None and (each.grad != 0).any()
    }
    assert reached == looked_up(REACHES, term, "REACHES in test_terms.py")
    assert all(each.grad.isfinite().all() for each in codec.parameters() if each.grad is not None)


@EVERY
def test_no_row_feels_an_unknown_cell(text):
    batch = batch_of(holes=True)
    junk = Batch(batch.x.where(batch.observed, 1e3), batch.observed)
    clean, dirty = (value_of(1 * made(text), batch=each) for each in (batch, junk))
    assert torch.equal(clean.rows, dirty.rows)
    assert clean.means == dirty.means


@EVERY
def test_it_prints_as_its_formula(text):
    for objective in (1 * made(text), 0.5 * made(text), WarmUp(0.2, peak=4.0) * made(text)):
        again = catalogue.part(repr(1 * objective))
        assert repr(again) == repr(objective)
        assert torch.equal(value_of(1 * again).total, value_of(1 * objective).total)


@EVERY
def test_no_term_may_stand_twice(text):
    with pytest.raises(CompositionError, match=r"names a term twice.*Add up their weights"):
        made(text) + 2 * made(text)


def test_terms_add_up():
    nll, kl = value_of(1 * NLL()).total, value_of(1 * KL()).total
    torch.testing.assert_close(value_of(NLL() + 4 * KL()).total, nll + 4 * kl)
    torch.testing.assert_close(value_of(2 * (NLL() + 4 * KL())).total, 2 * (nll + 4 * kl))


@pytest.mark.parametrize(
    ("objective", "formula"),
    [
        (NLL() + 4 * KL(), "NLL() + 4 * KL()"),
        (NLL() + KL() * 0.5, "NLL() + 0.5 * KL()"),
        (NLL() + (2 * KL() + ImportanceWeighted(3)), "NLL() + 2 * KL() + ImportanceWeighted(3)"),
        (NLL() + 2 * (WarmUp(0.2) * KL()), "NLL() + WarmUp(0.2, peak=2.0) * KL()"),
        (3 * (NLL() + 4 * KL()), "3 * NLL() + 12 * KL()"),
    ],
)
def test_the_algebra_writes_what_was_meant(objective, formula):
    assert isinstance(objective, Objective)
    assert repr(objective) == repr(catalogue.part(formula)) == formula


def test_weights_and_terms_are_parameters():
    objective = NLL() + 4 * KL() + ImportanceWeighted(5)
    assert objective.get_params() == {
        "NLL": 1, "KL": 4, "ImportanceWeighted": 1,
        "KL__free": 0.0, "ImportanceWeighted__samples": 5,
    }  # fmt: skip
    objective.set_params(KL=2, ImportanceWeighted__samples=7)
    assert repr(objective) == repr(objective.fresh())
    assert repr(objective) == "NLL() + 2 * KL() + ImportanceWeighted(7)"
    with pytest.raises(ValueError, match=r"no term 'L1'; it has:? NLL, KL, Imp"):
        objective.set_params(L1=1)


def test_the_bound_of_one_draw_is_the_evidence_lower_bound():
    codec, batch = codec_with().double(), batch_of(4)
    batch = Batch(batch.x.double().expand(1, 4, 5).flatten(0, 1).repeat(20_000, 1))
    one = value_of(1 * ImportanceWeighted(1), codec, batch).total
    elbo = value_of(NLL() + KL(), codec, batch).total
    torch.testing.assert_close(one, elbo, rtol=0, atol=0.02)


@pytest.mark.parametrize("text", ["NLL() + KL()", "ImportanceWeighted(4)"])
def test_scoring_draws_nothing(text):
    objective, codec = 1 * made(text), codec_with()
    trace = codec(batch_of(), draw=False)
    assert torch.equal(objective(codec, trace).rows, objective(codec, trace).rows)


@pytest.mark.parametrize("text", ["KL()", "NLL() + KL()", "ImportanceWeighted(4)"])
def test_a_point_has_no_density(text):
    with pytest.raises(CompositionError, match=r"latent with a density.*Gaussian\(d\)"):
        value_of(1 * made(text), codec_with("Point(3)"), draw=False)


def test_a_schedule_weighs_a_sum_but_no_schedule():
    assert repr(WarmUp(0.2) * (NLL() + 4 * KL())) == (
        "WarmUp(0.2) * NLL() + WarmUp(0.2, peak=4.0) * KL()"
    )
    assert repr((NLL() + 4 * KL()) * 2) == "2 * NLL() + 8 * KL()"
    with pytest.raises(CompositionError, match=r"one schedule for each term"):
        WarmUp(0.2) * (NLL() + WarmUp(0.3) * KL())


@pytest.mark.parametrize(
    ("objective", "heard"),
    [(NLL() + KL(), True), (NLL() + 0 * KL(), False), (NLL() + WarmUp(0.1) * KL(), True),
     (NLL() + WarmUp(0.1, peak=0.0) * KL(), False)],
    ids=repr,
)  # fmt: skip
def test_a_term_that_weighs_nothing_has_no_say(objective, heard):
    assert objective.fits_prior == objective.bounds_density == heard


def test_without_a_weight_for_its_prior_a_model_has_none():
    model = family("VAE", beta=0.0, epochs=1).fit(wine(rows=20))
    with pytest.raises(CompositionError, match="prior"):
        model.sample(1)


def test_a_refused_weight_changes_nothing():
    objective = NLL() + 4 * KL() + ImportanceWeighted(3)
    for wrong in ({"KL": -1}, {"KL": 2, "ImportanceWeighted__samples": 0}):
        with pytest.raises(CompositionError):
            objective.set_params(**wrong)
        assert repr(objective) == "NLL() + 4 * KL() + ImportanceWeighted(3)"
