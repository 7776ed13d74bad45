"""Leaves: what each row is, a thousand rows to a leaf, which the page opens when it is asked."""

from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import torch
from PIL import Image as Pictures  # matplotlib brings it
from PIL import features
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from isthmus.adapters import Adapter, Files
from isthmus.space import Image, Series, Space

LEAF, COLUMNS = 1_000, 40
"""How many rows a leaf has, and how many pictures stand side by side on it."""
LONGEST, NUMBERS, EXACT = 48, 2**26, 2**21
"""The longest side of a picture, how many pixels all of them have, at most, and up to how many
they are kept to the last bit."""
CELLS, LETTERS = 12, 60
"""How many of a row's cells are told, and how much of a text."""
WAVE = (72, 40)
"""How wide and how high a series is drawn."""


def tile(space: Space, rows: int) -> tuple[int, int] | None:
    """Return how wide and how high each row's picture is; None where rows are none."""
    if isinstance(space, Series):
        return WAVE
    if not isinstance(space, Image):
        return None
    _, height, width = space.shape
    longest = max(8, min(LONGEST, int((NUMBERS / rows) ** 0.5)))
    share = min(1.0, longest / max(height, width))
    return max(1, round(width * share)), max(1, round(height * share))


def leaves(adapter: Adapter, X: Any, size: tuple[int, int] | None) -> Iterator[dict[str, Any]]:
    """Yield each leaf: names of rows, and a sheet of their pictures or their cells."""
    rows = adapter.rows(X)
    names, table = _names(X), None if size else cells(X)
    exact = size is not None and len(rows) * size[0] * size[1] <= EXACT
    for first in range(0, len(rows), LEAF):
        part = slice(first, min(first + LEAF, len(rows)))
        leaf: dict[str, Any] = {}
        if names is not None:
            leaf["names"] = names[part]
        if size:
            x = adapter.batch(rows[part]).x
            small = waves(x, size) if isinstance(adapter.space_, Series) else _shrunk(x, size)
            leaf["sheet"] = sheet(small, exact)
        elif table is not None:
            leaf["cells"] = [[said(each) for each in row] for row in table.values[part].tolist()]
        yield leaf


def cells(X: Any) -> pd.DataFrame | None:
    """Return the first of the columns of a table; texts are one; None of anything else."""
    if hasattr(X, "columns"):
        frame: Any = X if isinstance(X, pd.DataFrame) else nw.from_native(X).to_pandas()
        return (
            frame.iloc[:, :CELLS]
            .astype(object)
            .set_axis([str(name) for name in frame.columns[:CELLS]], axis=1)
        )
    if isinstance(X, list) and X and isinstance(X[0], str):
        return pd.DataFrame({"text": X}, dtype=object)
    values = X.detach().cpu().numpy() if isinstance(X, Tensor) else np.asarray(X)
    if values.ndim != 2:
        return None
    return pd.DataFrame(values[:, :CELLS].astype(object)).rename(columns=str)


def said(value: Any) -> str:
    """Return a cell as people read it.

    Examples
    --------
    >>> said(0.123456), said(float("nan")), said("oak"), said(7)
    ('0.1235', 'unknown', 'oak', '7')
    """
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return "unknown"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"


def sheet(x: Tensor, exact: bool = False) -> str:
    """Return pictures ``(n, c, h, w)`` in [0, 1] on one, as a data URI."""
    many, channels, height, width = x.shape
    lines = -(-many // COLUMNS)
    whole = torch.zeros(lines * COLUMNS, channels, height, width)
    whole[:many] = x
    grid = whole.reshape(lines, COLUMNS, channels, height, width).permute(0, 3, 1, 4, 2)
    return uri(grid.reshape(lines * height, COLUMNS * width, channels), exact)


def uri(pixels: Tensor, exact: bool = False) -> str:
    """Return ``(h, w, c)`` in [0, 1] as a data URI."""
    shades = (pixels.clamp(0, 1) * 255).round().byte().numpy()
    coloured = shades.shape[2] in (3, 4)
    shades = shades[..., :3] if coloured else shades.mean(2).astype(np.uint8)
    picture = Pictures.fromarray(np.ascontiguousarray(shades))
    file, kind = BytesIO(), "webp" if features.check("webp") else "png"
    picture.save(file, kind, lossless=exact, quality=60, optimize=True)
    return f"data:image/{kind};base64,{b64encode(file.getvalue()).decode()}"


def waves(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Draw series ``(n, channels, steps)`` as lines: ``(n, 1, h, w)``, each from low to high."""
    width, height = size
    x = interpolate(x[:, :3].float(), width, mode="linear", align_corners=True)
    low, high = x.amin((1, 2), keepdim=True), x.amax((1, 2), keepdim=True)
    level = (1 - (x - low) / (high - low).clamp(min=1e-9)) * (height - 3) + 1
    before = torch.cat([level[..., :1], level[..., :-1]], dim=-1)
    top, bottom = torch.minimum(level, before), torch.maximum(level, before)
    y = torch.arange(height)[:, None]
    # As far inside the stroke as a pixel is: its edges are smooth.
    far = torch.maximum(top[..., None, :] - y, y - bottom[..., None, :]).clamp(min=0)
    return (1.2 - far).clamp(0, 1).amax(1, keepdim=True)


def _shrunk(x: Tensor, size: tuple[int, int]) -> Tensor:
    width, height = size
    return x if x.shape[-2:] == (height, width) else adaptive_avg_pool2d(x, (height, width))


def _names(X: Any) -> list[str] | None:
    """Return what the user calls the rows, if not by number."""
    if isinstance(X, Files):
        return [path.name for path in X.paths]
    index: Any = getattr(X, "index", None)
    if isinstance(index, pd.Index) and not isinstance(index, pd.RangeIndex):
        return [str(each) for each in index]
    return None
