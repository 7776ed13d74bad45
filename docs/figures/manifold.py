"""The picture of the README: handwritten digits, through two numbers, and back.

A VAE with codes of two numbers learns scikit-learn's 1,797 digits; on one core that takes about
fifteen seconds:

    python docs/figures/manifold.py

Strokes are drawn as opacity on nothing, in colours of middling lightness, so that one file
serves light and dark pages.
"""

from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
import PIL.Image
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from scipy.stats import norm
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from isthmus import VAE

OUT = Path(__file__).with_name("manifold.png")
COLOURS = np.array(
    [to_rgb(each) for each in (
        "#e5598b", "#3f93e0", "#17a27a", "#e0762f", "#8f74e8",
        "#b9932a", "#1ba2b8", "#e06056", "#6ba43a", "#c464c9",
    )]
)  # fmt: skip
GREY = "#8a8f98"
SIDE = 11  # tiles along each edge of a mosaic


def mosaic(pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return ``(SIDE * h, SIDE * w, 4)``: each picture's ink in the colour of its label."""
    pictures = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    _, height, width = pictures.shape
    colour = np.broadcast_to(COLOURS[labels][:, None, None], (*pictures.shape, 3))
    ink = (pictures[..., None] / 16 - 0.05).clip(0) / 0.95
    tiles = np.concatenate([colour, ink], axis=-1)
    grid = tiles.reshape(SIDE, SIDE, height, width, 4)
    return grid.swapaxes(1, 2).reshape(SIDE * height, SIDE * width, 4)


def frame(ax: Axes, title: str, below: str) -> None:
    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set_color(GREY)
    ax.spines[:].set_alpha(0.35)
    ax.set_title(title, color=GREY, fontsize=15, pad=9)
    ax.set_xlabel(below, color=GREY, fontsize=10.5, labelpad=8)


def name_clusters(ax: Axes, codes: np.ndarray, labels: np.ndarray) -> None:
    for digit, colour in enumerate(COLOURS):
        x, y = np.median(codes[labels == digit], axis=0).clip(0.06, 0.94)
        ax.text(
            x, y, str(digit), color=colour, fontsize=21, weight="bold", ha="center", va="center"
        )


def arrow(left: Axes, right: Axes, text: str) -> None:
    a, b = left.get_position(), right.get_position()
    middle, y = (a.x1 + b.x0) / 2, (a.y0 + a.y1) / 2
    figure = left.figure
    figure.text(middle, y + 0.035, text, ha="center", color=GREY, fontsize=13)
    style = {"arrowstyle": "-|>", "color": GREY, "lw": 1.3, "mutation_scale": 13}
    ends = {"xy": (b.x0 - 0.008, y), "xytext": (a.x1 + 0.008, y), "xycoords": "figure fraction"}
    left.annotate("", **ends, textcoords="figure fraction", arrowprops=style)


def save(figure: Figure) -> None:
    """Write the figure in 256 colours: a fifth of the bytes, and the eye can't tell."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=150, transparent=True)
    few = PIL.Image.open(drawn).quantize(256, PIL.Image.Quantize.FASTOCTREE)
    few.save(OUT, optimize=True)


def main() -> None:
    digits = load_digits()
    pace = {"batch_size": 128, "learning_rate": 1e-3}
    model = VAE(latent_dim=2, epochs=400, patience=None, random_state=0, **pace)
    model.fit(digits.images)

    # Along each axis, equal steps of the prior's probability: the square is the whole plane.
    codes = norm.cdf(model.transform(digits.images))
    steps = (np.arange(SIDE) + 0.5) / SIDE
    places = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
    decoded = model.inverse_transform(norm.ppf(places))
    nearest = KNeighborsClassifier(9).fit(codes, digits.target).predict(places)

    mpl.rcParams["mathtext.fontset"] = "cm"
    figure, (data, plane, back) = plt.subplots(1, 3, figsize=(12, 4.3))
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.085, top=0.9, wspace=0.31)
    smooth = {"extent": (0, 1, 0, 1), "interpolation": "bicubic"}

    first = slice(SIDE * SIDE)
    data.imshow(mosaic(digits.images[first], digits.target[first]), **smooth)
    plane.scatter(*codes.T, c=COLOURS[digits.target], s=4, linewidths=0, alpha=0.75)
    name_clusters(plane, codes, digits.target)
    back.imshow(mosaic(decoded, nearest), **smooth)

    frame(data, "data  $x$", "64 numbers a picture")
    frame(plane, "codes  $z$", "2 numbers a picture (colours were added afterwards)")
    frame(back, "decoded  $\\hat{x}$", "the same square, decoded place by place")
    arrow(data, plane, "$q(z\\mid x)$")
    arrow(plane, back, "$p(x\\mid z)$")
    save(figure)


if __name__ == "__main__":
    main()
