"""Frames: a table into bytes and back, whatever its columns hold."""

from typing import Any

import numpy as np

from isthmus.adapters.tables import Tables
from isthmus.space import Table
from isthmus.tasks.coding.chain import Spent, decode, encode
from isthmus.tasks.coding.dictionaries import Packer, Unpacker, arrow, put, split, take
from isthmus.tasks.coding.integers import Integers
from isthmus.tasks.coding.tables import Cut, Rows, cut_of, settle


def compress(
    model: Integers, adapter: Tables, X: Any, table: Any
) -> tuple[dict[str, Any], dict[str, bytes], Spent]:
    """Return what is to be known of a table, its bytes, and how many bits its rows took.

    Parameters
    ----------
    model, adapter
        Of a fitted model.
    X
        The rows as the model takes them.
    table
        The same rows, as they are to come back: an Arrow table with the fitted columns, and
        any others.
    """
    order, space = _order(adapter, table.column_names), adapter.space_
    assert isinstance(space, Table)
    batch = adapter.batch(adapter.rows(X))
    cells, known = batch.x.numpy().astype(np.float64), batch.observed
    assert known is not None
    places = [place for _, place in adapter.cells_]
    packer, abouts, symbols, cuts = Packer(), list[Any](), list[np.ndarray](), list[Cut]()
    packer.text(table.schema.serialize().to_pybytes())
    for at, column in enumerate(order):
        codes, values = split(table.column(column))
        place = places[at] if at < len(places) else slice(0, 0)
        cut, found, ranks = cut_of(
            codes,
            len(values),
            cells[:, place],
            known.numpy()[:, place],
            place.start,
            space,
        )
        how = put(packer, values.take(arrow().array(ranks)))
        cut.pack(packer, _numbers(adapter, at))
        abouts.append([how, cut])
        symbols.append(found)
        cuts.append(cut)
    rows = Rows(model.codec, adapter, cuts)
    laid = np.stack(symbols, axis=1)
    settle(model, rows, laid)
    stack, spent = encode(model, rows, laid)
    about = {
        "order": order,
        "columns": [[how, cut.told()] for how, cut in abouts],
        "sizes": packer.sizes,
        "rows": len(laid),
    }
    blobs = {"columns": packer.packed(), "code": stack.bytes()}
    return about, blobs, spent


def decompress(
    model: Integers, adapter: Tables, about: dict[str, Any], blobs: dict[str, bytes]
) -> Any:
    """Return the Arrow table that was compressed."""
    pa = arrow()
    unpacker = Unpacker(blobs["columns"], about["sizes"])
    schema = pa.ipc.read_schema(pa.py_buffer(unpacker.text()))
    cuts: list[Cut] = []
    values: list[Any] = []
    for at, (column, (how, told)) in enumerate(zip(about["order"], about["columns"], strict=True)):
        kind = schema.field(column).type
        held = kind.value_type if pa.types.is_dictionary(kind) else kind
        values.append(take(unpacker, how, held))
        cuts.append(Cut.unpack(told, unpacker, _numbers(adapter, at)))
    rows = Rows(model.codec, adapter, cuts)
    symbols = decode(model, rows, blobs["code"], about["rows"])
    columns: list[Any] = [None] * len(schema)
    for column, codes, each in zip(about["order"], symbols.T, values, strict=True):
        columns[column] = _column(codes, each, schema.field(column).type)
    return pa.Table.from_arrays(columns, schema=schema)


def _column(codes: np.ndarray, values: Any, kind: Any) -> Any:
    pa = arrow()
    indices = pa.array(codes, mask=codes < 0)
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(
            indices.cast(kind.index_type), values, ordered=kind.ordered
        )
    return values.take(indices)


def _order(adapter: Tables, names: list[str]) -> list[int]:
    """Return the columns, the model's own first, in its order."""
    own = [names.index(name) for name in adapter.columns_]
    return own + [at for at in range(len(names)) if at not in set(own)]


def _numbers(adapter: Tables, at: int) -> list[bool]:
    """Return which of a column's cells are numbers."""
    cells = adapter.cells_
    if at >= len(cells):
        return []
    space = adapter.space_
    assert isinstance(space, Table)
    place = cells[at][1]
    return [kind == 1 for kind in space.kinds[place]]
