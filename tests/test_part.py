"""Part: what the laws of parts don't say of every member."""

import pytest
import torch

from isthmus import NLL, Dense, Gaussian, Masking, Normal
from isthmus.errors import CompositionError
from isthmus.objectives import Objective
from isthmus.part import Part, fresh, plain


class Inner(Part):
    def __init__(self, size=2):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(size))


class Outer(Part):
    def __init__(self, inner, name="a", *, others=()):
        super().__init__()
        self.inner = inner
        self.others = others


def test_the_first_argument_is_written_bare_and_the_others_by_name():
    assert repr(Outer(Inner())) == "Outer(Inner())"
    assert repr(Outer(Inner(3), "b")) == "Outer(Inner(3), name='b')"
    assert repr(Outer(inner=Inner(), name="a", others=(1,))) == "Outer(Inner(), others=(1,))"


def test_inner_parts_are_reached_by_name():
    part = Outer(Inner(3))
    assert part.get_params()["inner__size"] == 3
    assert "inner__size" not in part.get_params(deep=False)
    part.set_params(inner__size=5, name="z")
    assert repr(part) == "Outer(Inner(5), name='z')"
    assert part.inner.weight.shape == (5,)


@pytest.mark.parametrize("kind", [tuple, list])
def test_parts_in_a_row_are_made_afresh_too(kind):
    inner = Inner()
    again = Outer(Inner(), others=kind([inner, 3])).fresh()
    assert isinstance(again.others, kind)
    assert again.others[0] is not inner
    assert again.others[1] == 3


def test_an_objective_made_of_a_list_shares_nothing_with_its_copy():
    objective = Objective([(1, NLL())])
    assert objective.fresh().terms["NLL"] is not objective.terms["NLL"]


def test_plain_data_stay_as_they_are():
    assert fresh({"a": 1}) == {"a": 1}
    assert plain((torch.float32, "a", None)) == (torch.float32, "a", None)


def test_unknown_arguments_are_refused_as_anywhere():
    with pytest.raises(TypeError, match="'sizes'"):
        Inner(sizes=3)
    with pytest.raises(ValueError, match=r"Dense has no parameter 'width'; it has: widths, depth"):
        Dense().set_params(width=3)
    with pytest.raises(ValueError, match=r"NoArguments has no parameter 'x'; it has: none"):
        NoArguments().set_params(x=1)


class NoArguments(Part):
    pass


def test_setting_a_parameter_makes_the_part_anew():
    dense = Dense((8,)).set_params(widths=(3, 2), activation="tanh")
    assert dense.widths == [3, 2]
    assert dense.activation is torch.nn.Tanh
    assert Dense().set_params(dropout=0.7).dropout == 0.7
    assert Gaussian(2).set_params(dim=5).raw == 10
    assert Normal(1.0).set_params(scale="shared").choice == "shared"


def test_a_refused_change_leaves_the_part_as_it_was():
    dense = Dense((8,))
    with pytest.raises(CompositionError, match=r"dropout=2\.0 was given"):
        dense.set_params(widths=(3,), dropout=2.0)
    assert repr(dense) == "Dense((8,))"
    assert dense.widths == [8]
    outer = Outer(Masking(0.1))
    with pytest.raises(CompositionError, match=r"rate=7\.0 was given"):
        outer.set_params(name="z", inner__rate=7.0)
    assert repr(outer) == "Outer(Masking(0.1))"
    with pytest.raises(ValueError, match=r"'a' has no parameter 'x': it is no part"):
        outer.set_params(name__x=1)


class Open(Part):
    def __init__(self, *sizes):
        super().__init__()


def test_arguments_without_a_name_are_refused():
    with pytest.raises(TypeError, match=r"Open\.__init__ takes \*sizes.*a sequence 'sizes'"):
        Open(1, 2)


def test_an_argument_that_there_is_not_is_told_with_those_that_there_are():
    with pytest.raises(TypeError, match=r"Dense got an unexpected .* 'wide'; it takes widths, "):
        Dense(wide=3)
