"""The page: chapters in order, one template, one file."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from jinja2 import PackageLoader

from isthmus.report import (
    codes,
    curves,
    errors,
    interpolations,
    latent_map,
    making,
    manifold,
    reconstructions,
    samples,
    sizes,
    strangest,
)
from isthmus.report.blocks import Section
from isthmus.report.subject import Subject
from isthmus.tasks.pages.template import environment


def chapters(subject: Subject) -> Sequence[Section]:
    """Return what there is to tell, in the order of telling."""
    found = [
        curves.section(subject.model),
        reconstructions.section(subject),
        samples.section(subject),
        interpolations.section(subject),
        latent_map.section(subject),
        manifold.section(subject),
        codes.section(subject),
        errors.section(subject),
        strangest.section(subject),
        sizes.section(subject),
        making.section(subject),
    ]
    return [section for section in found if section is not None]


@dataclass(frozen=True)
class Head:
    """What stands at the top of a page.

    Attributes
    ----------
    title, source
        What it is about, and of which data.
    facts
        What a reader wants to know first.
    equation
        What was minimised.
    stages, isthmus
        The way from x through the code and back, and its drawing.
    """

    title: str
    source: str = ""
    facts: Sequence[tuple[str, str]] = ()
    equation: str = ""
    stages: Sequence[making.Stage] = ()
    isthmus: str = ""


def rendered(subject: Subject) -> str:
    """Return the page of a model as HTML."""
    model = subject.model
    head = Head(
        type(model).__name__,
        subject.source,
        making.facts(subject),
        repr(model.objective_),
        making.stages(model),
        making.isthmus(model),
    )
    return html(head, chapters(subject))


def html(head: Head, sections: Sequence[Section]) -> str:
    """Return a page as HTML; whatever users named is escaped."""
    page = environment(PackageLoader("isthmus", "report")).get_template("page.html")
    return page.render(
        **{each.name: getattr(head, each.name) for each in fields(head)}, sections=sections
    )
