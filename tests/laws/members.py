"""Every member of every folder, by the text that makes it.

Members are found through the catalogue, so a new one is under the laws from its first day.
One that can't be made without arguments, or is worth looking at in several forms, gets a
line in the tables below.
"""

from dataclasses import fields
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_wine

from isthmus import Codec, Dense, Vector, catalogue
from isthmus.part import Part

EXAMPLES = {
    "Point": [
        "Point(3)",
        "Point(3, activation='relu')",
        "Point(3, activation='sigmoid')",
        "Point(3, activation='softplus')",
        "Point(3, activation='tanh')",
    ],
    "Gaussian": ["Gaussian(3)"],
    "Quantised": [
        "Quantised(3)",
        "Quantised(4, codes=8, groups=2)",
        "Quantised(3, codes=5, groups=1)",
    ],
    "TopK": ["TopK(8, k=3)", "TopK(6, k=2, dead_after=0)"],
    "Normal": ["Normal()", "Normal(0.3)", "Normal('feature')", "Normal('shared')"],
    "Laplace": ["Laplace()", "Laplace(0.3)", "Laplace('feature')", "Laplace('shared')"],
    "DiscretisedLogistic": ["DiscretisedLogistic()", "DiscretisedLogistic(1, levels=5)"],
    "Mixed": ["Mixed()", "Mixed(0.3)", "Mixed('shared', balanced=True)"],
    "Conv": [
        "Conv()",
        "Conv((8, 4))",
        "Conv((8,), kernel=5, stride=3, activation='tanh', normalisation='batch')",
        "Conv((8, 16), activation='gelu', normalisation='group', grid=True)",
        "Conv((4, 8, 8), stride=1, grid=True)",
    ],
    "Dense": [
        "Dense()",
        "Dense(())",
        "Dense((8, 4), activation='tanh')",
        "Dense(8, depth=1, normalisation='layer')",
        "Dense((8,), activation='elu', normalisation='batch')",
        "Dense((64,), activation='gelu', dropout=0.5)",
        "Dense((8, 4), tied=True)",
    ],
    "LSTM": ["LSTM(8)", "LSTM(8, depth=2, bidirectional=True)", "LSTM(8, dropout=0.2)"],
    "GRU": ["GRU(8)", "GRU(8, depth=2, bidirectional=True)"],
    "Transformer": [
        "Transformer(8, heads=2)",
        "Transformer(8, depth=1, heads=2, patch=3, positions='rotary')",
        "Transformer(16, depth=1, dropout=0.2)",
    ],
    "SpectralMask": ["SpectralMask((8,))", "SpectralMask((4, 8), activation='gelu')"],
    "UNet": ["UNet((4, 8))", "UNet((4,), activation='gelu')"],
    "Adversarial": [
        "Adversarial()",
        "Adversarial((4,), penalty=10.0)",
        "Adversarial((), penalty=0.0)",
    ],
    "ImportanceWeighted": ["ImportanceWeighted()", "ImportanceWeighted(2)"],
    "KL": ["KL()", "KL(0.01)"],
    "Revive": ["Revive()", "Revive(4)"],
    "Dictionary": ["Dictionary()", "Dictionary(tied=True)"],
    "Jacobian": ["Jacobian()", "Jacobian('reconstruction', projections=3)"],
    "SparsityTarget": ["SparsityTarget()", "SparsityTarget(0.25)"],
    "Cyclic": ["Cyclic()", "Cyclic(2, until=0.0)", "Cyclic(3, until=1.0, peak=4.0)"],
    "Masking": ["Masking()", "Masking((0.1, 0.5))"],
    "AnyOf": ["AnyOf((Masking(0.5), Noise(0.5)))", "AnyOf((Occlusion((0.3, 0.6)),))"],
    "Noise": ["Noise()", "Noise((0.1, 0.5))"],
    "SaltPepper": ["SaltPepper()", "SaltPepper((0.1, 0.5))"],
    "Occlusion": ["Occlusion()", "Occlusion((0.3, 0.6))", "Occlusion(2)", "Occlusion((1, 3))"],
    "WarmUp": ["WarmUp()", "WarmUp(0.5, peak=4.0)", "WarmUp(0.0)"],
    "Objective": ["NLL() + 4 * KL()", "NLL() + WarmUp(0.2, peak=2) * KL()"],
    "Vectors": ["Vectors()", "Vectors('real')"],
    "SURE": ["SURE()", "SURE(0.5)"],
    "Sequences": ["Sequences()"],
    "Tables": ["Tables()"],
    "LongFrames": ["LongFrames(by='who', time='day')"],
    "Sounds": ["Sounds(frame=16)", "Sounds(frame=8, representation='waveform')"],
    "Texts": ["Texts()", "Texts(vocabulary=270)"],
    "Images": ["Images()", "Images(size=(4, 4))"],
}

