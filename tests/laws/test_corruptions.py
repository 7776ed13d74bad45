"""Laws of corruptions: what the encoder sees, when it is not the clean x."""

import pytest
import torch
from members import looked_up, made, texts

from isthmus import (
    Batch,
    Categorical,
    Codec,
    Dense,
    Gaussian,
    Image,
    Masking,
    Mixed,
    Noise,
    Normal,
    Occlusion,
    Series,
    Table,
    Vector,
    catalogue,
)
from isthmus.corruptions import Corruption
from isthmus.errors import CompositionError

EVERY = pytest.mark.parametrize("text", texts(Corruption))
# Has no strength but that of its parts.
COMBINED = {"AnyOf"}
STRONG = [text for text in texts(Corruption) if type(made(text)).__name__ not in COMBINED]
EVERY_STRONG = pytest.mark.parametrize("text", STRONG)
EVERY_NAME = pytest.mark.parametrize("name", sorted({type(made(text)).__name__ for text in STRONG}))

# Each at zero strength, and out of its range.
HARMLESS = {
    "AnyOf": "AnyOf((Masking(0.0), Occlusion(0.0)))",
    "Masking": "Masking(0.0)",
    "Noise": "Noise(0.0)",
    "Occlusion": "Occlusion(0.0)",
    "SaltPepper": "SaltPepper(0.0)",
}
OUT_OF_RANGE = {
    "Masking": "Masking(1.5)",
    "Noise": "Noise(-1.0)",
    "Occlusion": "Occlusion(1.5)",
    "SaltPepper": "SaltPepper(1.5)",
}
HERE = "{} in test_corruptions.py"

TABLE = Table((1, 5, 2, 1, 40, 1))
SPACES = pytest.mark.parametrize(
    "space",
    [Vector(6), Image(2, 5, 5), Series(2, 9), TABLE],
    ids=["vector", "image", "series", "table"],
)


def batch_of(space, holes=True):
    generator = torch.Generator().manual_seed(0)
    shape = (40, *space.shape)
    x = torch.randn(shape, generator=generator)
    if isinstance(space, Table):
        kinds = torch.tensor(space.kinds)
        x = x.where(kinds == 1, (torch.rand(shape, generator=generator) * kinds).floor())
    if not holes:
        return Batch(x)
    observed = torch.rand(shape, generator=generator) > 0.3
    return Batch(x * observed, observed)


def made_for(text, space):
    return made(text).on(space)


