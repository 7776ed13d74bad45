"""Laws of corruptions: what the encoder sees, when it is not the clean x."""

import pytest
import torch
from members import looked_up, made, texts

from isthmus import Batch, Categorical, Codec, Dense, Gaussian, Noise, Normal, Vector
from isthmus.corruptions import Corruption
from isthmus.errors import CompositionError

EVERY = pytest.mark.parametrize("text", texts(Corruption))

# Each at zero strength, and out of its range.
HARMLESS = {"Masking": "Masking(0.0)", "Noise": "Noise(0.0)"}
OUT_OF_RANGE = {"Masking": "Masking(1.5)", "Noise": "Noise(-1.0)"}
HERE = "{} in test_corruptions.py"

SHAPES = pytest.mark.parametrize("shape", [(40, 6), (40, 2, 5, 5)], ids=["vector", "image"])


def batch_of(shape, holes=True):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator)
    if not holes:
        return Batch(x)
    observed = torch.rand(shape, generator=generator) > 0.3
    return Batch(x * observed, observed)


def corrupted(corruption, batch, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return corruption(batch)


@EVERY
@SHAPES
def test_at_zero_strength_nothing_changes(text, shape):
    harmless = made(looked_up(HARMLESS, made(text), HERE.format("HARMLESS")))
    batch = batch_of(shape)
    assert torch.equal(corrupted(harmless, batch), batch.x)


@EVERY
@SHAPES
def test_at_its_defaults_it_does_something(text, shape):
    batch = batch_of(shape, holes=False)
    damaged = corrupted(made(text), batch)
    assert damaged.shape == batch.x.shape
    assert damaged.isfinite().all()
    assert (damaged != batch.x).float().mean() > 0.01


@EVERY
@SHAPES
def test_an_unknown_cell_never_reaches_a_known_one(text, shape):
    batch = batch_of(shape)
    junk = Batch(batch.x.where(batch.observed, 1e6), batch.observed)
    clean, dirty = (corrupted(made(text), each) for each in (batch, junk))
    assert torch.equal(clean[batch.observed], dirty[batch.observed])


@EVERY
@SHAPES
def test_the_draw_is_fresh_and_repeats_under_a_seed(text, shape):
    corruption, batch = made(text), batch_of(shape)
    first, again, other = (corrupted(corruption, batch, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@EVERY
def test_the_target_stays_clean(text):
    batch = batch_of((40, 6))
    before = batch.x.clone()
    space = Vector(6, holes=True)
    codec = Codec(space, Gaussian(2), Normal(), Dense((4,)), made(text))
    trace = codec(batch)
    assert torch.equal(trace.batch.x, before)
    assert not torch.equal(trace.input, before)


@EVERY
def test_a_strength_out_of_range_is_refused(text):
    cls, wrong = type(made(text)), looked_up(OUT_OF_RANGE, made(text), HERE.format("OUT_OF_RANGE"))
    with pytest.raises(ValueError, match=rf"was given; expected .*{cls.__name__}\("):
        made_wrong(cls, wrong)


def made_wrong(cls, text):
    return cls(float(text.partition("(")[2].rstrip(")")))


@EVERY
def test_it_damages_what_it_accepts_and_no_more(text):
    corruption = made(text)
    assert corruption.accepts
    for support in ("real", "unit", "binary", "categories"):
        space = Vector(6, support=support)
        if support in corruption.accepts:
            assert repr(corruption.on(space)) == text
        else:
            with pytest.raises(CompositionError, match=rf"damages .* the data are {support}"):
                corruption.on(space)


def test_categories_take_no_noise():
    space = Vector(6, support="categories", levels=3)
    with pytest.raises(CompositionError, match=r"Noise\(\) damages real or unit .*Use Masking"):
        Codec(space, Gaussian(2), Categorical(), Dense((4,)), Noise())
