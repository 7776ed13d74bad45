"""What the constructors of several backbones check."""

import pytest

from isthmus.backbones.arguments import flag
from isthmus.errors import CompositionError


@pytest.mark.parametrize("value", ["no", 1, None])
def test_a_flag_is_true_or_false(value):
    assert flag("tied", True) is True
    with pytest.raises(CompositionError, match=r"tied=.* was given; expected True or False"):
        flag("tied", value)
