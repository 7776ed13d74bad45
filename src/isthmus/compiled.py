"""Compiled: the forward pass of a step, and what its gradient is found by, as one function.

The engine is ``torch.compile``, which on a GPU also captures what it made as a graph, so that a
small model's step costs its kernels and not their launching one by one.
"""

from collections.abc import Callable
from os import environ
from shutil import which
from typing import Any

import torch
from torch import Tensor

from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.objectives import Nats, Objective
from isthmus.space import Batch

COMPILERS = ("g++", "clang++", "cl")
"""One of these is what torch calls to compile for a CPU."""


def check_compiler(device: torch.device) -> None:
    """Raise `CompositionError` if there is nothing to compile with for the device."""
    if device.type == "cpu" and not any(map(which, (environ.get("CXX", ""), *COMPILERS))):
        raise CompositionError(
            "compile=True was given, and there is no C++ compiler to compile with: install one of "
            f"{', '.join(COMPILERS)}, name yours in the environment as CXX, or leave compile=False."
        )


class Compiled:
    """Return an objective's value on a batch, through a function compiled for batches of one size.

    Its draws are those that were made without it, so that a training is the same up to rounding.
    A batch of another size, such as the last of an epoch, is not worth compiling for.

    Parameters
    ----------
    rows
        The size.
    device
        Where the batches are.
    """

    def __init__(self, rows: int, device: torch.device) -> None:
        self.rows = rows
        options: dict[str, Any] = {"fallback_random": True}
        if device.type == "cuda":
            options["triton.cudagraphs"] = True
        self._values: Callable[[Codec, Objective, Batch], list[Tensor]] = torch.compile(
            _values, dynamic=False, options=options
        )

    def __call__(self, codec: Codec, objective: Objective, batch: Batch, progress: float) -> Nats:
        """Return the objective's terms, with their weights at ``progress`` through training."""
        values = self._values if len(batch) == self.rows else _values
        return objective.weighed(values(codec, objective, batch), progress)


def _values(codec: Codec, objective: Objective, batch: Batch) -> list[Tensor]:
    return objective.values(codec, codec(batch))
