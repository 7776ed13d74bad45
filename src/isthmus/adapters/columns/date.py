"""Date: when something was, as a number, with the month, weekday and hour beside it."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from isthmus.adapters.columns.base import Column, share_of_holes
from isthmus.adapters.columns.number import Scale
from isthmus.adapters.columns.ticks import PER_SECOND, from_ticks, to_ticks
from isthmus.adapters.reading import Given
from isthmus.errors import DataError

Unit = Literal["s", "ms", "us", "ns"]
Part = Literal["month", "weekday", "hour"]
PARTS: dict[Part, int] = {"month": 12, "weekday": 7, "hour": 24}
"""What the calendar says of a moment, and how many of each there are."""
SPANS: dict[Part, int] = {"month": 360, "weekday": 14, "hour": 2}
"""How many days a column must span before the part can return, so that it may mean something."""
STEPS = (86_400, 3_600, 60, 1)
"""The steps, in seconds, in which times may run: days, hours, minutes, seconds."""
DAY = 86_400
YEARS = (-62_135_596_800, 253_402_300_799)
"""The first second of the year 1, and the last of 9999: what calendars hold."""


MOST = 2**63 - 2**12
"""What 64 bits hold, less what a float of that size may be off."""


class Date(Column):
    """Dates, moments, times of day and durations.

    The first cell is the time, standardised (durations may have heavy tails, as numbers may).
    Beside it stand cells of categories: the month where the column spans a year, the weekday
    where it spans two weeks, the hour where it spans two days; in the column's own time zone.
    They help networks to find seasons; what comes back is read from the first cell alone.

    Attributes
    ----------
    unit
        The unit of the column, in which ``origin`` and ``step`` are.
    zone
        Its time zone.
    origin
        From where the first cell counts.
    step
        Of what all values are whole multiples.
    scale
        The map of the first cell.
    parts
        Which cells stand beside it.
    """

    type: Literal["date"] = "date"
    unit: Unit
    zone: str | None
    origin: int
    step: int = Field(gt=0)
    first: int
    last: int
    scale: Scale
    parts: list[Part]

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        try:
            pd.DatetimeIndex([], tz=zone)
        except LookupError as error:
            raise ValueError(f"{zone!r} is no time zone that is known here") from error
        return zone

    @classmethod
    def fit(cls, given: Given) -> "Date":
        """Learn the scale, the step, and which parts of the calendar return."""
        given = given.plain()
        unit: Unit = _unit(given.values)
        ticks = to_ticks(given.values[given.known], unit)
        first, last = int(ticks.min()), int(ticks.max())
        origin = 0 if given.holds == "duration" else (first + last) // 2
        scale = _scale((ticks - origin).astype(np.float64), given)
        column = cls(
            name=given.name,
            kind="date",
            holds=given.holds,
            holes=share_of_holes(given),
            unit=unit,
            zone=given.zone,
            origin=origin,
            step=_step(ticks, unit),
            first=first,
            last=last,
            scale=scale,
            parts=[],
        )
        return column.model_copy(update={"parts": column._worth(ticks)})

    @property
    def cells(self) -> tuple[int, ...]:
        return (1, *(PARTS[part] for part in self.parts))

    @property
    def found(self) -> str:
        span = " to ".join(self._shown(each) for each in (self.first, self.last))
        return f"{span}{', with ' + ', '.join(self.parts) if self.parts else ''}"

    @property
    def transform(self) -> str:
        return str(self.scale) if self.holds == "duration" else "standardised"

    def read(self, given: Given) -> np.ndarray:
        self.expect(given, self.holds, *self._near)
        if given.holds == "nothing":
            return from_ticks(np.full(len(given.values), np.iinfo(np.int64).min), self.holds, "s")
        if given.holds == "moment" == self.holds and (given.zone is None) != (self.zone is None):
            raise DataError(
                f"Column {self.name} held times {_zoned(self.zone)} in fit, and now holds times "
                f"{_zoned(given.zone)}. Give it what it had: .dt.tz_localize(...) tells which."
            )
        return given.plain().values

    def encode(self, values: np.ndarray) -> np.ndarray:
        known = ~np.isnat(values)
        ticks = to_ticks(values, self.unit)
        x = np.full((len(ticks), len(self.cells)), np.nan, np.float32)
        x[known, 0] = self.scale.forward((ticks[known] - self.origin).astype(np.float64))
        if self.parts:
            said = self._calendar(ticks[known])
            for place, part in enumerate(self.parts, start=1):
                x[known, place] = _part(said, part)
        return x

    def decode(self, x: np.ndarray) -> np.ndarray:
        # In whole steps from a whole one, so that neither is beyond the precision of floats.
        base = self.origin - self.origin % self.step
        low, high = self._limits
        steps = np.rint((self.scale.back(x[:, 0]) + self.origin % self.step) / self.step)
        first = max(-((base - low) // self.step), -MOST)
        whole = steps.clip(first, min((high - base) // self.step, MOST))
        ticks = base + whole.astype(np.int64) * self.step
        return from_ticks(ticks.clip(low, high), self.holds, self.unit)

    def log_volume(self, x: np.ndarray) -> np.ndarray:
        """Return the volume of the first cell, in seconds; that of the others is zero."""
        volume = np.zeros_like(x)
        volume[:, :1] = self.scale.log_volume(x[:, :1]) + np.log(PER_SECOND[self.unit])
        return volume

    @property
    def _near(self) -> tuple[Literal["date", "moment"], ...]:
        return ("date", "moment") if self.holds in ("date", "moment") else ()

    @property
    def _limits(self) -> tuple[int, int]:
        """The least and the greatest that can be written in the unit."""
        per = PER_SECOND[self.unit]
        if self.holds == "time":
            return 0, DAY * per - self.step
        low, high = (-MOST, MOST) if self.holds == "duration" else (y * per for y in YEARS)
        return max(low, -MOST), min(high, MOST)

    def _calendar(self, ticks: np.ndarray) -> pd.DatetimeIndex:
        index = pd.DatetimeIndex(from_ticks(ticks, "moment", self.unit))
        return index.tz_localize("UTC").tz_convert(self.zone) if self.zone else index

    def _worth(self, ticks: np.ndarray) -> list[Part]:
        """Return the parts of the calendar that return, and are not always the same."""
        if self.holds == "duration":
            return []
        days = (self.last - self.first) / (PER_SECOND[self.unit] * DAY)
        said = self._calendar(ticks)
        there: list[Part] = [part for part in PARTS if days >= SPANS[part] or self.holds == "time"]
        return [part for part in there if len(np.unique(_part(said, part))) > 1]

    def _shown(self, ticks: int) -> str:
        value = from_ticks(ticks, self.holds, self.unit)
        if self.holds in ("time", "duration"):
            said = str(pd.Timedelta(value[()]))
            return said.removeprefix("0 days ") if self.holds == "time" else said
        said: Any = self._calendar(np.array([ticks]))[0]
        return str(said.date() if self.step % (DAY * PER_SECOND[self.unit]) == 0 else said)


def _unit(values: np.ndarray) -> Unit:
    unit = np.datetime_data(values.dtype)[0]
    return unit if unit in PER_SECOND else "s"  # pyright: ignore[reportReturnType]


def _scale(ticks: np.ndarray, given: Given) -> Scale:
    if given.holds == "duration":
        return Scale.fit(ticks, given.name)
    return Scale(
        heavy=False,
        centre=float(ticks.mean()),
        spread=float(ticks.std()) or 1.0,
        mean=0.0,
        std=1.0,
    )


def _step(ticks: np.ndarray, unit: str) -> int:
    """Return the largest step of which all values are whole multiples."""
    per = PER_SECOND[unit]
    finer = [max(1, per // each) for each in (10**3, 10**6) if per >= each]
    for step in (*(seconds * per for seconds in STEPS), *finer):
        if not (ticks % step).any():
            return step
    return 1


def _part(said: pd.DatetimeIndex, part: Part) -> np.ndarray:
    calendar: Any = said
    if part == "month":
        return np.asarray(calendar.month - 1)
    return np.asarray(calendar.hour if part == "hour" else calendar.day_of_week)


def _zoned(zone: str | None) -> str:
    return f"in the zone {zone}" if zone else "without a time zone"
