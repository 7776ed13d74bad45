"""The map of the latent space: every row at its code."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from isthmus.report.blocks import Block, Panel, Panels, Section, Words
from isthmus.report.colouring import Colouring, colouring
from isthmus.report.drawing import FAINT, INK, PAPER, bare, svg
from isthmus.report.figures import plural
from isthmus.report.subject import Subject

MOST = 2_000
FEWEST = 8
"""Below so many rows there are no neighbourhoods to keep."""


def section(subject: Subject) -> Section:
    """Return the chapter on where the rows lie."""
    codes = subject.survey.codes
    chosen = subject.generator().permutation(len(codes))[:MOST]
    labels = None if subject.labels is None else subject.labels[chosen]
    colours = colouring(labels, len(chosen))
    lead, blocks = _drawn(codes[chosen], colours, subject)
    legend = [colours.legend] if colours.legend else []
    colour = " Colours are the labels, which the model never saw." if legend else ""
    return Section("map", "Map of the latent space", lead + colour, [*legend, *blocks])


def placed(codes: np.ndarray, seed: int) -> np.ndarray:
    """Return places ``(n, 2)`` that keep neighbours together, by t-SNE."""
    # On one thread, whose sums always have one order.
    with threadpool_limits(limits=1):
        near = min(30.0, (len(codes) - 1) / 3)
        return TSNE(
            init="pca", perplexity=near, max_iter=500, random_state=seed, n_jobs=1
        ).fit_transform(codes.astype(np.float32))


def plane(places: np.ndarray, colours: Colouring, matched: bool, measured: bool) -> Markup:
    """Draw rows in the plane; ``matched`` to a prior, whose standard deviations are circles."""

    def draw(axes: Axes) -> None:
        if matched:
            for radius in (1, 2, 3):
                axes.add_patch(Circle((0, 0), radius, fill=False, color=FAINT, zorder=0))
        axes.scatter(*places.T, c=colours.colours.tolist(), s=11, alpha=0.8, linewidths=0)
        for name, rows in colours.groups.items():
            box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": "none"}
            box["alpha"] = 0.8
            if len(rows) and len(name) <= 12:
                x, y = np.median(places[rows], axis=0)
                axes.text(x, y, name, color=INK, ha="center", va="center", size=12, bbox=box)
        axes.set_aspect("equal", adjustable="datalim")
        if measured:
            axes.set(xlabel="first code", ylabel="second code")
            axes.locator_params(nbins=7)
        else:
            bare(axes)

    return svg(draw, 720, 640, "Map of the latent space: each point is a row")


def strip(codes: np.ndarray, colours: Colouring) -> Markup:
    """Draw rows along their only code, stacked by colour."""

    def draw(axes: Axes) -> None:
        kinds = sorted(set(colours.colours.tolist()))
        edges = np.histogram_bin_edges(codes, 60)
        parts = [codes[colours.colours == kind] for kind in kinds]
        axes.hist(parts, edges.tolist(), stacked=True, color=kinds, linewidth=0)
        axes.set(xlabel="code", ylabel="rows")
        axes.locator_params(axis="y", nbins=5)

    return svg(draw, 720, 300, "Histogram of the codes")


def _drawn(codes: np.ndarray, colours: Colouring, subject: Subject) -> tuple[str, list[Block]]:
    rows = plural(len(codes), "row")
    if codes.shape[1] == 1:
        lead = f"How often each value of the only code occurs, over {rows}."
        return lead, [Panels([Panel(strip(codes[:, 0], colours))], 720)]
    if codes.shape[1] == 2:
        matched = subject.model.objective_.fits_prior
        lead = f"Each point is one of {rows}, at its code" + (
            "; the circles are one, two and three standard deviations of the prior."
            if matched else "."
        )
        return lead, [Panels([Panel(plane(codes, colours, matched, measured=True))], 720)]
    spread = codes.std(0).max()
    if len(codes) < FEWEST or spread < 1e-6:
        why = "too few rows" if len(codes) < FEWEST else "all codes are the same"
        return "", [Words(f"There is no map to draw: {why}.")]
    lead = (
        f"Each point is one of {rows}; {codes.shape[1]} codes are brought to two by t-SNE, which "
        "keeps neighbours together: near means alike, far means little, and the axes mean nothing."
    )
    places = placed(codes, subject.model.seed_)
    return lead, [Panels([Panel(plane(places, colours, matched=False, measured=False))], 720)]
