"""The map of the latent space: every row at its code."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from isthmus.report.blocks import Block, Panel, Panels, Section, Strip, Strips, Words
from isthmus.report.colouring import Colouring, colouring
from isthmus.report.drawing import FAINT, INK, PAPER, bare, svg
from isthmus.report.figures import plural
from isthmus.report.pictures import mosaic
from isthmus.report.subject import Subject

MOST = 2_000
FEWEST = 8
"""Below so many rows there are no neighbourhoods to keep."""
WIDTH = 720
CELLS = 24
"""How many pictures stand side by side on the map of pictures."""


def section(subject: Subject) -> Section:
    """Return the chapter on where the rows lie."""
    codes = subject.survey.codes
    chosen = subject.generator().permutation(len(codes))[:MOST]
    labels = None if subject.labels is None else subject.labels[chosen]
    colours = colouring(labels, len(chosen))
    draw = {1: _line, 2: _plane}.get(codes.shape[1], _neighbours)
    lead, blocks = draw(subject, chosen, colours)
    legend = [colours.legend] if colours.legend else []
    colour = " Colours are the labels." if legend else ""
    return Section("map", "Map of the latent space", lead + colour, [*legend, *blocks])


def placed(codes: np.ndarray, seed: int) -> np.ndarray:
    """Return places ``(n, 2)`` that keep neighbours together, by t-SNE; the wide way across."""
    near = min(30.0, (len(codes) - 1) / 3)
    tsne = TSNE(init="pca", perplexity=near, max_iter=500, random_state=seed, n_jobs=1)
    # On one thread, whose sums always have one order.
    with threadpool_limits(limits=1):
        return PCA(2).fit_transform(tsne.fit_transform(codes.astype(np.float32)))


def plane(places: np.ndarray, colours: Colouring, circles: bool, measured: bool) -> Markup:
    """Draw rows in the plane.

    Parameters
    ----------
    places
        ``(n, 2)``.
    colours
        One for each row.
    circles
        Whether to draw the prior's standard deviations.
    measured
        Whether the axes mean something.
    """

    def draw(axes: Axes) -> None:
        if circles:
            for radius in (1, 2, 3):
                axes.add_patch(Circle((0, 0), radius, fill=False, color=FAINT, zorder=0))
        axes.scatter(*places.T, c=colours.colours.tolist(), s=17, alpha=0.75, linewidths=0)
        _name(axes, places, colours)
        axes.set_aspect("equal", adjustable="datalim")
        if measured:
            axes.set(xlabel="first code", ylabel="second code")
            axes.locator_params(nbins=7)
        else:
            bare(axes)

    across, upward = np.ptp(places, axis=0)
    height = 1.0 if circles else np.clip(upward / max(across, 1e-9), 0.45, 1.0)
    return svg(draw, WIDTH, round(WIDTH * height), "Map of the latent space: each point is a row")


def strip(codes: np.ndarray, colours: Colouring) -> Markup:
    """Draw rows along their only code, stacked by colour."""

    def draw(axes: Axes) -> None:
        kinds = sorted(set(colours.colours.tolist()))
        edges = np.histogram_bin_edges(codes, 60).tolist()
        parts = [codes[colours.colours == kind] for kind in kinds]
        axes.hist(parts, edges, stacked=True, color=kinds, linewidth=0)
        axes.set(xlabel="code", ylabel="rows")
        axes.locator_params(axis="y", nbins=5)

    return svg(draw, WIDTH, 300, "Histogram of the codes")


def _name(axes: Axes, places: np.ndarray, colours: Colouring) -> None:
    """Write the groups' names where they lie, if they are short."""
    box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.8}
    for name, rows in colours.groups.items():
        if len(rows) and len(name) <= 12:
            x, y = np.median(places[rows], axis=0)
            axes.text(x, y, name, color=INK, ha="center", va="center", size=12, bbox=box)


def _line(subject: Subject, rows: np.ndarray, colours: Colouring) -> tuple[str, list[Block]]:
    drawing = strip(subject.survey.codes[rows, 0], colours)
    lead = f"How often each value of the only code occurs, over {plural(len(rows), 'row')}."
    return lead, [Panels([Panel(drawing)], WIDTH)]


def _plane(subject: Subject, rows: np.ndarray, colours: Colouring) -> tuple[str, list[Block]]:
    circles = subject.model.objective_.fits_prior
    drawing = plane(subject.survey.codes[rows], colours, circles, measured=True)
    lead = f"Each point is one of {plural(len(rows), 'row')}, at its code" + (
        "; the circles are one, two and three standard deviations of the prior." if circles else "."
    )
    return lead, [Panels([Panel(drawing)], WIDTH)]


def _neighbours(subject: Subject, rows: np.ndarray, colours: Colouring) -> tuple[str, list[Block]]:
    codes = subject.survey.codes[rows]
    if len(codes) < FEWEST or codes.std(0).max() < 1e-6:
        why = "too few rows" if len(codes) < FEWEST else "all codes are the same"
        return "", [Words(f"There is no map to draw: {why}.")]
    lead = (
        f"Each point is one of {plural(len(rows), 'row')}; {codes.shape[1]:,} codes are brought to "
        "two by t-SNE, which keeps neighbours together: near means alike, far means little, and "
        "the axes mean nothing."
    )
    places = placed(codes, subject.model.seed_)
    points = Panels([Panel(plane(places, colours, circles=False, measured=False))], WIDTH)
    return lead, [points, *([_in_pictures(subject, rows, places)] if subject.pictures else [])]


def _in_pictures(subject: Subject, rows: np.ndarray, places: np.ndarray) -> Strips:
    """Return the same map, with a row's picture wherever there is one."""
    scale = (CELLS - 1e-6) / np.ptp(places, axis=0).max()
    at = ((places - places.min(0)) * scale).astype(int)
    cells, first = np.unique(at, axis=0, return_index=True)
    x = (subject.taken(np.array([row])).x[0] for row in rows[first].tolist())
    shown = mosaic(x, cells, "The map in pictures")
    return Strips([Strip([shown], "The same map, in pictures")], WIDTH)
