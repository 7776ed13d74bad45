"""Number: quantities, brought to one scale, heavy tails drawn in."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from isthmus.adapters.columns.base import Column, Kind, share_of_holes
from isthmus.adapters.reading import Given
from isthmus.errors import DataError

FAR, FARTHEST, OUTLYING = 8.0, 50.0, 6.0
"""How far one in a thousand may lie, or any, in robust spreads; and any in plain ones."""
MOST_DECIMALS = 4
NORMAL_IQR = 1.349
"""How far apart the quartiles of a normal distribution of variance 1 are."""


class Scale(BaseModel):
    """A monotone map of numbers to a standard scale, and back.

    ``x = (u - mean) / std`` with ``u = (X - centre) / spread``, or ``u = asinh((X - centre) /
    spread)`` where ``heavy``: linear near the centre, logarithmic far from it, and undone by
    ``sinh`` wherever it was done.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    heavy: bool
    centre: float
    spread: float = Field(gt=0)
    mean: float
    std: float = Field(gt=0)

    @classmethod
    def fit(cls, values: np.ndarray, name: str) -> "Scale":
        """Learn the scale of known values, ``(n,)``: of two different ones or more."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std = float(values.mean()), _spread(values)
            centre, spread, heavy = _tails(values)
            u = np.arcsinh((values - centre) / spread) if heavy else values
        if not np.isfinite([mean, std, centre, spread]).all():
            raise DataError(
                f"Column {name} spreads too far for its variance to be a number. Scale it down, "
                "or take its logarithm."
            )
        if not heavy:
            return cls(heavy=False, centre=mean, spread=std, mean=0.0, std=1.0)
        of_u = _spread(u)
        return cls(heavy=True, centre=centre, spread=spread, mean=float(u.mean()), std=of_u)

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Return x, ``(n,)``, in double precision."""
        u = (values - self.centre) / self.spread
        return ((np.arcsinh(u) if self.heavy else u) - self.mean) / self.std

    def back(self, x: np.ndarray) -> np.ndarray:
        """Return the values of x."""
        u = x * self.std + self.mean
        with np.errstate(over="ignore"):
            values = self.centre + self.spread * (np.sinh(u) if self.heavy else u)
        return np.nan_to_num(values)  # beyond all floats: the last of them

    def log_volume(self, x: np.ndarray) -> np.ndarray:
        """Return ``log |dx / dX|``: ``-log(std spread cosh(u))``, or without ``cosh``."""
        u = x * self.std + self.mean
        flat = np.log(self.std) + np.log(self.spread)
        return -flat - (np.logaddexp(u, -u) - np.log(2) if self.heavy else 0 * u)

    def __str__(self) -> str:
        if self.heavy:
            return f"asinh((X - {self.centre:.4g}) / {self.spread:.4g}), standardised"
        return "standardised"


def _spread(values: np.ndarray) -> float:
    """Return the standard deviation, above zero, of numbers whose squares may be no floats."""
    away = values - values.mean()
    farthest = float(np.abs(away).max())
    return farthest * float((away / farthest).std()) if farthest else 1.0


def _tails(values: np.ndarray) -> tuple[float, float, bool]:
    """Return the median, the robust spread, and whether the tails are heavy.

    The spread is the distance of the quartiles, over what it is in a normal distribution; where
    more than half of the values are one, it is the median distance of the others from it. Tails
    are heavy where one value in a thousand lies beyond ``FAR`` of them, or any beyond
    ``FARTHEST``: a normal distribution has 3.3, an exponential 7.6, a log-normal of sigma 1 19.
    Where no value lies ``OUTLYING`` standard deviations off, they do no harm as they are.
    """
    low, centre, high = np.quantile(values, [0.25, 0.5, 0.75])
    away = np.abs(values - centre)
    spread = (high - low) / NORMAL_IQR
    if not spread:
        spread = np.median(away[away > 0])
    far = np.quantile(away, 0.999) > FAR * spread or away.max() > FARTHEST * spread
    heavy = far and np.abs(values - values.mean()).max() > OUTLYING * values.std()
    return float(centre), float(spread), bool(heavy)


class Number(Column):
    """Numbers and counts: one cell, standardised, by a fitted curve where the tails are heavy.

    Attributes
    ----------
    scale
        The map to x.
    decimals
        How many decimals all values had in training; None: no fixed number of them.
    low, high
        The least and the greatest.
    """

    type: Literal["number"] = "number"
    scale: Scale
    decimals: int | None = Field(ge=0, le=MOST_DECIMALS)
    low: float
    high: float

    @classmethod
    def fit(cls, given: Given, kind: Kind) -> "Number":
        """Learn the scale, and how many decimals there are."""
        given = given.plain()
        known = given.values[given.known]
        values = known.astype(np.float64)
        if values.min() == values.max():
            raise DataError(
                f"Column {given.name} holds numbers too large for double precision to tell apart: "
                f"all are {values[0]:.0f}. They name rather than count: leave the column out with "
                f"Tables(drop=[{given.name!r}]), or say kinds={{{given.name!r}: 'category'}}."
            )
        return cls(
            name=given.name,
            kind=kind,
            holds=given.holds,
            holes=share_of_holes(given),
            scale=Scale.fit(values, given.name),
            decimals=0 if kind == "count" else decimals_of(known),
            low=float(values.min()),
            high=float(values.max()),
        )

    @property
    def cells(self) -> tuple[int, ...]:
        return (1,)

    @property
    def found(self) -> str:
        whole = "whole numbers " if not self.decimals and self.decimals is not None else ""
        fixed = f", {self.decimals} decimal{'s' * (self.decimals > 1)}" if self.decimals else ""
        return f"{whole}from {self.low:.7g} to {self.high:.7g}{fixed}"

    @property
    def transform(self) -> str:
        return str(self.scale)

    def read(self, given: Given) -> np.ndarray:
        self.expect(given, "number", "truth")
        return given.plain().values

    def encode(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):  # looked after here
            x = self.scale.forward(values.astype(np.float64)).astype(np.float32)
        if np.isinf(x).any():
            raise DataError(
                f"Column {self.name} holds a value so far from those that were fitted that it "
                "overflows. Look for a wrong one, or bring the data to another unit."
            )
        return x[:, None]

    def decode(self, x: np.ndarray) -> np.ndarray:
        values = self.scale.back(x[:, 0])
        if self.decimals is not None:
            values = np.round(values, self.decimals) + 0.0  # no -0.0
        return np.maximum(values, 0) if self.kind == "count" else values

    def log_volume(self, x: np.ndarray) -> np.ndarray:
        return self.scale.log_volume(x)


def decimals_of(values: np.ndarray) -> int | None:
    """Return how many decimals suffice for every value, or None where four don't.

    Examples
    --------
    >>> decimals_of(np.array([1.25, 3.5])), decimals_of(np.array([1 / 3, 2.0]))
    (2, None)
    """
    if values.dtype.kind in "iu":
        return 0
    fixed: list[int] = []
    for some in (values[:1000], values):  # the first tell most data at once
        fixed = [
            places
            for places in range(MOST_DECIMALS + 1)
            if (np.round(some.astype(np.float64), places).astype(some.dtype) == some).all()
        ]
        if not fixed:
            return None
    return fixed[0]
