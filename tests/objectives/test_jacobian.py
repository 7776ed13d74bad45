"""Jacobian: against autograd's whole Jacobian."""

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian

from isthmus import (
    GRU,
    LSTM,
    NLL,
    Batch,
    Bernoulli,
    Categorical,
    Codec,
    Composed,
    ContractiveAutoencoder,
    Conv,
    Dense,
    Gaussian,
    Image,
    Jacobian,
    Noise,
    Normal,
    Point,
    Series,
    TopK,
    Transformer,
    Vector,
)
from isthmus.backbones import Dictionary
from isthmus.errors import CompositionError
from isthmus.objectives.jacobian import EXACT, FEW
from isthmus.training import step


def codec_of(backbone=None, space=None, latent=None, likelihood=None, **more):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = backbone or Dense((6,), activation="tanh")
        return Codec(
            space or Vector(7), latent or Point(3), likelihood or Normal(), backbone, **more
        )


def batch_of(space=None, rows=5, holes=False, context=0):
    generator = torch.Generator().manual_seed(0)
    shape = (space or Vector(7)).shape
    x = torch.randn(rows, *shape, generator=generator)
    observed = torch.rand(x.shape, generator=generator) > 0.3 if holes else None
    given = torch.randn(rows, context, generator=generator) if context else None
    return Batch(x if observed is None else x * observed, observed, given)


def exact(codec, trace, of):
    """The squared norm of each row's Jacobian, known cells alone."""

    def mapped(x, row):
        batch = trace.batch[slice(row, row + 1)]
        z = codec.encode(x, batch.context, batch.observed).mean
        if of == "codes":
            return z
        mean = codec.decode(z, batch.context).mean
        return mean if batch.observed is None else mean[batch.observed]

    codec.eval()
    found = [
        jacobian(lambda x, row=row: mapped(x, row), trace.input[row : row + 1]).square().sum()
        for row in range(len(trace.batch))
    ]
    return torch.stack(found)


CODECS = [
    ("codes", {"backbone": Dense((6,), activation="tanh", tied=True)}),
    ("codes", {"backbone": Dictionary(tied=True), "latent": Point(4, activation="sigmoid")}),
    ("codes", {"backbone": Dictionary(tied=True), "latent": TopK(6, k=2)}),
    ("codes", {"backbone": Dense((6,), tied=True), "space": Vector(7, holes=True)}),
    ("reconstruction", {}),
    ("reconstruction", {"space": Vector(7, holes=True)}),
    ("reconstruction", {"latent": Gaussian(3), "likelihood": Normal("feature")}),
    ("reconstruction", {"likelihood": Bernoulli(), "space": Vector(7, support="unit")}),
    ("reconstruction", {"backbone": Dense((6,), normalisation="batch", dropout=0.5)}),
    ("reconstruction", {"context": 2}),
    ("reconstruction", {"corruption": Noise(0.3)}),
    ("reconstruction", {"backbone": Conv((4,), activation="tanh"), "space": Image(1, 5, 5)}),
    ("reconstruction", {"backbone": Conv((4,), normalisation="batch"), "space": Image(1, 5, 5)}),
    ("reconstruction", {"backbone": Transformer(8, depth=1, heads=2), "space": Series(2, 6)}),
    ("reconstruction", {"backbone": LSTM(5), "space": Series(2, 6)}),
    ("reconstruction", {"backbone": GRU(5, bidirectional=True), "space": Series(2, 6)}),
]


@pytest.mark.parametrize(("of", "parts"), CODECS, ids=str)
@pytest.mark.parametrize("draw", [False, True])
@pytest.mark.parametrize("learning", [False, True])
def test_it_is_the_norm_of_autograds_jacobian(of, parts, draw, learning, monkeypatch):
    monkeypatch.setattr("isthmus.objectives.jacobian.FEW", EXACT)
    codec = codec_of(**parts)
    term = Jacobian().on(codec)
    assert term.of == of
    batch = batch_of(codec.space, holes=codec.space.holes, context=codec.context)
    with torch.set_grad_enabled(learning):
        trace = codec(batch, draw=draw)
        found = term(codec, trace)
    assert found.requires_grad == learning
    assert codec.training
    torch.testing.assert_close(found, exact(codec, trace, of))


