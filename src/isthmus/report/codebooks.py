"""Codebooks: which entries of them rows take."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from isthmus.latents import Quantised
from isthmus.report.blocks import Bar, Bars, Block, Panel, Panels, Section
from isthmus.report.drawing import ACCENT, FAINT, svg
from isthmus.report.figures import number, percent, plural
from isthmus.report.subject import Subject

NAMED = 24
"""How many codebooks have a line of their own."""


def section(subject: Subject, entries: np.ndarray) -> Section:
    """Return the chapter on the entries ``(n, groups, positions)`` that rows take."""
    latent = subject.model.codec_.latent
    assert isinstance(latent, Quantised)
    groups = entries.shape[1]
    shares = usage(entries, latent.codes)
    used, effective = (shares > 0).sum(1), perplexity(shares)
    where = f" at each of {entries.shape[2]:,} positions" if entries.shape[2] > 1 else ""
    lead = (
        f"A code is {plural(groups, 'entry').replace('entrys', 'entries')}{where}, each one of "
        f"{latent.codes:,} of a codebook. {plural(len(entries), 'row')} use "
        f"{percent(float((shares > 0).mean()))} of what there is; a codebook is used as if it had "
        f"{number(float(effective.mean()))} entries, all equally often (its perplexity). Were "
        "that 1, the codes would tell nothing."
    )
    shown: list[Block] = [Panels([Panel(falling(shares), "How often each entry is used")], 720)]
    if groups <= NAMED:
        shown.append(_bars(used, effective, latent.codes))
    return Section("codes", "Codes in use", lead, shown)


def usage(entries: np.ndarray, codes: int) -> np.ndarray:
    """Return the share in which each entry is used, ``(groups, codes)``.

    Examples
    --------
    >>> usage(np.array([[[0, 1]], [[1, 1]]]), 3).tolist()
    [[0.25, 0.75, 0.0]]
    """
    counts = [np.bincount(each.ravel(), minlength=codes) for each in entries.swapaxes(0, 1)]
    return np.stack(counts) / (entries.shape[0] * entries.shape[2])


def perplexity(shares: np.ndarray) -> np.ndarray:
    """Return ``exp(-sum_k p_k log p_k)`` of each codebook: ``(groups,)``.

    Examples
    --------
    >>> perplexity(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).round(6).tolist()
    [2.0, 1.0]
    """
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.exp(-(shares * logs).sum(1))


def falling(shares: np.ndarray) -> Markup:
    """Draw how often entries are used, from the commonest: each codebook, and their mean."""
    each = 100 * -np.sort(-shares, axis=1)
    places = np.linspace(0, each.shape[1] - 1, min(512, each.shape[1])).round().astype(int)

    def draw(axes: Axes) -> None:
        if len(each) > 1:
            for line in each[:NAMED]:
                axes.plot(places + 1, line[places], color=FAINT, linewidth=1)
        axes.plot(places + 1, each.mean(0)[places], color=ACCENT, linewidth=1.75)
        axes.set(xlabel="entries, in order", ylabel="% of the uses")
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", nbins=5)

    return svg(draw, 720, 220, "How often each entry of the codebooks is used")


def _bars(used: np.ndarray, effective: np.ndarray, codes: int) -> Bars:
    bars = [
        Bar(f"codebook {at}", each / codes, [number(each), f"{there:,} of {codes:,}"])
        for at, (each, there) in enumerate(zip(effective.tolist(), used.tolist(), strict=True))
    ]
    return Bars(["", "perplexity", "used"], bars)
