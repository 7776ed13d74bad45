"""LongFrames: series one under the other in a table, told apart by a column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from torch import Tensor

from isthmus.adapters import facts as told
from isthmus.adapters.base import Adapter, check_finite, single
from isthmus.adapters.frames import Frame, check_collected, check_labels, frame_of
from isthmus.adapters.sequences import Sequences
from isthmus.errors import DataError
from isthmus.space import Batch, Series, Support


class LongFrames(Adapter):
    """Long frames: a line for each step of each series, of pandas or polars.

    One column says whose step it is, another when; all others are channels, of numbers. A row of
    the data, with a code of its own, is a whole series: they count in the order in which they
    first appear, as `ids` has them. Steps are brought into the order of their times; how far
    apart these are isn't looked at, so give it as a channel where it matters. A frame comes back
    line by line as it was given, with its channels reconstructed; what is generated has series
    and times that are numbered from 0.

    Parameters
    ----------
    support
        As in `Sequences`.
    by
        The column that tells series apart.
    time
        The column to order steps by; None: lines are in order.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame(
    ...     {"who": ["a", "a", "b"], "day": [2, 1, 1], "pulse": [70.0, 60.0, 80.0]}
    ... )
    >>> adapter = LongFrames(by="who", time="day").fit(visits)
    >>> adapter.space_, adapter.ids(visits)
    (Series(1, 2, ragged=True), ['a', 'b'])
    >>> adapter.inverse_transform(adapter.transform(visits).x, like=visits).round(3)
      who  day  pulse
    0   a    2   70.0
    1   a    1   60.0
    2   b    1   80.0
    """

    def __init__(
        self, support: Support | None = None, by: str = "id", time: str | None = "time"
    ) -> None:
        super().__init__(support)
        self.by = by
        self.time = time

    def fit(self, X: Any) -> Self:
        """Learn the channels, the longest series, and each channel's mean and spread."""
        lines = self._lines(X)
        self.frame_ = lines.frame
        self.series_ = Sequences(self.support).fit(lines.series)
        self.space_ = self.series_.space_
        return self

    def rows(self, X: Any) -> list[np.ndarray]:
        """Return the series, ``(steps, channels)`` each, checked."""
        lines = self._lines(X)
        if lines.frame.columns != self.frame_.columns:
            raise DataError(
                f"The channels {lines.frame.columns} were given; the model was fitted to "
                f"{self.frame_.columns}. Select and order them so."
            )
        found: Any = self.series_.rows(lines.series)
        return found

    def batch(self, rows: list[np.ndarray]) -> Batch:
        """Return ``(n, channels, steps)``, scaled; what is beyond an end is not known."""
        return self.series_.batch(rows)

    def inverse_transform(self, x: Tensor, like: Any = None) -> Any:
        """Return a frame: the lines of ``like``, or else all steps of series that are numbered."""
        import narwhals as nw

        if like is None:
            return self._fresh(x)
        lines = self._lines(like)
        found: Any = self.series_.inverse_transform(x, like=lines.series)
        values = np.concatenate(found)[np.argsort(lines.order, kind="stable")]
        given: Any = nw.from_native(like, eager_only=True)
        channels = lines.frame.filled(values.T, like=given.select(lines.frame.columns).to_native())
        made: Any = nw.from_native(channels, eager_only=True)
        return given.with_columns(*made.iter_columns()).to_native()

    def ids(self, X: Any) -> list[Any]:
        """Return whose each code is: the series of ``X``, in order."""
        return self._lines(X).ids

    def one(self, row: Any) -> Any:
        """Return a frame that holds a single series."""
        single(self.ids(row))
        return row

    def log_volume(self, x: Tensor) -> Tensor:
        """Return ``-log std`` of each channel: ``(channels, 1)``."""
        return self.series_.log_volume(x)

    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""
        frame = self.frame_
        return {
            "library": frame.library,
            "columns": frame.columns,
            "dtypes": frame.dtypes,
            "series": self.series_.facts(),
        }

    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""
        space = self.space_
        told.expect(isinstance(space, Series), f"it is {space!r}; expected a Series.")
        many = space.shape[0]
        columns = told.labels(facts["columns"], "columns", many, (str,))
        told.distinct(columns, "columns")
        dtypes = told.labels(facts["dtypes"], "dtypes", many, (str,))
        told.expect(isinstance(facts["library"], str), "library is no text.")
        self.frame_ = Frame(facts["library"], columns, dtypes)
        self.series_ = Sequences(self.support)
        self.series_.space_ = space
        self.series_.restore(facts["series"])
        return self

    def _lines(self, X: Any) -> "Lines":
        """Return the lines of a frame, series by series, checked."""
        import narwhals as nw

        check_collected(X)
        frame: Any = nw.from_native(X, eager_only=True, pass_through=True)
        if not isinstance(frame, nw.DataFrame):
            raise DataError(
                f"A {type(X).__name__} was given; expected a frame of pandas or polars with a line "
                f"for each step, and columns {self.by!r} and {self.time!r}."
            )
        own = [each for each in (self.by, self.time) if each is not None]
        for name in own:
            _check_column(frame, name)
        channels = frame.select([each for each in frame.columns if each not in own]).to_native()
        kind = frame_of(channels)
        if kind is None or not len(frame):
            raise DataError(
                f"A frame of {len(frame)} lines was given, with {len(frame.columns) - len(own)} "
                f"channels beside {own}; expected one of each at least."
            )
        values = _numbers(channels)
        codes, ids = pd.factorize(np.array(frame[self.by].to_list(), dtype=object))
        when = np.arange(len(frame)) if self.time is None else frame[self.time].to_numpy()
        order = np.lexsort((when, codes))
        series = np.split(values[order], np.flatnonzero(np.diff(codes[order])) + 1)
        return Lines(check_labels(kind), series, order, list(ids))

    def _fresh(self, x: Tensor) -> Any:
        """Return all steps of series that are numbered, times too."""
        import narwhals as nw

        values = np.asarray(self.series_.inverse_transform(x, like=None))
        values = values.reshape(len(x), -1, self.space_.shape[0])
        n, steps, channels = values.shape
        made: Any = self.frame_.filled(values.reshape(-1, channels).T)
        numbered = {self.by: np.repeat(np.arange(n), steps)}
        if self.time is not None:
            numbered[self.time] = np.tile(np.arange(steps), n)
        library: Any = self.frame_.library
        start = nw.from_dict(numbered, backend=library)
        added = nw.from_native(made, eager_only=True)
        return start.with_columns(*added.iter_columns()).to_native()


