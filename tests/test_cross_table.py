"""The cross table: every family on every backbone, on every kind of data.

Each cell either takes two steps of training, or is refused for a reason that stands in
`REFUSALS`. A cell that is refused and isn't in that table fails, and so does one that is in
the table and isn't refused.
"""

import re
from fnmatch import fnmatch
from itertools import product
from math import isfinite

import pytest
import torch

from isthmus import Batch, Image, Series, Table, Vector, catalogue
from isthmus.backbones import Backbone
from isthmus.errors import CompositionError
from isthmus.randomness import seeded
from isthmus.run import Plan, start
from isthmus.training import fit

ROWS, STEPS, CONTEXT = 16, 2, 3
SPACES = {
    "vector": Vector(7),
    "image": Image(1, 8, 8),
    "series": Series(2, 12),
    "ragged": Series(2, 12, ragged=True),
    "table": Table((1, 5, 2, 1, 40, 5)),
    "text": Series(1, 12, support="categories", levels=5),
}
BACKBONES = [
    "Dense((8,))",
    "Dense(())",
    "Conv((4, 8))",
    "Conv((4, 8), grid=True)",
    "LSTM(8)",
    "GRU(8)",
    "Transformer(8, depth=1, heads=2)",
    "Dictionary()",
    "UNet((4, 8))",
    "SpectralMask((8,))",
]
# What a family needs beside a small code.
SETTINGS = {
    "Composed": {"latent": "Gaussian(3)", "objective": "NLL() + 4 * KL()"},
    "KSparseAutoencoder": {"latent_dim": 12, "k": 2},
    "VQVAE": {"latent_dim": 4, "codes": 8},
}

# Family, backbone and kind of data, each a pattern, and what the refusal says: the first row
# that fits a cell speaks for it.
REFUSALS = [
    # Of linear maps alone, or of dense layers alone, by their definition.
    ("LinearAutoencoder", "Dense(())", "*", None),
    ("LinearAutoencoder", "*", "*", r"which is made of linear maps: leave it out, or use"),
    ("StackedAutoencoder", "Dense*", "*", None),
    ("StackedAutoencoder", "*", "*", r"dense layers one at a time: give it Dense"),
    # A row of numbers in no order has neither neighbours nor steps; a picture has no steps.
    ("*", "Conv*", "vector", r"was given for .*; expected Image or Series"),
    ("*", "Conv*", "table", r"was given for .*; expected Image or Series"),
    ("*", "Transformer*", "vector", r"was given for .*; expected Image or Series"),
    ("*", "Transformer*", "table", r"was given for .*; expected Image or Series"),
    ("*", "LSTM*", "vector", r"was given for .*; expected Series"),
    ("*", "LSTM*", "table", r"was given for .*; expected Series"),
    ("*", "GRU*", "vector", r"was given for .*; expected Series"),
    ("*", "GRU*", "table", r"was given for .*; expected Series"),
    ("*", "LSTM*", "image", r"was given for .*; expected Series"),
    ("*", "GRU*", "image", r"was given for .*; expected Series"),
    ("*", "UNet*", "vector", r"was given for .*; expected Image or Series"),
    ("*", "UNet*", "table", r"was given for .*; expected Image or Series"),
    ("*", "SpectralMask*", "vector", r"was given for .*; expected Series"),
    ("*", "SpectralMask*", "table", r"was given for .*; expected Series"),
    ("*", "SpectralMask*", "image", r"was given for .*; expected Series"),
    # Dead codes learn what is left over, x - x_hat, and names have no differences.
    ("KSparseAutoencoder", "*", "table", r"Revive\(\) needs a decoder that writes x itself"),
    ("KSparseAutoencoder", "*", "text", r"Revive\(\) needs a decoder that writes x itself"),
    # A derivative asks for small steps, and between names there are none.
    ("ContractiveAutoencoder", "*", "table", r"categories, between which there are no small steps"),
    ("ContractiveAutoencoder", "*", "text", r"categories, between which there are no small steps"),
]
CELLS = [
    pytest.param(family, backbone, kind, id=f"{family}-{backbone}-{kind}")
    for family, backbone, kind in product(catalogue.FAMILIES, BACKBONES, SPACES)
]


def literal(pattern):
    """A pattern whose only sign is the star."""
    return re.sub(r"([\[\]?])", r"[\1]", pattern)


def refusal(*cell):
    """What is said against a cell, or None."""
    for *patterns, words in REFUSALS:
        if all(fnmatch(each, literal(p)) for each, p in zip(cell, patterns, strict=True)):
            return words
    return None


def rows_of(space, context):
    """Random rows of a space; ragged series of many lengths, one of them of none; with holes."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, *space.shape, generator=draw)
    if space.support == "categories":
        x = torch.randint(space.levels, x.shape, generator=draw).float()
    c = torch.randn(ROWS, context, generator=draw) if context else None
    if isinstance(space, Table):
        kinds = torch.tensor(space.kinds)
        x = x.where(kinds == 1, (torch.rand(x.shape, generator=draw) * kinds).floor())
        observed = torch.rand(x.shape, generator=draw) > 0.3
        return Batch(x * observed, observed, c)
    if not (isinstance(space, Series) and space.ragged):
        return Batch(x, None, c)
    lengths = torch.arange(ROWS) % (space.steps + 1)
    observed = (torch.arange(space.steps) < lengths[:, None])[:, None].expand_as(x)
    return Batch(x * observed, observed, c)


def model(name, backbone):
    """A family of a small code."""
    cls = catalogue.FAMILIES[name]
    settings = {"latent_dim": 3} | SETTINGS.get(name, {})
    if name == "Composed":
        settings = {key: catalogue.part(text) for key, text in SETTINGS[name].items()}
    return cls(**settings, backbone=catalogue.part(backbone))


def trained(model, space):
    """The codec after two steps, with its objective, its history and its rows."""
    context = CONTEXT if getattr(model, "conditional", False) else 0
    data = rows_of(space, context)
    with seeded(0):
        codec, objective = model.compose(space, context)
    plan = Plan(epochs=1, batch_size=ROWS // STEPS)
    return codec, objective, fit(start(codec, objective, plan, ROWS), data, data), data


@pytest.mark.parametrize(("family", "backbone", "kind"), CELLS)
def test_a_cell_learns_or_says_why_not(family, backbone, kind):
    words, space = refusal(family, backbone, kind), SPACES[kind]
    if words is not None:
        with pytest.raises(CompositionError, match=words):
            model(family, backbone).compose(space)
        return
    codec, objective, history, data = trained(model(family, backbone), space)
    (row,) = history.rows
    for name in ("loss", *objective.weights):
        assert isfinite(row[name]), name
        assert isfinite(row[f"validation_{name}"]), name
    assert all(each.isfinite().all() for each in codec.state_dict().values())
    trace = codec.eval()(data, draw=False)
    assert trace.z.shape == (ROWS, *codec.code_shape)
    assert codec.likelihood.point(trace.p).shape == data.x.shape


def test_every_backbone_has_its_column():
    names = {name for name, each in catalogue.PARTS.items() if issubclass(each, Backbone)}
    assert names == {each.partition("(")[0] for each in BACKBONES}


@pytest.mark.parametrize("row", REFUSALS, ids=str)
def test_no_refusal_stands_for_nothing(row):
    *patterns, words = row
    spoken = [cell.values for cell in CELLS if refusal(*cell.values) == words]
    fits = [all(fnmatch(e, literal(p)) for e, p in zip(c, patterns, strict=True)) for c in spoken]
    assert any(fits)
