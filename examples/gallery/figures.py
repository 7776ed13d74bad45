"""What the scripts of the gallery share: their arguments, their digits, and how pictures go out.

Each script takes ``--small``, for a form that runs in seconds, ``--out FOLDER``, and
``--data digits`` for scikit-learn's 8 x 8 digits in place of MNIST, which they also take where
there is no MNIST in ``$ISTHMUS_DATA`` or ``../shared/data``.
"""

import argparse
import gzip
import os
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_digits

ROOT = Path(__file__).resolve().parents[2]
COLOURS = ["#2f6fb0", "#dd7a2b", "#3c9a5b", "#c8435a", "#7f5bb5"]
COLOURS += ["#8a6a4f", "#d46aae", "#333c48", "#a09a26", "#1fa3b3"]


def arguments(words: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(words or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a form that runs in seconds")
    parser.add_argument("--out", type=Path, default=Path("gallery"), help="where pictures go")
    parser.add_argument("--data", choices=["mnist", "digits"], default="mnist")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    return given


def digits(given: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Pictures ``(n, h, w)`` in [0, 1], and which digit each is."""
    found = Path(os.environ.get("ISTHMUS_DATA", ROOT.parent / "shared" / "data")) / "mnist"
    if given.small or given.data == "digits" or not found.is_dir():
        few = load_digits()
        some = slice(300 if given.small else None)
        return (few.images / 16)[some], few.target[some]
    pixels, labels = (
        np.frombuffer(gzip.decompress((found / name).read_bytes()), np.uint8, offset=offset)
        for name, offset in (("train-images-idx3-ubyte.gz", 16), ("train-labels-idx1-ubyte.gz", 8))
    )
    return pixels.reshape(-1, 28, 28) / 255, labels


def epochs(given: argparse.Namespace, many: int, pictures: np.ndarray) -> int:
    """Few in the small form; fewer, the more rows there are."""
    return 2 if given.small else max(5, round(many * min(1.0, 1_800 / len(pictures))))


def sheet(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Pictures ``(n, h, w)`` in [0, 1] side by side, a pixel apart."""
    apart = np.pad(pictures.clip(0, 1), ((0, 0), (0, 1), (0, 1)), constant_values=0.5)
    apart = np.pad(apart, ((0, -len(apart) % columns), (0, 0), (0, 0)), constant_values=0.5)
    n, height, width = apart.shape
    lines = apart.reshape(n // columns, columns, height, width).swapaxes(1, 2)
    return lines.reshape(-1, columns * width)


def figure(across: int, each: float = 3.4) -> tuple[Figure, list]:
    """A figure with so many axes side by side."""
    drawn = Figure(figsize=(each * across, each + 0.35), layout="constrained")
    FigureCanvasAgg(drawn)
    return drawn, list(np.atleast_1d(drawn.subplots(1, across)))


def scatter(axes, places: np.ndarray, labels: np.ndarray, title: str, named: bool = True) -> None:
    axes.scatter(*places.T, c=np.array(COLOURS)[labels].tolist(), s=3, linewidths=0, alpha=0.7)
    for digit in np.unique(labels) if named else ():
        x, y = np.median(places[labels == digit], axis=0)
        axes.text(x, y, str(digit), ha="center", va="center", weight="bold")
    axes.set(title=title, xticks=[], yticks=[])


def picture(axes, shown: np.ndarray, title: str) -> None:
    axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(title=title, xticks=[], yticks=[])


def save(drawn: Figure, given: argparse.Namespace, name: str) -> None:
    """Write the figure in 256 colours: a third of the bytes, and the eye can't tell."""
    path = given.out / f"{name}.png"
    drawn.savefig(path, dpi=80)
    with Image.open(path) as whole:
        few = whole.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    few.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1024} kB")