@pytest.mark.parametrize("text", ["Dense", "Conv", "Transformer", "LSTM"])
def test_its_gradient_is_that_of_the_norm(text, monkeypatch):
    monkeypatch.setattr("isthmus.objectives.jacobian.FEW", EXACT)
    backbone, space = {
        "Dense": (Dense((6,), activation="tanh"), Vector(7)),
        "Conv": (Conv((4,), activation="tanh"), Image(1, 5, 5)),
        "Transformer": (Transformer(8, depth=1, heads=2), Series(2, 6)),
        "LSTM": (LSTM(5), Series(2, 6)),
    }[text]
    codec = codec_of(backbone, space).double().eval()
    trace = codec(Batch(batch_of(space, rows=2).x.double()))
    term = Jacobian().on(codec)
    weight = next(codec.encoder.parameters())
    (slope,) = torch.autograd.grad(term(codec, trace).sum(), weight)
    change = torch.randn(
        weight.shape, dtype=weight.dtype, generator=torch.Generator().manual_seed(1)
    )

    def moved(by):
        with torch.no_grad():
            weight.add_(by * change)
            found = term(codec, trace).sum()
            weight.sub_(by * change)
        return found

    rise = (moved(1e-5) - moved(-1e-5)) / 2e-5
    torch.testing.assert_close((slope * change).sum(), rise, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("of", ["codes", "reconstruction"])
def test_projections_have_no_bias(of):
    codec = codec_of(Dense((6,), activation="tanh", tied=True), Vector(7, holes=True))
    batch = batch_of(codec.space, rows=3, holes=True)
    many = batch.repeat(20_000)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = Jacobian(of, projections=2)(codec, codec(many)).unflatten(0, (-1, 3)).mean(0)
    torch.testing.assert_close(
        found, exact(codec, codec(batch), of), rtol=0.02, atol=0, check_dtype=False
    )


def test_many_outputs_are_projected():
    space = Vector(EXACT + 1)
    codec, batch = codec_of(space=space), batch_of(space)
    term = Jacobian().on(codec)
    first, second = (term(codec, codec(batch)) for _ in range(2))
    assert not torch.equal(first, second)
    scores = [term(codec, codec(each, draw=False)) for each in (batch, batch)]
    assert torch.equal(*scores)
    alone = torch.cat([term(codec, codec(batch[slice(i, i + 1)], draw=False)) for i in range(5)])
    torch.testing.assert_close(alone, scores[0])


def test_few_outputs_are_not():
    for features, drawn in ((FEW, True), (EXACT, False)):
        space = Vector(features)
        codec, batch = codec_of(space=space), batch_of(space)
        trace = codec(batch, draw=drawn)
        torch.testing.assert_close(Jacobian()(codec, trace), exact(codec, trace, "reconstruction"))


def test_scoring_leaves_the_random_state():
    space = Vector(EXACT + 1)
    codec, batch = codec_of(space=space), batch_of(space)
    term, before = Jacobian().on(codec), torch.get_rng_state()
    term(codec, codec(batch, draw=False))
    assert torch.equal(torch.get_rng_state(), before)


def test_rescaled_codes_change_nothing_about_the_reconstruction():
    codec, batch = codec_of(Dense(())), batch_of()
    term = Jacobian().on(codec)
    before = term(codec, codec(batch))
    with torch.no_grad():
        codec.encoder.layers[0].weight.mul_(0.1), codec.encoder.layers[0].bias.mul_(0.1)
        codec.decoder.layers[0].weight.mul_(10)
    torch.testing.assert_close(term(codec, codec(batch)), before)


def test_nothing_is_counted_twice():
    codec = codec_of(Dense((8,), normalisation="batch"), latent=TopK(6, k=2))
    term, trace = Jacobian().on(codec), codec(batch_of())
    before = {name: each.clone() for name, each in codec.named_buffers()}
    term(codec, trace)
    assert all(torch.equal(each, before[name]) for name, each in codec.named_buffers())


@pytest.mark.parametrize(
    "backbone",
    [Dense((6,)), Dense((6,), normalisation="batch", tied=True), Dictionary(), Conv((4,))],
    ids=repr,
)
def test_codes_alone_need_tied_weights(backbone):
    codec = codec_of(backbone, Image(1, 3, 3) if isinstance(backbone, Conv) else None)
    assert Jacobian().on(codec).of == "reconstruction"
    with pytest.raises(CompositionError, match=r"Jacobian\('codes'\).*undoes it.*tied=True"):
        Jacobian("codes").on(codec)


def test_categories_have_no_small_steps():
    space = Vector(7, support="categories", levels=3)
    with pytest.raises(CompositionError, match=r"no small steps.*Masking"):
        Jacobian().on(codec_of(space=space, likelihood=Categorical()))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rows",), r"of='rows'.*None, 'codes' or 'reconstruction'"),
        ((None, 0), r"projections=0.*at least 1"),
    ],
)
def test_arguments_that_are_none_are_refused(arguments, said):
    with pytest.raises(CompositionError, match=said):
        Jacobian(*arguments)


