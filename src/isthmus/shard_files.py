"""Shard files: which files of a folder hold rows, whether they go together, and a part of one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.adapters.reading import WORDS, Holds
from isthmus.errors import DataError, require

NAMED = 8
"""How many columns an error names."""
TABLES, ARRAYS = ".parquet", ".npy"
BROKEN = (OSError, ValueError, IndexError, EOFError)
"""What readers raise of a file that is none, or no longer what it was."""


@dataclass(frozen=True)
class Shard:
    """Some rows of a file: which, and how many; in a Parquet file, a row group.

    ``keys`` are the columns that stand in the names of its folders, such as ``year=2024``.
    """

    path: Path
    first: int
    rows: int
    keys: Mapping[str, Any] = field(default_factory=dict[str, Any])


def holds_tables(folder: Path) -> bool:
    """Return whether a folder holds Parquet or NPY files."""
    return any(_files(folder))


def shards_in(path: Path, rows: int, columns: list[str] | None) -> Iterator[Shard]:
    """Yield the shards of a file, or of a folder's files in order.

    Raises
    ------
    DataError
        If a file can't be read, or they don't go together.
    """
    files = list(_files(path)) if path.is_dir() else [path]
    if len({each.suffix for each in files}) > 1:
        raise DataError(f"{path} holds both Parquet and NPY files; expected one kind.")
    keys = _keys(path, files)
    _check_alike({file: _kind(file, keys.get(file, {}), columns) for file in files})
    for file in files:
        yield from _shards_of(file, rows, keys.get(file, {}))


def read(shard: Shard, columns: list[str] | None) -> Any:
    """Return a shard's rows: a frame, or an array.

    Raises
    ------
    DataError
        If the file is no longer what it was.
    """
    try:
        rows = _array(shard) if shard.path.suffix == ARRAYS else _frame(shard, columns)
        if len(rows) != shard.rows:
            raise ValueError(f"there are {len(rows):,} rows where there were {shard.rows:,}")
    except BROKEN as error:
        raise DataError(
            f"{shard.path} has changed since the beginning, and can't be read any more: "
            f"{_said(error)}. Put it back as it was, and begin again."
        ) from error
    return rows


def width(path: Path) -> int:
    """Return how many numbers a row of an array has; of others, and of what can't be read, 1."""
    first = next(_files(path), path) if path.is_dir() else path
    if first.suffix != ARRAYS:
        return 1
    try:
        return prod(np.load(first, mmap_mode="r", allow_pickle=False).shape[1:])
    except BROKEN:  # as `shards_in` tells
        return 1


def _files(folder: Path) -> Iterator[Path]:
    """Yield arrays of the folder, and tables of those inside it too, but for hidden ones."""
    for each in sorted(folder.rglob(f"*{TABLES}")) + sorted(folder.glob(f"*{ARRAYS}")):
        inside = each.relative_to(folder).parts[:-1]
        if each.is_file() and not any(name.startswith((".", "_")) for name in inside):
            yield each


def _keys(path: Path, files: list[Path]) -> dict[Path, dict[str, Any]]:
    """Return by file the columns that stand in the names of its folders, as Hive writes them."""
    if not any("=" in str(each.relative_to(path).parent) for each in files):
        return {}
    data = require("pyarrow.dataset", "frames")
    found = data.dataset(path, format="parquet", partitioning="hive", exclude_invalid_files=True)
    return {
        Path(each.path): data.get_partition_keys(each.partition_expression)
        for each in found.get_fragments()
    }


