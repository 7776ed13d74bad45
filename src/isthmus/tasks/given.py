"""Given: some cells of a row are told, and codes are found that go with them."""

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from isthmus.adapters import Adapter
from isthmus.codec import Codec
from isthmus.errors import CompositionError, DataError
from isthmus.inference import chunk_size
from isthmus.space import Batch, Table, Vector
from isthmus.tasks.priors import Prior

ROUND = 4096
"""How many codes are proposed at a time."""
MOST = 2**17
"""How many are proposed before no more are looked for."""
FEW = 20.0
"""So few codes that go with what is given are worth a warning."""


def partial_row(adapter: Adapter, where: Mapping[Any, Any]) -> Batch:
    """Return one row of which the cells of ``where`` are known, and no others.

    Raises
    ------
    DataError
        If a column isn't one that was fitted, or can't hold its value.
    CompositionError
        If the model's data have no columns.
    """
    if not isinstance(where, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DataError(
            f"where={where!r} was given; expected columns and their values, as in "
            'where={"country": "RU"}.'
        )
    places = _cells(adapter)
    keys = {str(name): name for name in where}
    unknown = sorted(set(keys) - set(places))
    if unknown or not where:
        raise DataError(
            f"where names the columns {', '.join(unknown) or '()'}; expected some of "
            f"{', '.join(list(places)[:20])}{', …' if len(places) > 20 else ''}."
        )
    # A whole row that the model makes has every column's dtype; the others are then forgotten.
    row = adapter.inverse_transform(torch.zeros(1, *adapter.space_.shape))
    for name, key in keys.items():
        row = _with(row, name, list(places).index(name), _value(name, where[key]))
    found = adapter.transform(row)
    observed = torch.zeros_like(found.x, dtype=torch.bool)
    for name in keys:
        observed[:, places[name]] = True
    _check_held(adapter, found.x, {name: where[key] for name, key in keys.items()})
    return Batch(found.x.where(observed, 0.0), observed)


def with_given(rows: Any, adapter: Adapter, where: Mapping[Any, Any]) -> Any:
    """Return ``rows`` with the values of ``where`` written in, to the last bit."""
    names = list(_cells(adapter))
    for key, value in where.items():
        rows = _with(rows, str(key), names.index(str(key)), value)
    return rows


@torch.no_grad()
def codes_given(
    codec: Codec, prior: Prior, row: Batch, n: int, context: Tensor | None = None
) -> Tensor:
    """Return ``n`` codes that go with what is known of ``row``, ``(n, D)``.

    ``p(z | x_o)`` is in proportion to ``p(x_o | z) p(z)``. Codes are proposed from the prior,
    and as many from what the encoder makes of the partial row, ``q(z | x_o)``; each is weighed by
    ``p(x_o | z) p(z) / (p(z) + q(z | x_o))``, and n are drawn again by weight: sampling and
    importance resampling (Rubin, 1987), right whatever the encoder thinks, which only makes it
    quicker. So many are proposed that n of them count, but no more than 131,072.
    """
    codec.eval()
    codes, weights = list[Tensor](), list[Tensor]()
    effective, share = 0.0, torch.ones(0)
    while effective < n and sum(map(len, codes)) < MOST:
        z, log_proposal = _proposed(codec, prior, row, context)
        codes.append(z)
        weights.append(_log_known(codec, row, z, context) + prior.log_prob(z) - log_proposal)
        share = torch.cat(weights).double().nan_to_num(-torch.inf, neginf=-torch.inf).softmax(0)
        effective = float((1 / share.square().sum()).nan_to_num(0.0))  # none: no code goes with it
    if effective < min(FEW, n):
        warnings.warn(
            f"Of {MOST:,} codes hardly more than {effective:.0f} go with what is given: "
            "the rows will be alike. Give fewer cells, or commoner values.",
            stacklevel=3,
        )
    return torch.cat(codes)[torch.multinomial(share.nan_to_num(1.0), n, replacement=True)]


def _proposed(
    codec: Codec, prior: Prior, row: Batch, context: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return codes, and the log-density that they were drawn by."""
    guesses = codec.space.holes and codec.latent.has_density
    if not guesses:
        z = prior.sample(ROUND)
        return z, prior.log_prob(z)
    q = codec.encode(row.x, context, row.observed)
    drawn = q.sample(torch.Size((ROUND // 2,)))[:, 0]
    z = torch.cat([prior.sample(ROUND // 2), drawn.flatten(1)])
    log_q = q.log_prob(z.reshape(-1, *codec.code_shape)).flatten(1).sum(1)
    return z, torch.logaddexp(prior.log_prob(z), log_q)


def _log_known(codec: Codec, row: Batch, z: Tensor, context: Tensor | None) -> Tensor:
    """Return ``log p(x_o | z)`` of each code, ``(n,)``."""
    assert row.observed is not None
    parts: list[Tensor] = []
    for some in z.split(chunk_size(codec.breadth)):
        told = None if context is None else context.expand(len(some), -1)
        p = codec.decode(codec.latent.project(some.reshape(-1, *codec.code_shape)), told)
        log_p = p.log_prob(row.x.expand(len(some), *row.x.shape[1:]))
        parts.append(log_p.where(row.observed, 0.0).flatten(1).sum(1))
    return torch.cat(parts)


def _cells(adapter: Adapter) -> dict[str, slice]:
    """Return each column's cells."""
    if not isinstance(adapter.space_, Table | Vector):
        raise CompositionError(
            f"where was given, and the model's data are {adapter.space_!r}, which have no columns. "
            "Leave it out; sample(n, near=...) makes more of the like of one."
        )
    told: Any = adapter
    if hasattr(told, "cells_"):
        return {str(name): place for name, place in told.cells_}
    return {str(name): slice(place, place + 1) for place, name in enumerate(told.columns_)}


def _value(name: str, value: Any) -> Any:
    if value is None or (np.isscalar(value) and pd.isna(value)):  # pyright: ignore
        raise DataError(f"where gives {name} no value: leave the column out of it.")
    if not np.isscalar(value) and not hasattr(value, "isoformat"):
        raise DataError(
            f"where gives {name} the value {value!r}; expected one value, as in "
            f"where={{{name!r}: ...}}. For a range, draw more rows and keep those that fit."
        )
    return value


def _with(rows: Any, name: str, place: int, value: Any) -> Any:
    """Return a table with one column all of one value, of the dtype it had if it can be."""
    if isinstance(rows, np.ndarray):
        rows = rows.astype(np.result_type(rows.dtype, np.asarray(value).dtype))
        rows[:, place] = value
        return rows
    if isinstance(rows, pd.DataFrame):
        label = rows.columns[place]
        column: Any = pd.Series([value] * len(rows), index=rows.index)
        try:
            column = column.astype(rows.dtypes.iloc[place])
            changed = pd.isna(column).any() or (len(column) and column.iloc[0] != value)
        except (TypeError, ValueError, OverflowError):
            changed = True
        if changed:
            column = pd.Series([value] * len(rows), index=rows.index)
        return (
            rows.assign(**{label: column}) if isinstance(label, str) else _set(rows, label, column)
        )
    frame = nw.from_native(rows, eager_only=True)
    held = frame.schema[name]
    column = nw.lit(value)
    if isinstance(held, nw.Enum):
        fits = value in held.categories
    elif held.is_numeric():
        fits = isinstance(value, Real) and (not held.is_integer() or float(value).is_integer())
    else:
        fits = isinstance(value, str) == (held in (nw.String, nw.Categorical))
    told = column.cast(held) if fits else column
    return frame.with_columns(told.alias(name)).to_native()


def _set(rows: pd.DataFrame, label: Any, column: pd.Series) -> pd.DataFrame:
    rows = rows.copy()
    rows[label] = column
    return rows


def _check_held(adapter: Adapter, x: Tensor, where: Mapping[str, Any]) -> None:
    """Raise `DataError` where a category isn't known, or a count is no whole number."""
    kinds: Any = getattr(adapter, "kinds_", {})
    again = adapter.inverse_transform(x)
    for place, name in enumerate(_cells(adapter)):
        kind = str(kinds.get(name))
        if name in where and kind == "count" and not float(where[name]).is_integer():
            raise DataError(
                f"where asks for {name}={where[name]!r}, and that column holds whole numbers."
            )
        if name in where and kind in ("category", "boolean"):
            held = _first(again, name, place)
            if held != where[name]:
                raise DataError(
                    f"where asks for {name}={where[name]!r}, which was not among the values of "
                    f"that column in training, or too rare there. It holds such as {held!r}."
                )


def _first(rows: Any, name: str, place: int) -> Any:
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[0, place]
    return nw.from_native(rows, eager_only=True)[name][0]
