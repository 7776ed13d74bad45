"""Schedules: weights that change along training."""

from abc import ABC, abstractmethod

from isthmus.part import Part
from isthmus.ranges import number, whole


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


class Cyclic(Schedule):
    """A weight that rises and stays, again and again.

    ``w(t) = peak * min(1, u / until)``, ``u = cycles * t mod 1``: each cycle frees the codes,
    then holds them to the prior again, and begins where the last has brought them (Fu et al.,
    2019, arXiv:1903.10145). It ends at its peak.

    Parameters
    ----------
    cycles
        How many there are in all.
    until
        The share of a cycle over which the weight rises, from 0 to 1.
    peak
        Where it stays for the rest of the cycle.

    Examples
    --------
    >>> from isthmus import KL, NLL
    >>> NLL() + Cyclic() * KL()
    NLL() + Cyclic() * KL()
    >>> [Cyclic(2)(progress / 8) for progress in range(9)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0, 1.0, 1.0]
    """

    def __init__(self, cycles: int = 4, until: float = 0.5, peak: float = 1.0) -> None:
        super().__init__()
        self.cycles = whole("cycles", cycles, 1, example="Cyclic(4)")
        self.until = number("until", until, 0, 1, example="Cyclic(4, until=0.5)")
        self.peak = number("peak", peak, 0, example="Cyclic(4, peak=4.0)")

    def forward(self, progress: float) -> float:
        """Return ``peak * min(1, u / until)``, ``u`` the progress through the cycle."""
        along = self.cycles * progress
        along -= min(int(along), self.cycles - 1)
        return self.peak * min(1.0, along / self.until) if self.until else self.peak

    def __rmul__(self, factor: float) -> "Cyclic":
        factor = number("factor", factor, 0, example=f"2 * {self!r}")
        return Cyclic(self.cycles, self.until, factor * self.peak)
