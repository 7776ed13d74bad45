"""What the fields that every family shares may hold, checked before any work is done."""

from collections.abc import Callable
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus.adapters import Adapter
from isthmus.backbones import Backbone
from isthmus.corruptions import Corruption
from isthmus.errors import CompositionError
from isthmus.likelihoods import Likelihood

Rule = tuple[str, Callable[[Any], bool], str]


def _integral(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral)


def _whole(value: Any) -> bool:
    return _integral(value) and int(value) >= 1


def _rate(value: Any) -> bool:
    return isinstance(value, Real) and isfinite(value) and float(value) > 0


def _seed(value: Any) -> bool:
    if _integral(value):
        return 0 <= int(value) < 2**32
    return value is None or isinstance(value, np.random.RandomState)


def _part(name: str, kind: type, example: str) -> Rule:
    def fine(value: Any) -> bool:
        return value is None or isinstance(value, kind)

    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    return name, fine, f"None, or {article} {kind.__name__} such as {example}"


RULES: tuple[Rule, ...] = (
    ("epochs", _whole, "at least 1, a whole number"),
    ("batch_size", lambda size: size is None or _whole(size), "None or at least 1, a whole number"),
    (
        "learning_rate",
        lambda rate: rate is None or _rate(rate),
        "None or a number above 0, and finite",
    ),
    (
        "validation_fraction",
        lambda share: isinstance(share, Real) and 0 <= float(share) < 1,
        "a number from 0 up to, not with, 1",
    ),
    ("patience", lambda value: value is None or _whole(value), "None or at least 1"),
    ("precision", lambda name: name in ("float32", "bfloat16"), "float32 or bfloat16"),
    (
        "random_state",
        _seed,
        "None, a whole number from 0 up to, not with, 2**32, or a numpy RandomState (of a "
        "numpy Generator, give a draw: int(generator.integers(2**32)))",
    ),
    (
        "checkpoint",
        lambda value: value is None or isinstance(value, str | Path),
        "None, or the path of a folder",
    ),
    ("compile", lambda value: isinstance(value, bool), "True or False"),
    ("verbose", lambda value: value is None or isinstance(value, bool), "None, True or False"),
    _part("backbone", Backbone, "Dense((64,))"),
    _part("likelihood", Likelihood, "Bernoulli()"),
    _part("corruption", Corruption, "Masking(0.25)"),
    _part("adapter", Adapter, "Images()"),
)

# Not in RULES: families declare their own, and `Composed` names its latent instead.
SIZE: Rule = ("latent_dim", _whole, "at least 1, a whole number")


def check_fields(model: Any) -> None:
    """Raise `CompositionError` for a field of ``model`` that is out of its range."""
    sized = getattr(model, SIZE[0], None) is not None
    for name, fine, expected in (SIZE, *RULES) if sized else RULES:
        value = getattr(model, name)
        if not fine(value):
            raise CompositionError(f"{name}={value!r} was given; expected {expected}.")
    if model.checkpoint is not None and not isinstance(model.random_state, Integral):
        raise CompositionError(
            f"checkpoint= was given with random_state={model.random_state!r}: a run can go on to "
            "the same result only from a known seed. Give random_state a number."
        )


def device_called(name: str) -> torch.device:
    """Return the device that torch calls by ``name``, or the best there is for ``"auto"``."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError, TypeError) as error:
        raise CompositionError(
            f"device={name!r} was given, and torch can't use it here: {error}. "
            "Use 'auto', or 'cpu'."
        ) from error