# What a family needs beside the tiny settings below.
FAMILIES = {
    "LinearAutoencoder": {"backbone": None},
    # Two players pull its loss opposite ways: lightly, it falls within a few epochs all the same.
    "AdversarialAutoencoder": {"weight": 1.0},
    # Of two entries that are equally near, the last bit chooses: with few there are few such rows.
    "VQVAE": {"codes": 16},
    "StackedAutoencoder": {"pretraining_epochs": 1},
    "KSparseAutoencoder": {"backbone": None, "latent_dim": 8, "k": 3},
}

NO_EXAMPLE = "{0} can't be made from {1!r} ({2}): give it a line in tests/laws/members.py"


def texts(kind):
    """The texts that make each member of one kind."""
    names = [name for name, each in catalogue.PARTS.items() if issubclass(each, kind)]
    return [text for name in names for text in EXAMPLES.get(name, [f"{name}()"])]


def made(text):
    """The part that a text makes."""
    try:
        return catalogue.part(text)
    except ValueError as error:
        pytest.fail(NO_EXAMPLE.format("A member", text, error))


def looked_up(table, part, where):
    """What a table of the tests says of a part, or a word on what it lacks."""
    name = type(part).__name__
    if name not in table:
        pytest.fail(f"{name} is new to {where}: give it a line there")
    return table[name]


def family(name, **settings):
    """A family by name, small enough to be trained in a blink."""
    cls = catalogue.FAMILIES[name]
    tiny = {
        "latent_dim": 3,
        "backbone": Dense((8,)),
        "epochs": 5,
        "batch_size": 32,
        "learning_rate": 1e-2,
        "validation_fraction": 0.1,
        "random_state": 0,
        "verbose": False,
    }
    own = {each.name for each in fields(cls)}
    tiny = {key: value for key, value in tiny.items() if key in own}
    return cls(**(tiny | FAMILIES.get(name, {}) | settings))


def wine(holes=False, rows=178):
    """Wine: 13 columns of very different units; with ``holes``, a fifth of the cells unknown."""
    X = load_wine().data[:rows].copy()
    if holes:
        X[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    return X


KINDS = load_wine().target
"""Of each wine, for families that learn with a condition."""


def digits(rows=300):
    """Digits: 8 x 8 pictures, of 0 to 16."""
    return load_digits().images[:rows]


@cache
def fitted(name, holes=False):
    """A family trained on wine, once; look, don't touch."""
    return family(name).fit(wine(holes), KINDS)


def codec_with(latent="Gaussian(3)", likelihood="Normal('feature')", space=None):
    """A small codec of fixed weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Codec(space or Vector(5), made(latent), made(likelihood), Dense((6,)))


def weights(model):
    """The weights of a fitted model."""
    return model.codec_.state_dict() | model.objective_.state_dict()


def same(a, b):
    """Whether two sets of tensors are the same to the last bit."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def is_part(value):
    return isinstance(value, Part)
