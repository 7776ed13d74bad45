"""What bad input gets: what was given, what was expected, what to do; before any work is done.

Broken models and checkpoints stand in test_store.py and test_checkpoint.py, pictures and
frames in adapters/.
"""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from isthmus import (
    KL,
    NLL,
    VAE,
    Autoencoder,
    Bernoulli,
    Categorical,
    Composed,
    Dense,
    Gaussian,
    LinearAutoencoder,
    Masking,
    Noise,
    Point,
    training,
)
from isthmus.errors import (
    CompositionError,
    DataError,
    IsthmusError,
    MissingExtraError,
    SupportError,
    require,
)

X = load_wine().data


@pytest.fixture(autouse=True)
def no_work(request, monkeypatch):
    """Whatever is refused is refused before a single step is taken."""
    if "handled" not in request.node.name:
        monkeypatch.setattr(training, "step", lambda *_: pytest.fail("it trained"))


def with_cell(value, row=3, column=5):
    bad = X.copy()
    bad[row, column] = value
    return bad


@pytest.mark.parametrize(
    ("data", "given", "expected", "remedy"),
    [
        (np.zeros((0, 3)), "0 rows", "at least one", "Is the table empty"),
        (pd.DataFrame({"a": []}), "0 rows", "at least one", "Is the table empty"),
        (X[:1], "1 sample was given", "needs at least 2", ""),
        (with_cell(np.inf), "1 of them, the first in row 3, column 5", "finite", "replace them"),
        (with_cell(-np.inf), "1 of them, the first in row 3, column 5", "finite", "replace them"),
        (X.astype(str), "strings", "a table of numbers", "Convert your data to numeric"),
        (np.array([[1, "a"], [2, "b"]], dtype=object), "'a'", "a table of numbers", ""),
        (X[0], "1D array", "2D array", "Reshape your data"),
        (np.zeros((4, 2, 2, 2, 2)), "dim 5", "dim <= 2", ""),
        (X * 1e200, "Column 0 spreads too far", "a number", "take its logarithm"),
        ("nowhere", "nowhere is no folder", "PNG or JPEG", ""),
    ],
    ids=[
        "empty",
        "empty frame",
        "one row",
        "inf",
        "-inf",
        "text",
        "mixed",
        "1-D",
        "5-D",
        "wild",
        "path",
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_data_that_will_not_do(method, data, given, expected, remedy):
    model = VAE(verbose=False)
    with pytest.raises(DataError) as caught:
        getattr(model, method)(data)
    for words in (given, expected, remedy):
        assert words in str(caught.value)
    assert not hasattr(model, "codec_")


@pytest.mark.parametrize(
    ("data", "likelihood", "given", "expected"),
    [
        (X, Bernoulli(), "from 0.13 to 1680", "numbers from 0 to 1"),
        (X, Categorical(), "from 0.13 to 1680", "whole numbers from 0"),
        (np.eye(4) - 1, Categorical(), "from -1 to 0", "whole numbers from 0"),
    ],
)
def test_values_outside_the_support_of_the_likelihood(data, likelihood, given, expected):
    with pytest.raises(SupportError) as caught:
        VAE(likelihood=likelihood, verbose=False).fit(data)
    for words in (given, expected, "choose a likelihood that takes them, such as Normal()"):
        assert words in str(caught.value)


@pytest.fixture(scope="module")
def fitted():
    return Autoencoder(latent_dim=2, epochs=1, random_state=0, verbose=False).fit(X)


@pytest.mark.parametrize("method", ["transform", "reconstruct", "score_samples", "partial_fit"])
@pytest.mark.parametrize(
    ("data", "given", "expected", "remedy"),
    [
        (X[:, :5], "X has 5 features", "is expecting 13", "Select or rename them"),
        (np.hstack([X, X]), "X has 26 features", "is expecting 13", "Select or rename them"),
        (with_cell(np.inf), "the first in row 3, column 5", "finite", "replace them"),
        (with_cell(1e300), "Column 5 holds a value so far", "overflows", "another unit"),
        (X[:0], "0 rows", "at least one", "empty"),
    ],
    ids=["fewer columns", "more columns", "infinity", "far too far", "empty"],
)
def test_new_rows_that_will_not_do(method, data, given, expected, remedy, fitted):
    with pytest.raises(DataError) as caught:
        getattr(fitted, method)(data)
    for words in (given, expected, remedy):
        assert words in str(caught.value)


def test_rows_outside_the_support_that_was_fitted(monkeypatch):
    monkeypatch.undo()
    model = VAE(latent_dim=1, epochs=1, verbose=False).fit(np.eye(4))
    with pytest.raises(SupportError, match=r"from 0 to 2; expected nothing but 0 and 1. Rescale"):
        model.transform(2 * np.eye(4))


# --- handled, not an error


@pytest.mark.parametrize(
    "data",
    [
        np.column_stack([X, np.full(178, 3.0)]),
        np.full((20, 3), 7.0),
        np.column_stack([X, np.full(178, np.nan)]),
        X[:5],
        X[:2],
        np.where(np.arange(178)[:, None] == 3, np.nan, X),
        X[:, :1],
        X * 1e-30,
        X.astype(np.float16),
        np.asfortranarray(X),
        X[::-2],
    ],
    ids=[
        "a constant column", "nothing but constants", "a column of holes", "a few rows",
        "two rows", "a row of holes", "one column", "tiny", "half", "Fortran's order", "strides",
    ],
)  # fmt: skip
def test_handled(data):
    model = VAE(latent_dim=2, epochs=2, random_state=0, verbose=False).fit(data)
    for result in (model.transform(data), model.score_samples(data), model.reconstruct(data)):
        assert np.isfinite(result).all()
    constant = np.fmax.reduce(data) == np.fmin.reduce(data)
    for back in (model.reconstruct(data), model.sample(5)):
        np.testing.assert_allclose(
            back[:, constant], data[:1, constant].repeat(len(back), 0), atol=1
        )


# --- fields


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, r"epochs=0 was given; expected at least 1"),
        ({"epochs": 2.5}, r"epochs=2\.5 was given; expected at least 1, a whole number"),
        ({"epochs": "many"}, r"epochs='many' was given; expected at least 1"),
        ({"batch_size": -1}, r"batch_size=-1 was given; expected None or at least 1"),
        ({"batch_size": 2.5}, r"batch_size=2.5 was given; expected None or at least 1"),
        ({"learning_rate": 0}, r"learning_rate=0 was given; expected None or a number above 0"),
        ({"learning_rate": float("nan")}, r"learning_rate=nan was given; expected None or"),
        ({"learning_rate": "fast"}, r"learning_rate='fast' was given"),
        ({"learning_rate": float("inf")}, r"learning_rate=inf .*above 0, and finite"),
        ({"epochs": True}, r"epochs=True was given; expected at least 1"),
        ({"random_state": "x"}, r"random_state='x' was given; expected None, a whole number from"),
        ({"random_state": -1}, r"random_state=-1 was given"),
        ({"random_state": 2**32}, r"random_state=4294967296 .*not with, 2\*\*32"),
        ({"checkpoint": 3, "random_state": 0}, r"checkpoint=3 .*None, or the path of a folder"),
        ({"verbose": "yes"}, r"verbose='yes' was given; expected None, True or False"),
        ({"validation_fraction": 1.0}, r"validation_fraction=1\.0 .*up to, not with, 1"),
        ({"validation_fraction": -0.1}, r"validation_fraction=-0\.1 .*expected a number from 0"),
        ({"patience": 0}, r"patience=0 was given; expected None or at least 1"),
        ({"precision": "half"}, r"precision='half' was given; expected float32 or bfloat16"),
        ({"device": "gpu"}, r"device='gpu' was given, and torch can't use it.*'auto', or 'cpu'"),
        ({"device": "cuda:99"}, r"device='cuda:99' was given, and torch can't use it"),
        ({"backbone": "dense"}, r"backbone='dense' .*a Backbone such as Dense\(\(64,\)\)"),
        ({"backbone": Masking()}, r"backbone=Masking\(\) .*a Backbone such as"),
        ({"likelihood": "bernoulli"}, r"likelihood='bernoulli' .*a Likelihood such as Bernoulli"),
        ({"likelihood": Bernoulli}, r"likelihood=<class .*a Likelihood such as Bernoulli\(\)"),
        ({"corruption": 0.25}, r"corruption=0\.25 .*a Corruption such as Masking\(0\.25\)"),
        ({"adapter": "images"}, r"adapter='images' .*an? Adapter such as Images\(\)"),
        ({"checkpoint": "here"}, r"checkpoint= .*random_state=None.*Give random_state a number"),
    ],
    ids=str,
)
@pytest.mark.parametrize("family", [VAE, Autoencoder])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_fields_out_of_their_range(method, family, settings, message):
    model = family(**({"verbose": False} | settings))
    with pytest.raises(CompositionError, match=message):
        getattr(model, method)(X)