@dataclass(frozen=True)
class Lines:
    """The lines of a frame, series by series.

    Attributes
    ----------
    frame
        Of which kind the channels are.
    series
        Their numbers, ``(steps, channels)`` for each series, in the order of time.
    order
        Which line each of them is, one series after the other.
    ids
        Whose each series is.
    """

    frame: Frame
    series: list[np.ndarray]
    order: np.ndarray
    ids: list[Any]


def _check_column(frame: Any, name: str) -> None:
    if name not in frame.columns:
        raise DataError(
            f"There is no column {name!r}; there are {', '.join(map(str, frame.columns))}. Say "
            "which tells series apart, and which orders their steps: "
            "LongFrames(by=..., time=...), or time=None."
        )
    column = frame[name]
    unknown = column.is_null() | (column.is_nan() if column.dtype.is_float() else column.is_null())
    if unknown.any():
        raise DataError(
            f"Column {name!r} is unknown in line {unknown.arg_true()[0]}; expected to know of each "
            "step whose it is and when. Leave these lines out."
        )


def _numbers(channels: Any) -> np.ndarray:
    """Return a frame of numbers as floats, NaN where there is none."""
    import narwhals as nw

    frame: Any = nw.from_native(channels, eager_only=True)
    columns = [frame[name].cast(nw.Float64).to_numpy() for name in frame.columns]
    values = np.column_stack([np.asarray(each, np.float64) for each in columns])
    check_finite(values, "X")
    return values
