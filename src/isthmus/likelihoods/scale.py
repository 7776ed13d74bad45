"""The scale of a location-scale likelihood: given, or learned beside the decoder."""

from math import log
from typing import Any, Literal

import torch
from torch import Tensor, nn

from isthmus.likelihoods.base import Likelihood
from isthmus.ranges import number
from isthmus.space import Space

ScaleChoice = float | Literal["feature", "shared"]

# A scale that could reach zero would earn infinite density on a constant column.
FLOOR = 1e-2
# Optimisers such as Adam move a parameter by about the learning rate a step; a scale has
# orders of magnitude to go while weights have tenths.
GAIN = 10.0


class Scale(nn.Module):
    """A positive scale, broadcast over ``(B, *E)``.

    ``scale = FLOOR + exp(GAIN * parameter)``, and about one at the start.

    Parameters
    ----------
    choice
        A number: that scale, fixed. ``"feature"``: one learned for each feature, which
        in pictures is a channel. ``"shared"``: one learned for all.
    space
        What it is the scale of.
    """

    def __init__(self, choice: ScaleChoice, space: Space) -> None:
        super().__init__()
        if isinstance(choice, str):
            shape = (space.shape[0], *[1] * (len(space.shape) - 1)) if choice == "feature" else ()
            self.parameter = nn.Parameter(torch.full(shape, log(1 - FLOOR) / GAIN))
        else:
            self.register_buffer("fixed", torch.tensor(float(choice)))

    def forward(self, raw: Tensor) -> Tensor:
        """Return the scale, to be broadcast over ``raw``, ``(B, *E)``."""
        if "parameter" in self._parameters:
            return positive(self.parameter)
        return self.get_buffer("fixed")


def positive(parameter: Tensor) -> Tensor:
    """Return the scale that a parameter stands for."""
    return FLOOR + (GAIN * parameter).exp()


class LocationScale(Likelihood):
    """A likelihood whose location the decoder gives, and whose scale it owns.

    Parameters
    ----------
    scale
        A number (1 by default), ``"feature"`` (one learned for each feature; a channel in
        pictures) or ``"shared"`` (one learned for all). A learned one stays above 0.01.
    """

    support = "real"
    accepts = ("real", "unit", "binary")

    def __init__(self, scale: ScaleChoice = 1.0) -> None:
        super().__init__()
        self.choice: ScaleChoice = _choice(scale, type(self).__name__)

    def build(self) -> None:
        """Make the scale."""
        self.scale = Scale(self.choice, self.space)


def _choice(scale: Any, owner: str) -> ScaleChoice:
    if scale == "feature" or scale == "shared":
        return scale
    example = f"{owner}(1.0), or 'feature' or 'shared'"
    return number("scale", scale, 0, without=(0,), example=example)
