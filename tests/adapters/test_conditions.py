"""Conditions: labels, numbers and tables of them, as a context."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from isthmus.adapters import Conditions
from isthmus.errors import DataError


def context(y, *, like=None, rows=None):
    rows = len(y) if rows is None else rows
    return Conditions().fit(y if like is None else like).transform(y, rows).tolist()


@pytest.mark.parametrize(
    "y",
    [["b", "a", "b"], np.array(["b", "a", "b"]), pd.Series(["b", "a", "b"]),
     pd.Series(["b", "a", "b"], dtype="category"), pl.Series(["b", "a", "b"]), [True, False, True],
     [7, 3, 7], np.array([7.0, 3.0, 7.0]), torch.tensor([7, 3, 7]), np.array([[7], [3], [7]])],
    ids=lambda y: type(y).__name__,
)  # fmt: skip
def test_labels_are_one_hot(y):
    assert context(y) == [[0, 1], [1, 0], [0, 1]]


@pytest.mark.parametrize("y", [["b", None, "a"], [2.0, np.nan, 1.0], pd.Series([2, None, 1])])
def test_an_unknown_label_says_nothing(y):
    assert context(y) == [[0, 1], [0, 0], [1, 0]]


def test_numbers_are_standardised_beside_whether_they_are_known():
    assert context([1.5, np.nan, 4.5]) == [[-1, 1], [0, 0], [1, 1]]


def test_many_whole_numbers_are_numbers():
    assert Conditions().fit(np.arange(50)).size == 50
    assert Conditions().fit(np.arange(51)).size == 2


@pytest.mark.parametrize("library", [pd, pl])
def test_several_columns_stand_side_by_side(library):
    y = library.DataFrame({"sex": ["f", "m", "f"], "age": [20.5, 30.5, 40.5]})
    wide = context(y)
    assert [row[:2] for row in wide] == [[1, 0], [0, 1], [1, 0]]
    np.testing.assert_allclose([row[2:] for row in wide], [[-1.2247, 1], [0, 1], [1.2247, 1]], 1e-4)


def test_a_mapping_may_name_some_columns():
    y = pd.DataFrame({"sex": ["f", "m"], "age": [20.5, 30.5]})
    assert context({"sex": "m"}, like=y, rows=2) == [[0, 1, 0, 0]] * 2
    assert context({"sex": ["m", "f"], "age": 30.5}, like=y, rows=2) == [[0, 1, 1, 1], [1, 0, 1, 1]]


@pytest.mark.parametrize("y", ["b", np.str_("b"), {"y": "b"}])
def test_one_alone_stands_for_all(y):
    assert context(y, like=["a", "b"], rows=3) == [[0, 1]] * 3


@pytest.mark.parametrize(
    ("fitted", "y", "message"),
    [
        (
            ["a", "b"],
            ["a", "z"],
            r"holds 'z', which was not there in fit; expected one of 'a', 'b'",
        ),
        (["a", "b"], ["a"] * 3, r"has 3 values for 2 rows; expected one a row"),
        (["a", "b"], {"size": "a"}, r"'size' was given; expected 'y'"),
        ([0.5, 1.5], ["x", "y"], r"was one of numbers in fit"),
        ([0.5, 1.5], [0.5, np.inf], r"holds infinity"),
        ([None, None], None, r"holds no value at all"),
        ([b"a", b"b"], None, r"holds a bytes.*expected texts"),
        (np.zeros((2, 2, 2)), None, r"shape \(2, 2, 2\)"),
    ],
)
def test_what_will_not_do_is_refused(fitted, y, message):
    with pytest.raises(DataError, match=message):
        Conditions().fit(fitted).transform(y, 2)


def test_facts_are_plain_and_bring_it_back():
    y = pd.DataFrame({"kind": ["a", None, "b"], "size": [1, 2, 3], "age": [0.5, 1.5, np.nan]})
    conditions = Conditions().fit(y)
    again = Conditions().restore(json.loads(json.dumps(conditions.facts())))
    assert torch.equal(again.transform(y, 3), conditions.transform(y, 3))


def test_a_number_too_far_from_those_fitted_is_refused():
    conditions = Conditions().fit([0.5, 1.5, 2.5])
    with pytest.raises(DataError, match=r"condition 'y' holds a value so far from those"):
        conditions.transform(1e300, 2)


@pytest.mark.parametrize(
    ("y", "one"),
    [
        ({"a": 1}, True),
        ({"a": [1], "b": [0.5]}, True),
        (pd.DataFrame({"a": [1], "b": [0.5]}), True),
        ({"a": [0, 1]}, False),
        (pd.DataFrame({"a": [1, 0], "b": [0.5, 1.5]}), False),
    ],
    ids=repr,
)
def test_a_single_condition_is_told_from_several(y, one):
    fitted = pd.DataFrame({"a": [0, 1, 1], "b": [0.5, 1.5, 2.5]})
    assert Conditions().fit(fitted).is_one(y) is one
