"""Arguments: what the constructors of several backbones check, beside the ranges of numbers."""

from collections.abc import Mapping
from typing import Any, TypeVar

from isthmus.errors import CompositionError
from isthmus.ranges import whole

Choice = TypeVar("Choice")


def chosen(name: Any, choices: Mapping[str, Choice], role: str) -> Choice:
    """Return what ``name`` stands for, or say which names there are."""
    if not isinstance(name, str) or name not in choices:
        raise CompositionError(f"{role}={name!r} was given; expected one of {', '.join(choices)}.")
    return choices[name]


def flag(name: str, value: Any) -> bool:
    """Return ``value`` if it is True or False."""
    if not isinstance(value, bool):
        raise CompositionError(f"{name}={value!r} was given; expected True or False.")
    return value


def wholes(names: str, name: str, values: Any, *, example: str) -> list[int]:
    """Return a sequence of whole numbers from 1, one a layer."""
    try:
        return [whole(name, each, 1, example=example) for each in values]
    except CompositionError as error:
        raise CompositionError(
            f"{names}={values!r} was given; every layer needs at least 1, a whole number, "
            f"as in {example}."
        ) from error


def channels_of(values: Any, what: str = "stage", *, example: str) -> list[int]:
    """Return how many channels each stage, or whatever else there is of them, makes: one at least.

    Raises
    ------
    CompositionError
        If they are no sequence of whole numbers from 1, or an empty one.
    """
    if not isinstance(values, tuple | list) or not values:
        raise CompositionError(
            f"channels={values!r} was given; expected a number for each {what}, as in {example}."
        )
    return wholes("channels", "channels", values, example=example)
