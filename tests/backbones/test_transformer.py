"""The Transformer backbone: patches, attention, positions, and the ends of series."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from isthmus import Categorical, Gaussian, Image, Point, Series, Transformer
from isthmus.backbones import attention as attending
from isthmus.backbones import patches as cutting
from isthmus.backbones.attention import attention, turn_of, turned
from isthmus.backbones.patches import Patches
from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.space import Batch

SETTINGS = pytest.mark.parametrize(
    "settings", [{}, {"patch": 3}, {"positions": "rotary"}, {"positions": "rotary", "patch": 2}]
)


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def built(space, context=0, channels=None, **settings):
    """An encoder and a decoder of fixed weights, evaluating."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = Transformer(width=16, heads=2, **settings)
        encoder = backbone.encoder(space, 3, context)
        decoder = backbone.decoder(3, torch.Size(space.shape), space, context)
    return encoder.eval(), decoder.eval()


# Patches


@pytest.mark.parametrize(
    ("sizes", "patch"), [((8, 8), (2, 2)), ((7, 5), (3, 2)), ((1, 9), (1, 4)), ((11,), (3,))]
)
def test_patches_put_together_are_what_was_cut(sizes, patch):
    patches, x = Patches(sizes, patch), numbers(4, 3, *sizes)
    tokens = patches.cut(x)
    assert tokens.shape == (4, len(patches), 3 * patches.size)
    assert torch.equal(patches.join(tokens), x)


def test_a_patch_holds_neighbours():
    x = torch.arange(24.0).reshape(1, 1, 4, 6)
    assert Patches((4, 6), (2, 3)).cut(x)[0].tolist() == [
        [0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11], [12, 13, 14, 18, 19, 20], [15, 16, 17, 21, 22, 23]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("space", "patch", "counts"),
    [
        (Image(1, 28, 28), None, (7, 7)),
        (Image(3, 32, 32), None, (8, 8)),
        (Image(1, 8, 8), None, (4, 4)),
        (Image(1, 1, 1), None, (1, 1)),
        (Image(1, 1, 500), None, (1, 63)),
        (Image(1, 10, 3), 4, (3, 1)),
        (Series(2, 100), None, (100,)),
        (Series(2, 100), 8, (13,)),
        (Series(2, 5), 8, (1,)),
    ],
    ids=str,
)
def test_how_many_patches_there_are(space, patch, counts):
    assert Patches.of(space, patch).counts == counts
    if patch is None and isinstance(space, Image):
        assert len(Patches.of(space, patch)) <= cutting.TOKENS


# Attention


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("short", [0, 100], ids=["fused", "plain"])
def test_attention_and_its_first_two_derivatives(masked, short, monkeypatch):
    monkeypatch.setattr(attending, "SHORT", short)
    q, k, v = (each.requires_grad_() for each in numbers(3, 2, 2, 5, 4).double().unbind())
    mask = (torch.arange(5) < torch.tensor([[3], [5]]))[:, None, None] if masked else None

    def f(q, k, v):
        return attention(q, k, v, mask)

    torch.testing.assert_close(f(q, k, v), scaled_dot_product_attention(q, k, v, attn_mask=mask))
    assert torch.autograd.gradcheck(f, (q, k, v))
    assert torch.autograd.gradgradcheck(f, (q, k, v))


def test_long_rows_go_through_the_fused_kernel_and_can_be_differentiated_twice():
    space = Series(1, attending.SHORT + 6)
    encoder, decoder = built(space)
    x = numbers(2, *space.shape).requires_grad_()
    (slope,) = torch.autograd.grad(decoder(encoder(x)).square().sum(), x, create_graph=True)
    slope.square().sum().backward()
    for network in (encoder, decoder):
        grads = [each.grad for each in network.blocks.parameters()]
        assert all(each is not None and each.isfinite().all() for each in grads)


def test_long_rows_can_be_differentiated_by_torch_func():
    q, k, v = numbers(3, 1, 2, 2 * attending.SHORT, 4)
    found = torch.func.grad(lambda q: attention(q, k, v).square().sum())(q)
    (slope,) = torch.autograd.grad(attention(q.requires_grad_(), k, v).square().sum(), q)
    torch.testing.assert_close(found, slope)


@pytest.mark.parametrize("space", [Image(1, 7, 5), Series(2, 70)], ids=str)
def test_the_penalty_on_a_jacobian_moves_as_its_gradient_says(space):
    """A second derivative by backward through backward, beside a difference quotient."""
    encoder, _ = (network.double() for network in built(space))
    weight = encoder.blocks.blocks[0].qkv.weight

    def penalty():
        x = numbers(2, *space.shape).double().requires_grad_()
        (slope,) = torch.autograd.grad(encoder(x)[:, 0].sum(), x, create_graph=True)
        return slope.square().sum()

    (along,) = torch.autograd.grad(penalty(), weight)
    step = 1e-5 * along / along.norm()
    with torch.no_grad():
        weight += step
    above = penalty()
    with torch.no_grad():
        weight -= 2 * step
    slope = (above - penalty()).detach() / 2e-5
    torch.testing.assert_close(slope, along.norm(), rtol=1e-4, atol=1e-8)


# Positions