def corrupted(corruption, batch, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return corruption(batch)


@EVERY
@SPACES
def test_at_zero_strength_nothing_changes(text, space):
    harmless = made_for(looked_up(HARMLESS, made(text), HERE.format("HARMLESS")), space)
    batch = batch_of(space)
    assert torch.equal(corrupted(harmless, batch), batch.x)


@EVERY
@SPACES
def test_at_its_defaults_it_does_something(text, space):
    batch = batch_of(space, holes=False)
    damaged = corrupted(made_for(text, space), batch)
    assert damaged.shape == batch.x.shape
    assert damaged.isfinite().all()
    assert (damaged != batch.x).float().mean() > 0.01


@EVERY
@SPACES
def test_an_unknown_cell_never_reaches_a_known_one(text, space):
    batch = batch_of(space)
    junk = Batch(batch.x.where(batch.observed, 1e6), batch.observed)
    clean, dirty = (corrupted(made_for(text, space), each) for each in (batch, junk))
    assert torch.equal(clean, dirty)
    assert (clean[~batch.observed] == 0).all()


@EVERY
def test_cells_that_differ_in_kind_stay_in_theirs(text):
    batch, corruption = batch_of(TABLE), made_for(text, TABLE)
    seen = corruption.seen(batch)
    assert (seen.x[~seen.observed] == 0).all()
    assert (~seen.observed | batch.observed).all()
    for cell in TABLE.categories:
        values = seen.x[:, cell]
        assert torch.equal(values, values.round().clamp(0, TABLE.kinds[cell] - 1))


@pytest.mark.parametrize("text", ["Masking(0.5)", "Occlusion(0.5)", "Occlusion(2)"])
@pytest.mark.parametrize("holes", [False, True])
def test_what_is_hidden_is_told_where_cells_may_be_unknown(text, holes):
    clean = Batch(torch.ones(40, 6))
    for space in (TABLE, Vector(6, holes=True), Image(2, 5, 5, holes=True)):
        batch = batch_of(space) if holes else Batch(torch.ones(40, *space.shape))
        seen = made_for(text, space).seen(batch)
        assert 0.1 < (~seen.observed).float().mean() < 0.8
        assert (seen.x[~seen.observed] == 0).all()
        assert torch.equal(seen.x, batch.x.where(seen.observed, 0.0))
    assert made_for(text, Vector(6)).seen(clean).observed is None


def test_the_encoder_is_told_and_the_target_is_whole():
    codec = Codec(TABLE, Gaussian(2), Mixed(), Dense((4,)), Masking(1.0))
    batch = batch_of(TABLE, holes=False)
    trace = codec(batch)
    assert not trace.seen.any()
    assert trace.batch is batch
    assert len(trace.q.mean.unique(dim=0)) == 1  # nothing is seen of any row
    assert codec(batch, input=batch.x).seen is None


def test_a_value_for_cells_that_differ_in_kind_is_refused():
    with pytest.raises(CompositionError, match=r"value=0.5 .*no one value fits: leave value=0"):
        Occlusion(0.5, value=0.5).on(TABLE)
    told = Occlusion(0.5, value=0.5).on(Vector(6, holes=True)).seen(Batch(torch.ones(3, 6)))
    assert told.observed is None
    assert (told.x == 0.5).sum() == 9


@EVERY
@SPACES
def test_the_draw_is_fresh_and_repeats_under_a_seed(text, space):
    corruption, batch = made_for(text, space), batch_of(space)
    first, again, other = (corrupted(corruption, batch, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@EVERY
@SPACES
def test_each_row_draws_its_own(text, space):
    alike = Batch(torch.ones(40, *space.shape))
    damaged = corrupted(made_for(text, space), alike)
    assert len(damaged.flatten(1).unique(dim=0)) > 3


@EVERY_NAME
@SPACES
def test_a_range_is_all_strengths_between(name, space):
    cls, batch = catalogue.PARTS[name], Batch(torch.full((400, *space.shape), 0.3))

    def damage(strength):
        found = corrupted(cls(strength).on(space), batch)
        each = (found - batch.x).abs().flatten(1).mean(1)
        return each.mean(), each.std() / each.mean()

    (low, _), (high, alone), (between, apart) = map(damage, (0.2, 1.0, (0.2, 1.0)))
    assert low < between < high
    assert apart > alone


@EVERY_NAME
@pytest.mark.parametrize("wrong", [(0.5, 0.1), (-0.1, 0.5)])
def test_a_range_of_none_is_refused(name, wrong):
    with pytest.raises(CompositionError, match=r"was given; expected a number.*\(low, high\)"):
        catalogue.PARTS[name](wrong)


@EVERY
def test_the_target_stays_clean(text):
    batch = batch_of(Vector(6))
    before = batch.x.clone()
    space = Vector(6, holes=True)
    codec = Codec(space, Gaussian(2), Normal(), Dense((4,)), made(text))
    trace = codec(batch)
    assert torch.equal(trace.batch.x, before)
    assert not torch.equal(trace.input, before)


@EVERY_STRONG
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
    for support in ("real", "unit", "binary", "categories", "mixed"):
        space = TABLE if support == "mixed" else Vector(6, support=support)
        if support in corruption.accepts:
            assert repr(corruption.on(space)) == text
        else:
            with pytest.raises(CompositionError, match=rf"damages .* the data are {support}"):
                corruption.on(space)


def test_categories_take_no_noise():
    space = Vector(6, support="categories", levels=3)
    with pytest.raises(CompositionError, match=r"Noise\(\) damages real or unit .*Use Masking"):
        Codec(space, Gaussian(2), Categorical(), Dense((4,)), Noise())
