"""Tables: rows whose columns are of many kinds, as people have them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from isthmus.adapters import facts as told
from isthmus.adapters import kinds as meant
from isthmus.adapters import labels
from isthmus.adapters.base import PART, Adapter, check_enough, known
from isthmus.adapters.columns import Column, Kind
from isthmus.adapters.dtypes import Dtype, natural
from isthmus.adapters.reading import read
from isthmus.adapters.table_frames import TableFrame, kind_of, table_of
from isthmus.adapters.table_rows import TableRows, one_row, restored
from isthmus.errors import DataError, SupportError
from isthmus.space import Batch, Support, Table


class Tables(Adapter):
    """Rows of a table whose columns are of many kinds: pandas, polars or other frames.

    What each column means is inferred, and can be said. Numbers are standardised, ``x = (X -
    mean) / std``; those with heavy tails go through ``asinh((X - median) / spread)`` first, and
    come back through ``sinh``. Each category is one of a cell's values, and what is rare or
    new shares the last of them. Dates become numbers, with the month, weekday and hour beside
    them as categories. Any cell may be unknown: NaN, None, NaT and NA are holes.

    Whole numbers are numbers, however few different ones there are, unless there are two: then
    they are categories. Say ``kinds={"zip": "category"}`` where a number is a name.

    Parameters
    ----------
    kinds
        What columns mean, where you know better: ``"number"``, ``"count"`` (whole, from 0),
        ``"boolean"``, ``"category"`` or ``"date"``, by the column's name.
    drop
        Columns to leave out, such as those that name rows. They may be missing later.
    max_levels
        How many values of a column have a category of their own, at most: the commonest.
    support
        ``"mixed"``, or None for the same.

    Attributes
    ----------
    space_ : Table
        How many categories each cell has; 1 for a number.
    columns_ : list of str
        The columns that were fitted.
    kinds_ : dict
        What each means.
    cells_ : list of (str, slice)
        Which cells of x belong to each column.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"country": ["RU", "US", None], "celsius": [-15.0, 11.5, 12.0]})
    >>> adapter = Tables().fit(X)
    >>> adapter.kinds_, adapter.space_
    ({'country': 'category', 'celsius': 'number'}, Table((3, 1)))
    >>> adapter.transform(X).observed[:, 0]
    tensor([ True,  True, False])
    >>> adapter.inverse_transform(torch.tensor([[1.0, 0.0]])).round(1)
      country  celsius
    0      US      2.8
    """

    def __init__(
        self,
        kinds: Mapping[Any, str] | None = None,
        drop: Sequence[Any] = (),
        max_levels: int = 10_000,
        support: Support | None = None,
    ) -> None:
        super().__init__(support)
        self.kinds = kinds
        self.drop = drop
        self.max_levels = max_levels

    def fit(self, X: Any) -> Self:
        """Learn what each column means, and how it becomes cells.

        Raises
        ------
        DataError
            If a column holds values of several kinds, or names rows, or can't be what ``kinds``
            says that it is.
        """
        self._learned(X)
        return self

    def fit_transform(self, X: Any) -> Batch:
        """Do both, reading each column once."""
        return self.batch(self._learned(X))

    def _learned(self, X: Any) -> TableRows:
        self._check_parameters()
        frame = table_of(X)
        check_enough(len(frame))
        kept = labels.kept(frame, self.drop, self.kinds or {})
        said: Any = {str(name): kind for name, kind in (self.kinds or {}).items()}
        learned: list[Any] = []
        rows: list[np.ndarray] = []
        for label, name in kept.items():
            given = read(labels.column(frame, label), name)
            learned.append(meant.fitted(given, said.get(name), self.max_levels))
            rows.append(learned[-1].read(given))
        cells = tuple(cell for each in learned for cell in each.cells)
        if not cells:
            raise DataError("Nothing is known in any column: there is nothing to learn from.")
        self.frame_ = kind_of(frame, list(kept))
        self.fitted_: list[Any] = learned
        self.space_ = Table(cells)
        self._name()
        return TableRows(rows)

    def rows(self, X: Any) -> TableRows:
        """Return ``X`` checked, an array for each column, ready to be sliced.

        Columns may come in any order.

        Raises
        ------
        DataError
            If columns are missing or new, or hold something else than in fit.
        """
        frame = table_of(X)
        if not len(frame):
            raise DataError("0 rows were given; expected at least one. Is the table empty?")
        known = labels.found(frame, self.columns_, self.drop)
        return TableRows(
            [
                each.read(read(labels.column(frame, known[each.name]), each.name))
                for each in self.fitted_
            ]
        )

    def batch(self, rows: TableRows) -> Batch:
        """Return ``(n, cells)``, scaled; unknown cells are zero."""
        x = np.empty((len(rows), self.space_.size), np.float32)
        for (each, cells), values in zip(self._places(), rows.columns, strict=True):
            x[:, cells] = each.encode(values)
        return Batch(*known(x, holes=True))

    def inverse_transform(self, x: Tensor, like: Any = None) -> Any:
        """Return rows as a frame of the fitted columns, with their names, order and dtypes.

        Its library, and the labels of its rows, are those of ``like``. Counts and whole numbers
        come back whole, others with as many decimals as all had in training, a category as one
        that the column has: nothing is left unknown, but columns of which nothing is known.
        """
        frame = self.frame_ if like is None else self._kind_of(like)
        parts = [
            [each.decode(part[:, cells].double().cpu().numpy()) for part in x.split(PART)]
            for each, cells in self._places()
        ]
        values = [np.concatenate(each) for each in parts]
        return frame.filled(values, [each.holds for each in self.fitted_], like)

    def log_volume(self, x: Tensor) -> Tensor:
        """Return ``log |dx / dX|`` of each cell, ``(n, cells)``: zero for categories.

        Times count in seconds.
        """
        cells = x.detach().double().cpu().numpy()
        volume = np.zeros_like(cells)
        for each, place in self._places():
            volume[:, place] = each.log_volume(cells[:, place])
        return torch.from_numpy(volume)

    def one(self, row: Any) -> Any:
        """Return a row as a table of one row: a mapping, a labelled or a plain one, or a table.

        What a mapping doesn't name is unknown.
        """
        return one_row(row, self.columns_)

    def describe(self) -> pd.DataFrame:
        """Return a row for each column: its kind, what was found, its holes, its transform.

        Examples
        --------
        >>> import pandas as pd
        >>> X = pd.DataFrame({"visits": [0, 3, 1, 2], "member": [True, False, None, True]})
        >>> print(Tables().fit(X).describe()[["column", "kind", "found"]].to_string(index=False))
        column    kind                     found
        visits   count whole numbers from 0 to 3
        member boolean                66.7% true
        """
        return meant.table(self.fitted_)

    @property
    def columns_(self) -> list[str]:
        """The fitted columns, as they are called."""
        return [each.name for each in self.fitted_]

    @property
    def kinds_(self) -> dict[str, Kind]:
        """What each column means."""
        return {each.name: each.kind for each in self.fitted_}

    @property
    def cells_(self) -> list[tuple[str, slice]]:
        """Which cells of x belong to each column."""
        return [(each.name, cells) for each, cells in self._places()]

    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""
        return {
            "frame": self.frame_.model_dump(),
            "columns": [each.model_dump() for each in self.fitted_],
        }

    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""
        self.frame_, self.fitted_ = restored(facts, self.space_)
        try:
            self.inverse_transform(torch.zeros(0, self.space_.size))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            told.expect(False, f"no frame can be made of it: {error}.")
        except ImportError:
            pass  # the library of the frames is not there: others can be scored and encoded
        self._name()
        return self

    def __repr__(self, N_CHAR_MAX: int = 0) -> str:
        """Print as the call that makes it."""
        usual = type(self)()
        given = self.get_params().items()
        changed = [f"{n}={v!r}" for n, v in given if v != getattr(usual, n)]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _name(self) -> None:
        self.n_features_in_ = len(self.fitted_)
        vars(self).pop("feature_names_in_", None)
        if isinstance(self.frame_.columns[0], str):
            self.feature_names_in_ = np.array(self.columns_, dtype=object)

    def _places(self) -> Iterator[tuple[Column, slice]]:
        """Yield each column with its cells."""
        ends = [0, *accumulate(len(each.cells) for each in self.fitted_)]
        for each, first, end in zip(self.fitted_, ends, ends[1:], strict=False):
            yield each, slice(first, end)

    def _check_parameters(self) -> None:
        if self.support not in (None, "mixed"):
            raise SupportError(
                f"The likelihood takes data of support {self.support!r}; a table of several kinds "
                "of columns is 'mixed'. Choose Mixed(), or leave the likelihood out."
            )
        meant.check_parameters(self.kinds or {}, self.drop, self.max_levels)

    def _kind_of(self, like: Any) -> TableFrame:
        frame = table_of(like)
        if str(frame.implementation) == self.frame_.library:
            return self.frame_  # holes may have made floats of whole numbers: not in what returns
        known = labels.found(frame, self.columns_, self.drop)
        kind = kind_of(frame, [known[name] for name in self.columns_])
        dtypes = [
            _dtype(each, dtype, labels.column(frame, known[each.name]), kind.library)
            for each, dtype in zip(self.fitted_, kind.dtypes, strict=True)
        ]
        return kind.model_copy(update={"dtypes": dtypes})


def _dtype(fitted: Column, dtype: Dtype, column: Any, library: str) -> Dtype:
    """Return the dtype of a column, or where nothing is known of it what would hold its values."""
    if fitted.holds == "nothing" or not pd.isna(column.to_numpy()).all():
        return dtype
    return natural(fitted.holds, getattr(fitted, "zone", None), library)
