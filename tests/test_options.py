"""Options: the fields of families as the command line has them."""

from dataclasses import fields

import pytest
import typer

from isthmus import VAE, Autoencoder, Composed, LinearAutoencoder
from isthmus.catalogue import FAMILIES
from isthmus.cli import options

PARAMETERS = {each.name: each for each in options.parameters()}


@pytest.mark.parametrize("cls", FAMILIES.values())
def test_every_field_is_an_option_with_help(cls: type) -> None:
    own = {each.name for each in fields(cls)} - options.HANDLED
    assert own <= set(PARAMETERS)
    assert own <= set(options.described(cls))


def test_a_default_that_a_family_changes_is_told() -> None:
    told = PARAMETERS["epochs"].annotation.__metadata__[0].help
    own = LinearAutoencoder().epochs
    assert f"[default: {VAE().epochs}, {own} for LinearAutoencoder]" in told.replace("\\", "")


@pytest.mark.parametrize(
    ("cls", "name", "text", "value"),
    [
        (VAE, "epochs", "3", 3),
        (VAE, "beta", "4", 4.0),
        (VAE, "learning_rate", "1e-3", 1e-3),
        (VAE, "patience", "none", None),
        (VAE, "patience", "7", 7),
        (VAE, "precision", "bfloat16", "bfloat16"),
        (VAE, "device", "cpu", "cpu"),
        (VAE, "random_state", "5", 5),
        (VAE, "random_state", "None", None),
        (VAE, "backbone", "none", None),
        (VAE, "backbone", "Dense((400,),activation='tanh')", "Dense((400,), activation='tanh')"),
        (VAE, "likelihood", "Bernoulli()", "Bernoulli()"),
        (VAE, "adapter", "Images(size=(8, 8))", "Images(size=(8, 8))"),
        (Composed, "objective", "NLL() + 4*KL()", "NLL() + 4 * KL()"),
        (Composed, "objective", "NLL()", "NLL()"),
        (Composed, "latent", "Gaussian(2)", "Gaussian(2)"),
    ],
)
def test_text_is_read_as_the_field_declares(cls: type, name: str, text: str, value: object) -> None:
    found = options.settings(cls, {name: text})[name]
    assert (repr(found) == value) if hasattr(found, "get_params") else (found == value)
    cls(**{name: found})


@pytest.mark.parametrize(
    ("cls", "name", "text", "says"),
    [
        (VAE, "epochs", "2.5", "'2.5' was given; expected a whole number"),
        (VAE, "beta", "much", "expected a number"),
        (VAE, "patience", "long", "expected a whole number or none"),
        (VAE, "precision", "float16", "expected float32 or bfloat16"),
        (VAE, "backbone", "Gaussian(2)", "expected a part: Backbone or none"),
        (VAE, "backbone", "Dense((8,), widht=3)", "unexpected keyword argument 'widht'"),
        (VAE, "backbone", "__import__('os')", "is not known here"),
        (VAE, "random_state", "dice", "expected a whole number"),
        (Autoencoder, "beta", "4", "Autoencoder has no field beta; VAE, "),
    ],
)
def test_text_that_is_no_value_is_refused(cls: type, name: str, text: str, says: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        options.settings(cls, {name: text})
    assert says in str(caught.value)
    assert caught.value.param_hint == "--" + name.replace("_", "-")


def test_a_command_repeats_itself_unless_told_otherwise() -> None:
    assert options.settings(VAE, {"epochs": None}) == {"random_state": 0}


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("vae", VAE),
        ("VAE", VAE),
        ("linear", LinearAutoencoder),
        ("linear-autoencoder", LinearAutoencoder),
        ("autoencoder", Autoencoder),
    ],
)
def test_a_family_is_found_by_name(name: str, cls: type) -> None:
    assert options.family(name) is cls


def test_an_unknown_family_names_those_that_are_there() -> None:
    with pytest.raises(typer.BadParameter, match=r"there are .*LinearAutoencoder.*VAE"):
        options.family("gan")


def test_the_list_of_families_has_their_equations() -> None:
    found = {each["family"]: each for each in options.listing()}
    assert set(found) == set(FAMILIES)
    assert found["VAE"]["equation"] == "NLL() + KL()"
