"""Arguments that are numbers: what is none, or out of its range, is refused in words."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from isthmus.errors import CompositionError
from isthmus.ranges import number, whole

# Annotations are checked in these tests, and would answer first: a user gets our own words.
WRONG = """
import numpy as np, torch
from isthmus import *
from isthmus.formula import read
from isthmus.objectives import Objective
nan, inf = float("nan"), float("inf")
NAMES = {"NLL": NLL, "KL": KL}
for line in CALLS:
    try:
        print("fine", eval(line), sep=" | ")
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0], sep=" | ")
"""

# Each call, and what its message begins with.
REFUSED = {
    "Noise('a')": "scale='a' was given; expected a number, 0 or more, as in Noise(0.1).",
    "Noise(nan)": "scale=nan was given; expected a number",
    "Noise(inf)": "scale=inf was given; expected a number",
    "Noise(10**400)": "scale=1000",
    "Masking((.1, .2, .3))": "rate=(0.1, 0.2, 0.3) was given; expected a number from 0 to 1, as in "
    "Masking(0.25), or two such in order, (low, high)",
    "Masking(('a', 1))": "rate=('a', 1) was given; expected a number from 0 to 1",
    "Noise((1, 0))": "scale=(1, 0) was given; expected a number, 0 or more, as in Noise(0.1), "
    "or two",
    "Occlusion(2.0)": "size=2.0 was given; expected a number from 0 to 1, as in Occlusion(0.25)",
    "Occlusion((1, .5))": "size=(1, 0.5) was given",
    "Masking('a')": "rate='a' was given; expected a number from 0 to 1, as in Masking(0.25).",
    "Masking(True)": "rate=True was given",
    "Normal(None)": "scale=None was given; expected a number above 0",
    "Normal([1])": "scale=[1] was given",
    "Normal(inf)": "scale=inf was given",
    "Laplace(0)": "scale=0 was given; expected a number above 0, as in Laplace(1.0)",
    "Dense(2.5)": "widths=2.5 was given; expected at least 1, a whole number, as in Dense(",
    "Dense('ab')": "widths='ab' was given",
    "Dense((2.5,))": "widths=(2.5,) was given; every layer needs at least 1, a whole number",
    "Dense((8,), depth='a')": "depth='a' was given; expected 0 to 1000",
    "Dense(8, dropout='a')": "dropout='a' was given; expected a number from 0 up to, not with, 1",
    "Dense(8, normalisation=['batch'])": "normalisation=['batch'] was given; expected one of",
    "ImportanceWeighted('a')": "samples='a' was given; expected at least 1, a whole number",
    "ImportanceWeighted(2.5)": "samples=2.5 was given",
    "WarmUp(.1, 'a')": "peak='a' was given; expected a number, 0 or more",
    "WarmUp('a')": "until='a' was given; expected a number from 0 to 1",
    "'a' * WarmUp(.1)": "factor='a' was given",
    "'a' * KL()": "weight='a' was given; expected a number, 0 or more, as in 4 * KL()",
    "nan * KL()": "weight=nan was given",
    "-3 * KL()": "weight=-3 was given",
    "torch.tensor(2.) * KL()": "weight=tensor(2.) was given",
    "KL() * KL()": "weight=KL() was given",
    "'a' * (NLL() + KL())": "weight='a' was given",
    "(1 * KL()).set_params(KL='a')": "weight='a' was given",
    "Objective(())": "An objective of () was asked for; expected one pair or more",
    "Objective(((1, 2),))": "An objective of ((1, 2),) was asked for",
    "Objective((KL(),))": "An objective of (KL(),) was asked for",
    "Objective(KL())": "An objective of KL() was asked for",
}


def said_of(calls):
    code = WRONG.replace("CALLS", repr(list(calls)))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stderr == ""
    return dict(zip(calls, ran.stdout.splitlines(), strict=True))


def test_parts_refuse_what_is_no_number_in_words():
    for call, line in said_of(REFUSED).items():
        assert line.startswith(f"CompositionError | {REFUSED[call]}"), (call, line)


def test_what_can_not_be_added_is_a_type_error_and_none_of_a_formula():
    calls = ["NLL() + 4", "(NLL() + KL()) + 4", "read('NLL() + 4', NAMES)"]
    assert [line.partition(" | ")[0] for line in said_of(calls).values()] == [
        "TypeError", "TypeError", "FormulaError",
    ]  # fmt: skip


def test_numbers_of_numpy_become_pythons():
    for given in (np.float32(0.5), np.float64(0.5), 0.5):
        assert type(number("x", given, example="f(1)")) is float
    assert type(number("x", 2, example="f(1)")) is int
    assert number("x", Fraction(1, 2), example="f(1)") == 0.5
    assert type(whole("x", np.int64(2), 1, example="f(1)")) is int


@pytest.mark.parametrize("value", [0, 1, 0.5, float("nan"), None, "0.5", True])
def test_the_ends_belong_to_the_range_unless_left_out(value):
    if value == 0.5:
        assert number("x", value, 0, 1, without=(0, 1), example="f(0.5)") == value
    else:
        with pytest.raises(CompositionError, match=rf"x={value!r} was given; .*as in f\(0\.5\)"):
            number("x", value, 0, 1, without=(0, 1), example="f(0.5)")
