"""Table rows: checked rows of a table, one of them, and what a file tells of columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from isthmus.adapters import facts as told
from isthmus.adapters import labels
from isthmus.adapters.base import plain, single
from isthmus.adapters.columns import AnyColumn
from isthmus.adapters.frames import row_frame
from isthmus.adapters.table_frames import TableFrame
from isthmus.errors import DataError
from isthmus.space import Space, Table

COLUMNS = TypeAdapter(list[AnyColumn])
"""What reads columns from plain data, and checks them."""


@dataclass(frozen=True)
class TableRows:
    """Checked rows of a table: an array for each column, as the column keeps them."""

    columns: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, rows: slice) -> "TableRows":
        return TableRows([each[rows] for each in self.columns])


def one_row(row: Any, columns: list[str]) -> Any:
    """Return a row as a table of one row: a mapping, a labelled or a plain one, or a table.

    Raises
    ------
    DataError
        If it is more than one, or doesn't have these columns.
    """
    if isinstance(row, Mapping):
        if strange := [str(each) for each in row if str(each) not in columns]:
            raise DataError(f"A row with {strange[0]!r} was given. {labels.expected(columns)}")
        return row_frame([row.get(each) for each in columns], columns)
    if hasattr(row, "to_frame") and hasattr(row, "index"):
        return one_row({str(name): value for name, value in row.items()}, columns)
    if hasattr(row, "columns"):
        return single(row)
    values = list(row) if isinstance(row, list | tuple) else list(plain(row))
    if len(values) != len(columns):
        raise DataError(f"A row of {len(values)} values was given. {labels.expected(columns)}")
    return row_frame(values, columns)


def restored(facts: Mapping[str, Any], space: Space) -> tuple[TableFrame, list[Any]]:
    """Return the kind of frame, and the columns, that a file tells of.

    Raises
    ------
    DataError
        If they don't fit one another, or the space.
    """
    try:
        frame = TableFrame.model_validate(facts["frame"])
        columns = COLUMNS.validate_python(facts["columns"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"])
        raise DataError(f"{told.UNFIT}: {place}: {first['msg']}.") from error
    names = [str(each) for each in frame.columns]
    same = names == [each.name for each in columns]
    told.expect(same, "the frame has other columns than those fitted.")
    told.expect(len(frame.dtypes) == len(names), "dtypes are not one for each column.")
    told.distinct(names, "columns")
    cells = Table(tuple(cell for each in columns for cell in each.cells))
    told.expect(space == cells, f"it is {space!r}; the columns make {cells!r}.")
    return frame, list(columns)
