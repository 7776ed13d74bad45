"""Formulas: parts are read from the way they print, and nothing else is."""

import pytest

from isthmus import KL, NLL, Dense, Gaussian, WarmUp, catalogue
from isthmus.errors import FormulaError, IsthmusError
from isthmus.formula import LONGEST, read

NAMES = {"NLL": NLL, "KL": KL, "Dense": Dense, "Gaussian": Gaussian, "WarmUp": WarmUp}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-0.5", -0.5),
        ("1e-3", 1e-3),
        ("'text'", "text"),
        ("None", None),
        ("True", True),
        ("(1, 'a', (2.5,))", (1, "a", (2.5,))),
        ("[1, [2]]", [1, [2]]),
        ("  7  ", 7),
    ],
)
def test_plain_data(text, value):
    assert read(text, {}) == value


@pytest.mark.parametrize(
    "text",
    [
        "NLL()",
        "NLL() + 4 * KL()",
        "NLL() + WarmUp(0.2, peak=4.0) * KL()",
        "Dense((8, 4), activation='tanh', dropout=0.1)",
        "Gaussian(3)",
    ],
)
def test_what_prints_reads_back(text):
    assert repr(read(text, NAMES)) == text


def test_spelling_may_vary():
    assert repr(read("4*KL()+NLL()", NAMES)) == "4 * KL() + NLL()"
    assert repr(read("Dense(widths=[8])", NAMES)) == "Dense([8])"
    assert repr(read("KL() * 2", NAMES)) == "2 * KL()"
    assert read("{'a': 1, 'b': [2]}", NAMES) == {"a": 1, "b": [2]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Desne((8,))", r"'Desne' is not known here; known are Dense, Gaussian, KL, NLL, WarmUp"),
        ("NLL() - KL()", r"'NLL\(\) - KL\(\)' is not part of a formula"),
        ("NLL().terms", r"'NLL\(\)\.terms' is not part of a formula"),
        ("Dense", r"'Dense' is not part of a formula without its brackets: Dense\(\)"),
        ("Nothing", r"'Nothing' is not part of a formula$|'Nothing' is not part of a formula\."),
        ("{**{}}", r"is not part of a formula"),
        ("1 + 1", r"only terms can be added, and only a term can be weighted"),
        ("'a' * 3", r"only a term can be weighted"),
        ("Dense() + Dense()", r"unsupported operand"),
        ("Dense(wide=3)", r"'wide'"),
        ("Dense(dropout=2)", r"dropout=2 was given"),
        ("NLL() +", r"invalid syntax"),
        ("", r"invalid syntax"),
        ("Dense((8,)", r"never closed"),
        ("x" * (LONGEST + 1), rf"{LONGEST + 1} characters long; at most {LONGEST} are read"),
        ("Dense(*(8,))", r"not part of a formula"),
        ("Dense(**{})", r"not part of a formula"),
        ("Dense(dropout=0, dropout=0.1)", r"Dense\(\) is given 'dropout' twice"),
        ("Dense(**3)", r"Dense\(\*\*\.\.\.\) is not part of a formula"),
        ("f'{1}'", r"not part of a formula"),
    ],
)
def test_what_is_none_is_refused_with_a_reason_and_an_example(text, why):
    with pytest.raises(FormulaError, match=why) as caught:
        read(text, NAMES)
    message = str(caught.value)
    assert message.startswith("Can't read ")
    assert "Write it as it prints" in message
    assert "NLL() + 4 * KL()" in message
    assert len(message) < 500


def test_a_formula_error_is_both_ours_and_a_value_error():
    assert issubclass(FormulaError, IsthmusError)
    assert issubclass(FormulaError, ValueError)


def test_the_catalogue_knows_every_part_and_no_family():
    assert {"Dense", "Gaussian", "Normal", "Masking", "KL", "Vectors"} <= catalogue.PARTS.keys()
    assert catalogue.PARTS.keys().isdisjoint(catalogue.FAMILIES)
    assert "Term" not in catalogue.PARTS
    assert "BaseAutoencoder" not in catalogue.FAMILIES