def test_a_generator_is_no_random_state():
    with pytest.raises(CompositionError, match=r"random_state=Generator.*give a draw: int"):
        VAE(random_state=np.random.default_rng(0)).fit(X)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (VAE(beta=-1), r"beta=-1 was given; expected a number, 0 or more"),
        (VAE(beta="strong"), r"beta='strong' was given"),
        (VAE(samples=0), r"samples=0 was given; expected at least 1"),
        (VAE(samples=True), r"samples=True was given; expected at least 1, a whole number"),
        (VAE(samples=3, beta=2.0), r"samples=3 .*beta=2\.0.*has no KL\. Use samples=1"),
        (VAE(samples=3, warm_up=0.5), r"samples=3 .*warm_up=0\.5.*leave the others out"),
        (VAE(warm_up=1.5), r"warm_up=1\.5.*a number from 0 to 1"),
        (VAE(warm_up=None), r"warm_up=None.*a number from 0 to 1"),
        (VAE(latent_dim=0), r"dim=0 was given; expected at least 1"),
        (Composed(objective=NLL() + KL()), r"needs a latent with a density; Point\(16\) has none"),
        (Composed(latent=Point(2), objective=KL()), r"Use latent=Gaussian\(d\), or leave"),
        (Composed(latent=16), r"latent=16 was given; expected None, or a part such as Gaussian"),
        (Composed(objective="NLL()"), r"objective='NLL\(\)' was given; .*NLL\(\) \+ 4 \* KL\(\)"),
        (LinearAutoencoder(backbone=Dense()), r"made of linear maps: leave it out, or use Auto"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_parts_that_do_not_fit_one_another(model, message):
    with pytest.raises(CompositionError, match=message):
        model.set_params(verbose=False).fit(X)


def test_a_family_without_an_equation_says_so():
    from isthmus import BaseAutoencoder

    with pytest.raises(NotImplementedError, match=r"BaseAutoencoder has no recipe: write its"):
        BaseAutoencoder(verbose=False).fit(X)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dense((8, 0)), r"widths=\(8, 0\) was given; every layer needs at least 1"),
        (lambda: Dense(8, depth=-1), r"depth=-1 was given; expected 0 to 1000"),
        (lambda: Dense(activation="rleu"), r"activation='rleu' was given; expected one of relu"),
        (lambda: Dense(normalisation="group"), r"normalisation='group' .*one of batch, layer"),
        (lambda: Dense(dropout=1.0), r"dropout=1\.0 .*a number from 0 up to, not with, 1"),
        (lambda: Gaussian(0), r"dim=0 was given; expected at least 1, a whole number"),
        (lambda: Masking(2.0), r"rate=2\.0 was given; expected a number from 0 to 1"),
        (lambda: Noise(-1.0), r"scale=-1\.0 was given; expected a number, 0 or more"),
    ],
)
def test_parts_out_of_their_range(make, message):
    with pytest.raises(CompositionError, match=message):
        make()


