"""Pictures: numbers as PNG, inside the page."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from PIL import Image  # matplotlib brings it
from torch import Tensor

from isthmus.report.blocks import Picture

TILE = 96
"""The longest side of a picture among others, in its own pixels."""
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


def sheet(x: Tensor, columns: int, words: str) -> Picture:
    """Return ``(n, c, h, w)`` as one picture, edge to edge, row by row from the top left."""
    tiles = [np.asarray(_small(shades(each))) for each in x]
    rows = [np.hstack(tiles[at : at + columns]) for at in range(0, len(tiles), columns)]
    return Picture(uri(np.vstack(rows), 10_000), words)


def shown_width(width: int, about: int) -> int:
    """Return the multiple of a picture's width that is nearest to ``about`` pixels.

    Examples
    --------
    >>> shown_width(8, 60), shown_width(28, 60), shown_width(500, 60)
    (64, 56, 60)
    """
    return width * round(about / width) if width <= about else about


def _small(pixels: np.ndarray, longest: int = 48) -> Image.Image:
    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest), Image.Resampling.BOX)
    return image
