"""Pictures: numbers as PNG, inside the page."""

from base64 import b64encode
from collections.abc import Iterable
from io import BytesIO

import numpy as np
from PIL import Image  # matplotlib brings it
from torch import Tensor

from isthmus.report.blocks import Picture

TILE = 96
"""The longest side of a picture among others, in its own pixels."""
LINE = 728
"""How wide the page's text is."""
HIGH, LOW = (15, 138, 150), (208, 118, 40)
"""Colours of more and less, which show on light and on dark paper alike."""


def uri(pixels: np.ndarray, longest: int = TILE) -> str:
    """Return bytes ``(h, w)``, ``(h, w, 3)`` or ``(h, w, 4)`` as a data URI, shrunk to fit."""
    image = Image.fromarray(pixels)
    if max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.BOX)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


def picture(x: Tensor, words: str, observed: Tensor | None = None, longest: int = TILE) -> Picture:
    """Return ``(c, h, w)`` in [0, 1] as a picture; what is unknown is left clear."""
    pixels = shades(x)
    if observed is not None and not observed.all():
        clear = np.where(observed.all(0).numpy(), 255, 0).astype(np.uint8)
        pixels = np.dstack([pixels if pixels.ndim == 3 else np.dstack([pixels] * 3), clear])
    return Picture(uri(pixels, longest), words)


def shades(x: Tensor) -> np.ndarray:
    """Return ``(c, h, w)`` in [0, 1] as bytes: grey ``(h, w)`` or colours ``(h, w, 3)``."""
    pixels = (x.clamp(0, 1) * 255).round().byte().numpy()
    if len(pixels) in (3, 4):
        return np.ascontiguousarray(np.moveaxis(pixels[:3], 0, 2))
    return pixels[0] if len(pixels) == 1 else pixels.mean(0).astype(np.uint8)


def heat(values: np.ndarray, words: str, limit: float = 0.0, longest: int = TILE) -> Picture:
    """Return signed ``(h, w)`` as a picture: the further from zero, the stronger the colour."""
    limit = limit or float(np.abs(values).max()) or 1.0
    strength = np.clip(np.abs(values) / limit, 0, 1)
    colour = np.where(values[..., None] < 0, np.array(LOW), np.array(HIGH))
    pixels = np.dstack([colour, 255 * strength]).round().astype(np.uint8)
    return Picture(uri(pixels, longest), words)


def sheet(x: Iterable[Tensor], columns: int, words: str) -> Picture:
    """Return n of ``(c, h, w)`` as one picture, row by row from the top left.

    The tiles stand a little apart, on the colour that their own edges have.
    """
    tiles = _apart([np.asarray(_small(shades(each))) for each in x])
    rows = [np.hstack(tiles[at : at + columns]) for at in range(0, len(tiles), columns)]
    return Picture(uri(np.vstack(rows), 10_000), words)


def mosaic(x: Iterable[Tensor], cells: np.ndarray, words: str) -> Picture:
    """Return n of ``(c, h, w)`` as one picture, each at its cell ``(n, 2)``: rightward, upward."""
    tiles = [np.asarray(_small(shades(each), 36)) for each in x]
    height, width = tiles[0].shape[:2]
    across, upward = cells.max(0) + 1
    ground = np.zeros((upward * (height + 1), across * (width + 1), 4), np.uint8)
    for tile, (right, up) in zip(tiles, cells.tolist(), strict=True):
        top, left = (upward - 1 - up) * (height + 1), right * (width + 1)
        cell = ground[top : top + height, left : left + width]
        cell[..., :3], cell[..., 3] = (tile if tile.ndim == 3 else tile[..., None]), 255
    return Picture(uri(ground, 10_000), words)


def shown_width(width: int, about: int = 64) -> int:
    """Return the largest multiple of a picture's width up to ``about`` pixels.

    Examples
    --------
    >>> shown_width(8), shown_width(28), shown_width(500)
    (64, 56, 64)
    """
    return about // width * width or about


def a_line(width: int, gap: int) -> int:
    """Return how many things of a width fill a line of the page.

    Examples
    --------
    >>> a_line(64, gap=6)
    10
    """
    return (LINE + gap) // (width + gap)


def _apart(tiles: list[np.ndarray]) -> list[np.ndarray]:
    """Return each tile with a margin in the colour that is commonest along all edges."""
    edges = [side for tile in tiles for side in (tile[0], tile[-1], tile[:, 0], tile[:, -1])]
    ground = np.median(np.concatenate(edges), axis=0).astype(np.uint8)
    room = max(1, len(tiles[0]) // 16)
    whole = [
        np.full((each.shape[0] + room, each.shape[1] + room, *each.shape[2:]), ground)
        for each in tiles
    ]
    for ground_tile, tile in zip(whole, tiles, strict=True):
        ground_tile[: tile.shape[0], : tile.shape[1]] = tile
    return whole


def _small(pixels: np.ndarray, longest: int = 48) -> Image.Image:
    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest), Image.Resampling.BOX)
    return image
