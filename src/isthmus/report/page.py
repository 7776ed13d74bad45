"""The page: chapters in order, one template, one file."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

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
    strangest,
)
from isthmus.report.blocks import Section
from isthmus.report.subject import Subject


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
        making.section(subject),
    ]
    return [section for section in found if section is not None]


def rendered(subject: Subject) -> str:
    """Return the page as HTML; whatever users named is escaped."""
    environment = Environment(
        loader=PackageLoader("isthmus", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        family=type(subject.model).__name__,
        source=subject.source,
        equation=repr(subject.model.objective_),
        facts=making.facts(subject),
        stages=making.stages(subject.model),
        isthmus=making.isthmus(subject.model),
        sections=chapters(subject),
    )
