"""Schedules: weights that change along training."""

from abc import ABC, abstractmethod

from isthmus.part import Part
from isthmus.ranges import number


class Schedule(Part, ABC):
    """A weight as a function of progress, from 0 at the start of training to 1 at its end."""

    @abstractmethod
    def forward(self, progress: float) -> float:
        """Return the weight at ``progress``."""

    @abstractmethod
    def __rmul__(self, factor: float) -> "Schedule":
        """Return the schedule with its weights ``factor`` times as large."""


class WarmUp(Schedule):
    """A weight that rises in a straight line, then stays.

    ``w(t) = peak * min(1, t / until)``. A KL term that comes in slowly leaves codes time
    to become useful before they are pulled to the prior (Bowman et al., 2016,
    arXiv:1511.06349).

    Parameters
    ----------
    until
        The share of training over which the weight rises, from 0 to 1.
    peak
        Where it stays.

    Examples
    --------
    >>> from isthmus import KL, NLL
    >>> NLL() + WarmUp(0.2) * KL()
    NLL() + WarmUp(0.2) * KL()
    >>> WarmUp(0.2, peak=4.0)(0.1)
    2.0
    """

    def __init__(self, until: float = 0.1, peak: float = 1.0) -> None:
        super().__init__()
        self.until = number("until", until, 0, 1, example="WarmUp(0.1)")
        self.peak = number("peak", peak, 0, example="WarmUp(0.1, peak=4.0)")

    def forward(self, progress: float) -> float:
        """Return ``peak * min(1, progress / until)``."""
        return self.peak * min(1.0, progress / self.until) if self.until else self.peak

    def __rmul__(self, factor: float) -> "WarmUp":
        factor = number("factor", factor, 0, example=f"2 * {self!r}")
        return WarmUp(self.until, factor * self.peak)
