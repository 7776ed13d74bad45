"""Drawing: matplotlib figures as inline SVG in the page's own colours and fonts.

Figures are drawn in stand-in colours, which become CSS variables in the SVG: so one
drawing suits light, dark and paper.
"""

import re
import warnings
from collections.abc import Callable
from io import StringIO

from markupsafe import Markup, escape
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, FAINT, ACCENT, PAPER = (f"#0100{place:02x}" for place in range(5))
GROUPS = tuple(f"#0200{place:02x}" for place in range(10))
"""Colours for up to ten groups."""
RAMP = tuple(f"#0300{place:02x}" for place in range(9))
"""Colours from low to high."""

NAMES = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    ACCENT: "accent",
    PAPER: "paper",
    **{colour: f"group-{place}" for place, colour in enumerate(GROUPS)},
    **{colour: f"ramp-{place}" for place, colour in enumerate(RAMP)},
}
STYLE = {
    "svg.fonttype": "none",  # text stays text, in the page's font
    "text.parse_math": False,  # a column may be called $x$
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.xmargin": 0.02,
    "figure.facecolor": "none",
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
}
Draw = Callable[[Axes], None]


def css(colour: str) -> str:
    """Return the CSS that a stand-in colour becomes.

    Examples
    --------
    >>> css(ACCENT)
    'var(--accent)'
    """
    return f"var(--{NAMES[colour]})"


def svg(draw: Draw, width: int, height: int, words: str) -> Markup:
    """Let ``draw`` fill an axes of a figure of so many pixels, and return it as inline SVG.

    Parameters
    ----------
    draw
        Is given the axes.
    width, height
        In pixels, at the size where text is as large as the page's small print.
    words
        What stands for the drawing where it can't be seen.
    """
    with style.context(["default", STYLE, {"svg.hashsalt": words}]), warnings.catch_warnings():
        # A script that matplotlib's own font lacks is written in the reader's.
        warnings.simplefilter("ignore", UserWarning)
        figure = Figure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
        draw(figure.add_subplot())
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return _inline(text.getvalue(), width, height, words)


def bare(axes: Axes) -> None:
    """Take away the frame and the ticks, where positions mean nothing by themselves."""
    axes.set(xticks=[], yticks=[])
    axes.set_frame_on(False)


def _inline(text: str, width: int, height: int, words: str) -> Markup:
    """Return matplotlib's SVG as a page can hold it: no namespaces, no names of its own."""
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"^<svg.*?>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r"(\d\.\d\d)\d+", r"\1", body).replace("xlink:href", "href")
    for colour, name in NAMES.items():
        body = body.replace(colour, f"var(--{name})")
    start = (
        f'<svg viewBox="0 0 {width} {height}" style="max-width: {1.3 * width:.0f}px" role="img" '
        f'aria-label="{escape(words)}">'
    )
    return Markup(start + re.sub(r"\n\s*", "\n", body))
