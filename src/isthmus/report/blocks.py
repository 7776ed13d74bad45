"""Blocks: what a page is made of; the template knows how each looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup


@dataclass(frozen=True)
class Block:
    """Something to look at."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Panel:
    """One drawing of several that stand side by side.

    Attributes
    ----------
    drawing
        An inline SVG, or any other markup that is known to be safe.
    title, note
        What stands above it, and what stands beside that.
    """

    drawing: Markup
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Panels(Block):
    """Drawings side by side, about ``width`` pixels wide, fewer in a row on a phone.

    Attributes
    ----------
    long
        Whether words would be too small to read on a phone, which scrolls instead.
    """

    kind = "panels"
    panels: Sequence[Panel]
    width: int
    long: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, with the words that stand for it."""

    source: str
    words: str


@dataclass(frozen=True)
class Strip:
    """Pictures that belong together, edge to edge."""

    pictures: Sequence[Picture]
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Strips(Block):
    """Strips of pictures; each picture is ``width`` pixels wide where there is room.

    Attributes
    ----------
    smooth
        Whether pixels run into one another.
    tight
        Whether the strips stand close.
    """

    kind = "strips"
    strips: Sequence[Strip]
    width: int
    smooth: bool = False
    tight: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of words under a head; the first of each names the row."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""


@dataclass(frozen=True)
class Tables(Block):
    """Tables; with ``narrow``, side by side where there is room."""

    kind = "tables"
    tables: Sequence[Table]
    narrow: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text
        What it holds.
    mark
        How strongly it is marked, from 0 to 1.
    note
        What stands below it in small print.
    hint
        What is told where the pointer rests on it.
    """

    text: str
    mark: float = 0.0
    note: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Marked(Block):
    """A table some of whose cells are marked; the first of each row names it."""

    kind = "marked"
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""


@dataclass(frozen=True)
class Bar:
    """A named bar, ``share`` of the whole width, with its figures."""

    name: str
    share: float
    figures: Sequence[str]


@dataclass(frozen=True)
class Bars(Block):
    """Named bars; ``head`` names the bars and each of their figures."""

    kind = "bars"
    head: Sequence[str]
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Key:
    """An entry of a legend: a CSS colour, what it stands for, and its shape."""

    colour: str
    name: str
    shape: str = "dot"


@dataclass(frozen=True)
class Legend(Block):
    """What the colours mean; with ``ends``, the colours make one ramp between the two."""

    kind = "legend"
    keys: Sequence[Key]
    ends: tuple[str, str] | None = None


@dataclass(frozen=True)
class Words(Block):
    """A sentence of its own."""

    kind = "words"
    text: str


@dataclass(frozen=True)
class Section:
    """A chapter of the page.

    Attributes
    ----------
    name
        What links point at.
    title
        Its heading.
    lead
        How to read what follows, in a sentence.
    blocks
        What follows.
    """

    name: str
    title: str
    lead: str
    blocks: Sequence[Block]
