"""Maps: the page of an Atlas."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus import inference
from isthmus.adapters import Files, files_in
from isthmus.space import Image
from isthmus.tasks.atlas import Atlas
from isthmus.tasks.pages import leaves as bound
from isthmus.tasks.pages.colourings import colourings
from isthmus.tasks.pages.template import html, packed

SIDE = 24
"""How many positions of the plane are decoded along each side."""


def map_page(atlas: Atlas, places: np.ndarray, X: Any, labels: Any, y: Any, source: str) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    atlas, places
        A fitted atlas, and where on it the rows are: ``(n, 2)``.
    X
        The rows; None: nothing is known of them but their places.
    labels, y
        What to colour by, and what the rows are conditioned on.
    source
        What the data are, in words.
    """
    model, colours = atlas.model_, colourings(labels, len(places))
    rows = _files(X)
    if rows is not None:
        colours += colourings({"score, nats": model.score_samples(rows, y)}, len(places))
    space = model.codec_.space
    size = None if rows is None else bound.tile(space, len(places))
    table = None if rows is None or size else bound.cells(rows)
    whole = np.concatenate([atlas.embedding_, places])  # new rows lie where they do on the map
    low, sides = whole.min(0), np.maximum(np.ptp(whole, axis=0), 1e-9)
    side = float(sides.max())
    others = atlas.embedding_[:0] if _same(atlas, places) else atlas.embedding_

    def packed_places(these: np.ndarray) -> str:
        return packed(np.rint((these - low) / side * 65535), "<u2")

    data: dict[str, Any] = {
        "places": packed_places(places),
        "others": packed_places(others),
        "extent": (sides / side).tolist(),
        "colourings": colours,
        "leaf": bound.LEAF,
        "tile": size,
        "columns": bound.COLUMNS,
        "names": [] if table is None else list(table.columns),
        "grid": _grid(atlas, low, side),
        "circles": _circles(atlas, low, side),
    }
    return html(
        "map",
        source=source,
        facts=_facts(atlas, places, rows),
        lead=_lead(atlas),
        data=data,
        leaves=[] if rows is None else bound.leaves(model.adapter_, rows, size),
    )


def _facts(atlas: Atlas, places: np.ndarray, X: Any) -> list[tuple[str, str]]:
    """Return what a reader wants to know first."""
    found = [("rows", f"{len(places):,}"), ("size of the code", f"{atlas.codes_.shape[1]:,}")]
    if not _same(atlas, places):
        found.insert(1, ("of the map, in grey", f"{len(atlas.embedding_):,}"))
    same = X is not None and _same(atlas, places)
    if len(atlas.embedding_) > 10:
        what = "data" if same else "codes"
        near = X if same else None
        found += [
            (f"trustworthiness to the {what}", f"{atlas.trustworthiness(near):.3f}"),
            (f"continuity to the {what}", f"{atlas.continuity(near):.3f}"),
        ]
    if (told := atlas.intrinsic_dimension_) is not None:
        spread = f"{told.estimate:.1f} ± {told.spread:.1f}"
        found.append(("intrinsic dimension of the data", spread))
    return found


def _same(atlas: Atlas, places: np.ndarray) -> bool:
    """Return whether the rows are those that the map was drawn of."""
    return np.array_equal(places, atlas.embedding_)


def _lead(atlas: Atlas) -> str:
    size = atlas.codes_.shape[1]
    if atlas.method == "tsne":
        how = (
            f"at a place found by t-SNE from its code of {size:,} numbers: near means alike, far "
            "means little, and the axes mean nothing."
        )
    elif size <= 2:
        how = "at its code" + (
            "; the circles are one, two and three standard deviations of the prior."
            if atlas.model_.objective_.fits_prior and size == 2
            else "."
        )
    else:
        share = atlas.embedding_.var(0).sum() / max(atlas.codes_.var(0).sum(), 1e-12)
        how = (
            f"at the two principal components of its code of {size:,} numbers, which hold "
            f"{share:.0%} of how codes vary."
        )
    return (
        f"Each point is a row, {how} Drag to move, turn the wheel to come nearer, rest on a "
        "point to see its row; a name below hides its points."
    )


def _grid(atlas: Atlas, low: np.ndarray, side: float) -> dict[str, Any] | None:
    """Return what positions of the plane decode to, as one picture, and where it lies."""
    plane, codec = atlas.plane(), atlas.model_.codec_
    if plane is None or not isinstance(codec.space, Image) or plane.axes.shape[1] < 2:
        return None
    near, far = np.quantile(atlas.embedding_, [0.005, 0.995], axis=0)
    step = (far - near) / SIDE
    across, upward = (near[at] + step[at] * (np.arange(SIDE) + 0.5) for at in (0, 1))
    positions = np.stack(np.meshgrid(across, upward[::-1]), axis=-1).reshape(-1, 2)
    x = inference.decoded(codec, torch.from_numpy(plane.codes(positions)).float())
    width, height = bound.tile(codec.space, SIDE * SIDE) or (0, 0)
    small = torch.nn.functional.adaptive_avg_pool2d(x, (height, width))
    whole = small.reshape(SIDE, SIDE, -1, height, width).permute(0, 3, 1, 4, 2)
    picture = bound.uri(whole.reshape(SIDE * height, SIDE * width, -1))
    box = [*((near - low) / side).tolist(), *((far - near) / side).tolist()]
    return {"picture": picture, "box": box}


def _circles(atlas: Atlas, low: np.ndarray, side: float) -> list[float] | None:
    """Return the middle of the prior and its standard deviation, on the page."""
    plane = atlas.plane()
    if plane is None or plane.axes.shape[1] != 2 or not atlas.model_.objective_.fits_prior:
        return None
    return [*(-low / side).tolist(), 1 / side]


def _files(X: Any) -> Any:
    """Return a folder of pictures as its files."""
    return files_in(Path(X)) if isinstance(X, str | Path) and not isinstance(X, Files) else X