# Annotations are checked in these tests, and would answer first: a user gets our own words.
UNCHECKED = """
import numpy as np
from isthmus import *
X = np.random.default_rng(0).normal(size=(50, 4))
def said(name, call):
    try:
        call()
    except Exception as error:
        print(name, type(error).__name__, error, sep=" | ")
    else:
        print(name, "fine", sep=" | ")

said("text", lambda: Gaussian("two"))
said("half", lambda: Gaussian(2.5))
said("family", lambda: VAE(latent_dim="two").fit(X))
said("scale", lambda: Normal("wide"))
said("numpy", lambda: VAE(latent_dim=np.int64(2), beta=np.float64(2), epochs=np.int32(1)).fit(X))
said("term", lambda: NLL() + np.float64(0.5) * KL())
print(NLL() + np.float64(0.5) * KL(), Gaussian(np.int64(3)), Masking(np.float32(0.5)))
"""


def test_other_types_get_words_too():
    ran = subprocess.run([sys.executable, "-c", UNCHECKED], capture_output=True, text=True)
    assert ran.stderr == ""
    said = dict(line.split(" | ", 1) for line in ran.stdout.splitlines()[:-1])
    assert said["text"].startswith("CompositionError | dim='two' was given; expected at")
    assert said["half"].startswith("CompositionError | dim=2.5 was given; expected at")
    assert said["family"].startswith("CompositionError | latent_dim='two' was given; expected at")
    assert said["scale"].startswith("CompositionError | scale='wide' was given; expected a number")
    assert said["numpy"] == said["term"] == "fine"
    assert ran.stdout.splitlines()[-1] == "NLL() + 0.5 * KL() Gaussian(3) Masking(0.5)"


def subclasses(cls):
    return {cls}.union(*(subclasses(each) for each in cls.__subclasses__()))


def test_every_error_is_ours_and_pythons_own_too():
    from isthmus import errors

    ours = {each for each in subclasses(IsthmusError) if each.__module__ == errors.__name__}
    assert len(ours) >= 8
    for each in ours:
        assert getattr(errors, each.__name__) is each
        assert each is IsthmusError or any(
            issubclass(each, base) for base in (ValueError, ArithmeticError, OSError, ImportError)
        )
        assert each.__name__ in errors.__doc__


def test_a_missing_extra_names_the_line_that_installs_it():
    with pytest.raises(
        MissingExtraError, match=r"'no_such_package'.*pip install 'isthmus\[images\]"
    ):
        require("no_such_package", "images")