@pytest.mark.parametrize("counts", [(9,), (3, 4)], ids=str)
def test_turned_pairs_see_how_far_apart_they_are_and_nothing_else(counts):
    cos, sin = turn_of(counts, 1, 8, torch.device("cpu"))
    q, k = (turned(each.expand(len(cos), 8), (cos, sin)) for each in numbers(2, 8))
    scores = (q @ k.T)[1:, 1:].reshape(*counts, *counts)
    if len(counts) == 2:
        torch.testing.assert_close(scores[0, 0, 1, 2], scores[1, 1, 2, 3])
        assert not torch.isclose(scores[0, 0, 0, 1], scores[0, 0, 1, 0])
    else:
        torch.testing.assert_close(scores[0, 1], scores[1, 2])
        assert not torch.isclose(scores[0, 1], scores[1, 0])
    assert torch.equal(q[0], numbers(2, 8)[0])  # what has no place is not turned


@SETTINGS
@pytest.mark.parametrize("space", [Image(1, 6, 6), Series(2, 12)], ids=str)
def test_where_something_stands_is_seen(settings, space):
    encoder, _ = built(space, **settings)
    x = numbers(2, *space.shape)
    moved = x.roll(6, dims=-1) if isinstance(space, Series) else x.roll((3, 3), dims=(2, 3))
    assert not torch.allclose(encoder(x), encoder(moved), atol=1e-4)
    assert not torch.allclose(encoder(x), encoder(x.flip(-1)), atol=1e-4)


# The ends of series


def ragged(lengths, steps, junk=0.0):
    """Series of two channels, and the mask of their steps as the stem lays it beside them."""
    there = (torch.arange(steps) < torch.tensor(lengths)[:, None])[:, None].float()
    return torch.cat([numbers(len(lengths), 2, steps).where(there > 0, junk), there], dim=1)


@SETTINGS
def test_what_stands_after_the_end_changes_nothing(settings):
    space = Series(3, 12, ragged=True)
    encoder, _ = built(space, **settings)
    lengths = [12, 7, 6, 1, 0]
    assert torch.equal(encoder(ragged(lengths, 12)), encoder(ragged(lengths, 12, junk=1e6)))


@pytest.mark.parametrize("patch", [None, 3])
def test_padding_changes_nothing(patch):
    short, _ = built(Series(3, 6, ragged=True), positions="rotary", patch=patch)
    long, _ = built(Series(3, 14, ragged=True), positions="rotary", patch=patch)
    # The code is read from every place: the longer one reads nothing from those beyond.
    weights = short.state_dict()
    read = torch.full_like(long.head.weight, 1e3)
    read[:, : weights["head.weight"].shape[1]] = weights["head.weight"]
    long.load_state_dict(weights | {"head.weight": read})
    x = ragged([6, 5, 2], 6)
    padded = torch.cat([x, torch.zeros(3, 3, 8)], dim=2)
    torch.testing.assert_close(long(padded), short(x))


def test_a_series_of_no_steps_stays_finite():
    encoder, _ = built(Series(3, 5, ragged=True))
    x = ragged([0, 5], 5).requires_grad_()
    code = encoder(x)
    code.sum().backward()
    assert code.isfinite().all()
    assert x.grad.isfinite().all()


# The whole


@SETTINGS
@pytest.mark.parametrize("space", [Image(2, 7, 5), Series(2, 13)], ids=str)
def test_odd_sizes_come_back_exact(settings, space):
    encoder, decoder = built(space, context=2, **settings)
    x, c = numbers(4, *space.shape), numbers(4, 2)
    code = encoder(x, c)
    out = decoder(code, c)
    assert out.shape == x.shape
    assert torch.equal(out, decoder(encoder(x, c), c))
    torch.testing.assert_close(encoder(x[1:2], c[1:2]), code[1:2])


def test_leading_dimensions_are_kept_apart():
    """Each level's numbers come from rows of the last layer that are its own."""
    space = Series(2, 6)
    decoder = Transformer(16, heads=2, patch=3).decoder(3, torch.Size((4, 2, 6)), space)
    decoder.head.bias.data.copy_(torch.arange(4.0).repeat_interleave(2 * 3))
    decoder.head.weight.data.zero_()
    expected = torch.arange(4.0)[:, None, None].expand(4, 2, 6)
    assert torch.equal(decoder(numbers(1, 3))[0], expected)


def test_dropout_is_for_training_alone():
    encoder, _ = built(Series(2, 5), dropout=0.5)
    x = numbers(3, 2, 5)
    assert torch.equal(encoder(x), encoder(x))
    encoder.train()
    assert not torch.equal(encoder(x), encoder(x))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"width": 10, "heads": 4}, r"width=10 .* heads=4; .*4 equal heads\. .*width=12"),
        ({"width": 24, "heads": 4, "positions": "rotary"}, r"multiple of 4 .*width=32"),
        ({"positions": "absolute"}, r"positions='absolute' .*learned, rotary"),
        ({"patch": 0}, r"patch=0 .*Transformer\(patch=4\)"),
        ({"depth": 0}, r"depth=0"),
        ({"dropout": 1.0}, r"dropout=1.0"),
    ],
    ids=str,
)
def test_what_will_not_do_is_refused_in_words(settings, words):
    with pytest.raises(CompositionError, match=words):
        Transformer(**settings)


@pytest.mark.parametrize("latent", [Point(256), Gaussian(256)])
@pytest.mark.parametrize("context", [0, 3])
def test_a_decoder_of_texts_begins_by_reading_the_code(latent, context):
    space = Series(1, 16, support="categories", levels=200, ragged=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec = Codec(space, latent, Categorical(), Transformer(64, depth=1), context=context)
        text = Batch(torch.randint(200, (50, 1, 16)).float())
        right = codec(text, draw=False).p.mode == text.x
    assert right.float().mean() > 0.1  # by chance: 0.005