def _kind(file: Path, keys: Mapping[str, Any], columns: list[str] | None) -> Any:
    """Return what the rows of a file are: their shape, or the columns read and what they hold."""
    try:
        if file.suffix == ARRAYS:
            array = np.load(file, mmap_mode="r", allow_pickle=False)
            if not array.ndim:
                raise ValueError("it holds a single value, and no rows")
            if array.dtype.kind not in "buif":
                raise ValueError(f"it holds values of dtype {array.dtype}; expected numbers")
            return array.shape[1:]
        if file.suffix != TABLES:
            raise ValueError("expected a .parquet or .npy file")
        fields = _parquet(file).schema_arrow
    except BROKEN as error:
        raise DataError(f"{file} can't be read in shards: {_said(error)}.") from error
    scalar: Any = require("pyarrow", "frames").scalar
    names = (fields.pandas_metadata or {}).get("index_columns", ())  # not those of columns
    held = {each.name: _held(each.type) for each in fields if each.name not in names}
    held |= {name: _held(scalar(value).type) for name, value in keys.items()}
    if missing := [name for name in columns or () if name not in held]:
        raise DataError(f"{file} has no column {_listed(missing)}; it has {_listed(held)}.")
    return {name: held[name] for name in held if columns is None or name in columns}


def _held(kind: Any) -> str:
    """Return what values of one of Arrow's kinds are, in words; its own where we have none."""
    types: Any = require("pyarrow", "frames").types
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_timestamp(kind) and kind.tz is not None:
        return f"{WORDS['moment']} in a time zone"
    for holds, are in _known(types).items():
        if any(each(kind) for each in are):
            return WORDS[holds]
    return str(kind)


def _known(types: Any) -> dict[Holds, tuple[Callable[[Any], bool], ...]]:
    return {
        "number": (types.is_integer, types.is_floating),
        "truth": (types.is_boolean,),
        "text": (types.is_string, types.is_large_string, types.is_string_view),
        "date": (types.is_date,),
        "moment": (types.is_timestamp,),
        "time": (types.is_time,),
        "duration": (types.is_duration,),
        "nothing": (types.is_null,),
    }


def _check_alike(kinds: dict[Path, Any]) -> None:
    """Raise `DataError` unless the rows of all files are of one kind."""
    seen: dict[str, tuple[str, Path]] = {}
    for file, kind in kinds.items():
        first, expected = next(iter(kinds.items()))
        said = _difference(kind, expected)
        if said:
            raise DataError(
                f"{file} and {first} differ in {said}; expected the same in all files of a folder."
            )
        if isinstance(kind, dict):
            _check_held(file, kind, seen)


def _check_held(file: Path, kind: dict[str, str], seen: dict[str, tuple[str, Path]]) -> None:
    """Raise `DataError` where a column holds something else than in the files seen before."""
    for name, holds in kind.items():
        if holds == WORDS["nothing"]:
            continue
        before, other = seen.setdefault(name, (holds, file))
        if holds != before:
            raise DataError(
                f"{file} holds {holds} in the column {name!r}, where {other} holds {before}; "
                "expected the same in all files of a folder. Write one of them anew, or leave the "
                "column out: Shards(folder, columns=[...])."
            )


def _difference(one: Any, other: Any) -> str:
    if isinstance(one, dict):
        names = sorted(map(str, one.keys() ^ other.keys()))
        return f"the columns {_listed(names)}" if names else ""
    return f"the shape of a row, {one} and {other}" if one != other else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:NAMED])


def _shards_of(file: Path, rows: int, keys: Mapping[str, Any]) -> Iterator[Shard]:
    if file.suffix == ARRAYS:
        count = len(np.load(file, mmap_mode="r", allow_pickle=False))
        yield from (Shard(file, at, min(rows, count - at)) for at in range(0, count, rows))
        return
    about = _parquet(file).metadata
    for group in range(about.num_row_groups):
        # Writers leave files without rows where a part of the work had none.
        if many := about.row_group(group).num_rows:
            yield Shard(file, group, many, keys)


def _array(shard: Shard) -> np.ndarray:
    whole = np.load(shard.path, mmap_mode="r", allow_pickle=False)
    return np.array(whole[shard.first : shard.first + shard.rows])


def _frame(shard: Shard, columns: list[str] | None) -> Any:
    file = _parquet(shard.path)
    keys = {name: shard.keys[name] for name in shard.keys if columns is None or name in columns}
    return file.read_row_group(shard.first, columns=columns).to_pandas().assign(**keys)


def _parquet(file: Path) -> Any:
    return require("pyarrow.parquet", "frames").ParquetFile(file)


def _said(error: Exception) -> str:
    return str(error).rstrip(".")
