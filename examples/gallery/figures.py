"""What the scripts of the gallery share: their arguments, their digits, and how pictures look.

Each script takes ``--data mnist``, for MNIST from ``$ISTHMUS_DATA`` in place of scikit-learn's
8 x 8 digits; ``--small``, for a form that runs in seconds; and ``--out FOLDER``.
"""

import argparse
import gzip
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits

from isthmus import Bernoulli, Dense

ROOT = Path(__file__).resolve().parents[2]
COLOURS = ["#2f6fb0", "#dd7a2b", "#3c9a5b", "#c8435a", "#7f5bb5"]
COLOURS += ["#8a6a4f", "#d46aae", "#333c48", "#a09a26", "#1fa3b3"]
INK, LINE = "#22272e", "#c9ced6"


def arguments(words: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(words or "").partition("\n")[0])
    parser.add_argument("--data", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--small", action="store_true", help="a form that runs in seconds")
    parser.add_argument("--out", type=Path, default=Path("gallery"), help="where pictures go")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    return given


def digits(given: argparse.Namespace, rows: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pictures ``(n, h, w)`` in [0, 1], and which digit each is."""
    if given.small or given.data == "digits":
        few = load_digits()
        some = slice(300 if given.small else rows)
        return (few.images / 16).astype(np.float32)[some], few.target[some]
    folder = Path(os.environ.get("ISTHMUS_DATA", ROOT.parent / "shared" / "data")) / "mnist"
    if not folder.is_dir():
        print(f"skipped: there is no {folder}; set ISTHMUS_DATA to the folder that holds mnist/")
        sys.exit(0)
    pixels, labels = (
        np.frombuffer(gzip.decompress((folder / name).read_bytes()), np.uint8, offset=offset)
        for name, offset in (("train-images-idx3-ubyte.gz", 16), ("train-labels-idx1-ubyte.gz", 8))
    )
    return pixels.reshape(-1, 28, 28)[:rows] / np.float32(255), labels[:rows]


def epochs(given: argparse.Namespace, many: int, pictures: np.ndarray) -> int:
    """Few in the small form; fewer, the more rows there are."""
    return 2 if given.small else max(20, round(many * min(1.0, 6_000 / len(pictures))))


def training(
    given: argparse.Namespace,
    pictures: np.ndarray,
    many: int = 300,
    widths: tuple[int, ...] = (256, 128),
) -> dict[str, Any]:
    """How networks of the gallery are made and trained, the latent and the objective apart."""
    return {
        "backbone": Dense(widths),
        "likelihood": Bernoulli(),
        "epochs": epochs(given, many, pictures),
        "batch_size": 256,
        "learning_rate": 2e-3,
        "patience": None,
        "random_state": 0,
    }


def of_each(pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The last picture of each digit: ``(10, h, w)``."""
    return np.stack([pictures[labels == digit][-1] for digit in np.unique(labels)])


def sheet(pictures: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Pictures ``(n, h, w)`` in [0, 1] side by side, with white between them."""
    apart = np.pad(pictures.clip(0, 1), ((0, -len(pictures) % columns), (0, gap), (0, gap)))
    n, height, width = apart.shape
    lines = apart.reshape(n // columns, columns, height, width).swapaxes(1, 2)
    return lines.reshape(-1, columns * width)


def figure(
    across: int, each: float = 3.4, height: float | None = None, down: int = 1, **how: Any
) -> tuple[Figure, list]:
    """A figure with so many axes side by side, ``each`` inches wide, and so many rows of them."""
    size = (each * across, height or (each + 0.25) * down)
    drawn = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(drawn)
    return drawn, list(drawn.subplots(down, across, squeeze=False, subplot_kw=how).flat)


def plain(axes: Any, title: str = "") -> None:
    """Nothing but what is drawn, and a title of few words."""
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, color=INK, fontsize=11)
    axes.spines[:].set_color(LINE)


def scatter(axes: Any, places: np.ndarray, labels: np.ndarray, title: str, named: bool = True):
    """Points coloured by digit, each digit's name where most of its points are."""
    axes.scatter(*places.T, c=np.array(COLOURS)[labels].tolist(), s=4, linewidths=0, alpha=0.6)
    for digit in np.unique(labels) if named else ():
        own = places[labels == digit]
        # The centre of the smallest circle that holds a third of them.
        apart = np.sort(cdist(own[:500], own))[:, len(own) // 3]
        x, y = own[apart.argmin()]
        halo = [withStroke(linewidth=3, foreground="white")]
        told = {"ha": "center", "va": "center", "weight": "bold", "color": INK}
        axes.text(x, y, str(digit), fontsize=12, path_effects=halo, **told)
    plain(axes, title)


def cloud(axes: Any, points: np.ndarray, colours: np.ndarray, title: str, **how: Any) -> None:
    """Points in space, ``(n, 3)``; ``figure(..., projection="3d")`` makes such axes."""
    axes.scatter(*points.T, c=colours, s=5, linewidths=0, alpha=0.9, **how)
    axes.set_title(title, color=INK, fontsize=11, y=1.06)
    axes.set_axis_off()


def picture(axes: Any, shown: np.ndarray, title: str = "") -> None:
    """One picture, black on white."""
    axes.imshow(shown, cmap="gray_r", vmin=0, vmax=1)
    plain(axes, title)
    axes.spines[:].set_visible(False)


def strips(axes: Any, rows: Mapping[str, np.ndarray], title: str = "") -> None:
    """Rows of pictures, ``(n, h, w)`` each, with their names on the left."""
    columns = len(next(iter(rows.values())))
    shown = sheet(np.concatenate(list(rows.values())), columns, gap=2)
    picture(axes, shown, title)
    middles = (np.arange(len(rows)) + 0.5) * len(shown) / len(rows)
    axes.set_yticks(middles, list(rows), color=INK, fontsize=11)
    axes.tick_params(length=0)


def save(drawn: Figure, given: argparse.Namespace, name: str) -> None:
    """Write the figure in 256 colours: a third of the bytes, and the eye can't tell."""
    path = given.out / f"{name}.png"
    drawn.savefig(path, dpi=110)
    with Image.open(path) as whole:
        few = whole.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    few.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1024} kB")
