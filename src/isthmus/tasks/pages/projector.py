"""Projector: the frames of a film as pictures, and as one that moves."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from PIL import Image

from isthmus.tasks.filming import Film
from isthmus.tasks.pages.colourings import shares
from isthmus.writing import whole_folder

INCHES, DOTS = 4.8, 100
PAPER, INK, FAINT = "#fcfbf8", "#1c2530", "#b9b4a8"
GROUPS = ["#2f6fb0", "#dd7a2b", "#3c9a5b", "#c8435a", "#7f5bb5", "#8a6a4f", "#d46aae", "#333c48"]
OTHERS = ["#a09a26", "#1fa3b3", "#667080"]
RESTS = 3
"""For how many frames the last one stays."""


def gif(film: Film, path: Path, seconds: float) -> None:
    """Write the film as one picture that moves."""
    frames = [Image.fromarray(each).quantize(128) for each in drawn(film)]
    each = round(1000 * seconds / (len(frames) + RESTS - 1))
    times = [each] * (len(frames) - 1) + [RESTS * each]
    frames[0].save(
        path, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True
    )


def pictures(film: Film, folder: Path) -> None:
    """Write each frame as a PNG file."""
    with whole_folder(folder) as made:
        for number, each in enumerate(drawn(film)):
            Image.fromarray(each).save(made / f"{number:03}.png", optimize=True)


def drawn(film: Film) -> list[np.ndarray]:
    """Return each frame as bytes ``(h, w, 3)``."""
    places = film.places()
    middle, reach = frame_of(places, film)
    colours = np.array([*GROUPS, *OTHERS])[shares(film.labels, len(film.rows))]
    found: list[np.ndarray] = []
    for at, epoch in enumerate(film.epochs.tolist()):
        figure = Figure(figsize=(INCHES, INCHES + 0.3), dpi=DOTS, facecolor=PAPER)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0.02, 0.02, 0.96, 0.9))
        if film.codes.shape[2] == 2:
            _circles(axes, film)
        axes.scatter(*places[at].T, c=colours.tolist(), s=5, linewidths=0, alpha=0.8)
        axes.set(xlim=middle[0] + reach * np.array([-1, 1]), xticks=[], yticks=[], facecolor=PAPER)
        axes.set(ylim=middle[1] + reach * np.array([-1, 1]), aspect="equal")
        axes.spines[:].set_color(FAINT)
        figure.text(0.03, 0.95, f"epoch {epoch:.3g}", color=INK, size=12)
        norm = np.linalg.norm(film.codes[at], axis=1).mean()
        figure.text(0.97, 0.95, f"mean |z| {norm:.2f}", color=INK, size=12, ha="right")
        canvas.draw()
        found.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return found


def frame_of(places: np.ndarray, film: Film) -> tuple[np.ndarray, float]:
    """Return the middle of the picture and how far it reaches: the same for all frames."""
    low, high = np.quantile(places.reshape(-1, 2), [0.005, 0.995], axis=0)
    middle = (low + high) / 2
    if film.model.objective_.fits_prior and film.codes.shape[2] == 2:
        middle = np.zeros(2)  # where the prior is
    reach = float(np.abs(np.stack([low, high]) - middle).max()) * 1.08
    return middle, max(reach, 3.1 if film.model.objective_.fits_prior else 1e-6)


def _circles(axes: Axes, film: Film) -> None:
    if film.model.objective_.fits_prior:
        for radius in (1, 2, 3):
            axes.add_patch(Circle((0, 0), radius, fill=False, color=FAINT, linewidth=0.8))
