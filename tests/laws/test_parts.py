"""Laws of parts: the constructor is the configuration."""

import copy
import pickle
from inspect import signature

import pytest
from members import made, texts
from sklearn.base import clone
from torch import nn

from isthmus import catalogue
from isthmus.part import Part

EVERY = pytest.mark.parametrize("text", texts(Part))


@EVERY
def test_it_prints_as_the_call_that_makes_it(text):
    assert repr(made(text)) == text
    assert repr(catalogue.part(repr(made(text)))) == text


@EVERY
def test_its_parameters_make_it_again(text):
    part = made(text)
    again = made(text).set_params(**part.get_params(deep=False))
    assert repr(again) == text
    assert again.get_params() == part.get_params()


@EVERY
def test_its_parameters_are_those_of_its_constructor(text):
    part = made(text)
    assert ["self", *part.arguments] == list(signature(type(part).__init__).parameters)


@EVERY
def test_a_parameter_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"'nonsense'.* it has"):
        made(text).set_params(nonsense=1)


@EVERY
@pytest.mark.parametrize("copied", [Part.fresh, clone, copy.deepcopy], ids=lambda f: f.__name__)
def test_a_copy_is_the_same_and_shares_nothing(text, copied):
    part = made(text)
    other = copied(part)
    assert other is not part
    assert repr(other) == text
    assert {id(each) for each in part.modules()}.isdisjoint(id(each) for each in other.modules())
    assert weights_of(part).isdisjoint(weights_of(other))


def weights_of(module: nn.Module):
    return {each.data_ptr() for each in module.parameters()}


@EVERY
def test_it_can_be_pickled(text):
    assert repr(pickle.loads(pickle.dumps(made(text)))) == text


@EVERY
def test_changing_a_copy_leaves_the_first_alone(text):
    part = made(text)
    other = part.fresh()
    # What is odd stays odd: some numbers must be.
    lower = {4: 2, 3: 1, 2: 1, 0.25: 0.125}
    numbers = {name: value for name, value in part.get_params().items() if value in tuple(lower)}
    other.set_params(**{name: lower[value] for name, value in numbers.items()})
    assert repr(part) == text
    assert (repr(other) == text) == (not numbers)