def test_a_weight_is_worth_noise_of_twice_its_variance():
    codec = codec_of().double().eval()
    batch = Batch(batch_of(rows=1).x.double())
    noise = 1e-3 * torch.randn(400_000, 7, generator=torch.Generator().manual_seed(0)).double()
    # Both signs: the first order cancels.
    seen = torch.cat([batch.x + noise, batch.x - noise])
    nll, repeated = NLL(), Batch(batch.x.expand(len(seen), 7))
    with torch.no_grad():
        clean = nll(codec, codec(batch))
        rise = (nll(codec, codec(repeated, input=seen)) - clean).mean()
        # What is left of the second order is the bend of the map, times how far it misses x.
        trace = codec(repeated, input=seen)
        miss = (codec(batch).p.mean - batch.x) * (trace.p.mean - codec(batch).p.mean)
        rise = rise - miss.sum(1).mean()
        (w,) = (1e-6 / 2 * Jacobian()(codec, codec(batch))).tolist()
    assert rise.item() == pytest.approx(w, rel=0.02)


def test_bfloat16_will_do():
    space = Vector(EXACT + 1)
    codec, batch = codec_of(space=space), batch_of(space)
    optimiser = torch.optim.SGD(codec.parameters(), lr=1e-3)
    objective = (NLL() + Jacobian()).on(codec)
    assert step(codec, objective, optimiser, batch, precision="bfloat16").total.isfinite()


def blobs():
    generator = np.random.default_rng(0)
    return generator.normal(size=(200, 3)) @ generator.normal(size=(3, 10))


@pytest.mark.parametrize("tied", [False, True])
def test_training_with_it_contracts(tied):
    settings = {"backbone": Dense((16,), activation="tanh", tied=tied), "random_state": 0}
    settings |= {"epochs": 30, "latent_dim": 5, "learning_rate": 1e-2, "verbose": False}
    norms = []
    for weight in (0, 1):
        model = ContractiveAutoencoder(weight=weight, **settings).fit(blobs())
        batch = model.adapter_.transform(blobs())
        norms.append(model.objective_.terms["Jacobian"](model.codec_, model.codec_(batch)).mean())
    assert norms[1] < 0.8 * norms[0]


def test_it_stands_in_any_composition():
    model = Composed(
        latent=Gaussian(3), objective=NLL() + 0.1 * Jacobian(), backbone=Dense((8,)), epochs=2,
        random_state=0, verbose=False,
    )  # fmt: skip
    assert np.isfinite(model.fit(blobs()).score_samples(blobs())).all()
