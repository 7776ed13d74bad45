"""The making: what was trained on what, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version
from typing import Any

from isthmus.backbones import Dense
from isthmus.estimator import BaseAutoencoder
from isthmus.part import Part
from isthmus.report import blocks
from isthmus.report.blocks import Section, Tables
from isthmus.report.figures import duration
from isthmus.report.subject import Subject
from isthmus.space import Image, Series, Space, Table

LIBRARIES = ("isthmus", "torch", "scikit-learn", "numpy")


@dataclass(frozen=True)
class Stage:
    """A station on the way from x to p(x | z): its name, what it is, what it was made by."""

    name: str
    what: str
    made: str


def stages(model: BaseAutoencoder) -> Sequence[Stage]:
    """Return the way from x through the code and back."""
    codec = model.codec_
    backbone = repr(model.backbone or model.recipe().backbone or Dense())
    what = " × ".join(f"{extent} {noun}" for noun, extent in _extents(codec.space))
    damaged = codec.corruption is not None
    made = f"by {model.adapter_!r}" + (f", then {codec.corruption!r}" if damaged else "")
    return [
        Stage("x", what, made),
        Stage("q(z | x̃)" if damaged else "q(z | x)", repr(codec.latent), f"by {backbone}"),
        Stage("p(x | z)", repr(codec.likelihood), "by its mirror image"),
    ]


def isthmus(model: BaseAutoencoder) -> str:
    """Return the path of two lands and the strip between, as narrow as the code beside x."""
    share = min(1.0, model.latent_size_ / model.codec_.space.size)
    top, bottom = 36 - max(1.0, 36 * share), 36 + max(1.0, 36 * share)
    return (
        f"M0 0C270 0 270 {top:.1f} 360 {top:.1f}S450 0 720 0V72"
        f"C450 72 450 {bottom:.1f} 360 {bottom:.1f}S270 72 0 72Z"
    )


def facts(subject: Subject) -> list[tuple[str, str]]:
    """Return what a reader wants to know first."""
    model = subject.model
    weights = sum(each.numel() for each in model.codec_.parameters())
    rows = model.history_.rows
    found = [
        ("rows", f"{subject.survey.total:,}"),
        *_extents(model.codec_.space),
        ("code size", f"{model.latent_size_:,}"),
        ("weights", f"{weights:,}"),
    ]
    if rows:
        found.append(("best epoch", f"{model.history_.best:,}"))
        found.append(("epochs", f"{len(rows):,}"))
        found.append(("training", duration(rows[-1]["seconds"])))
    return found


def section(subject: Subject) -> Section:
    """Return the chapter that lets a reader do it again."""
    model = subject.model
    usual, chosen = parameters(model)
    libraries = [[name, version(name)] for name in LIBRARIES]
    looked = subject.survey
    data = [
        ["source", subject.source or "not named"],
        ["rows looked at", f"{len(looked):,} of {looked.total:,}"],
        ["x", repr(model.codec_.space)],
        ["adapter", repr(model.adapter_)],
        ["seed", str(model.seed_)],
        ["batch size", f"{model.batch_size_:,}"],
        ["learning rate", f"{model.learning_rate_:g}"],
    ]
    codec = model.codec_
    parts = [
        ["backbone", full(model.backbone or model.recipe().backbone or Dense())],
        ["latent", full(codec.latent)],
        ["likelihood", full(codec.likelihood)],
        ["corruption", full(codec.corruption) if codec.corruption is not None else "none"],
        ["objective", repr(model.objective_)],
    ]
    tables = [
        blocks.Table([], chosen, f"Parameters of {type(model).__name__} that were chosen"),
        blocks.Table([], parts, "Parts, with all their settings"),
        blocks.Table([], data, "Data"),
        blocks.Table([], usual, "Parameters at their defaults"),
        blocks.Table([], [*libraries, ["python", python_version()]], "Versions"),
    ]
    lead = "With the same data, settings and seed, training on the same machine ends the same."
    return Section("making", "How it was made", lead, [Tables(tables, narrow=True)])


def parameters(model: BaseAutoencoder) -> tuple[list[list[str]], list[list[str]]]:
    """Return the parameters at their defaults, and those that were chosen, as they print."""
    usual: list[list[str]] = []
    chosen: list[list[str]] = []
    for name, value in model.get_params(deep=False).items():
        default = repr(getattr(type(model), name, None))
        (usual if repr(value) == default else chosen).append([name, repr(value)])
    return usual, chosen


def full(value: Any) -> str:
    """Return a part as the call that makes it, with the arguments at their defaults too.

    Examples
    --------
    >>> from isthmus import Noise
    >>> full((Noise(0.1),))
    '(Noise(0.1),)'
    """
    if isinstance(value, tuple | list):
        inner = ", ".join(full(each) for each in value)  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"  # pyright: ignore[reportUnknownArgumentType]
    if not isinstance(value, Part) or type(value).__repr__ is not Part.__repr__:
        return repr(value)  # an objective prints as its formula
    written = [
        full(each) if place == 0 else f"{name}={full(each)}"
        for place, (name, each) in enumerate(value.arguments.items())
    ]
    return f"{type(value).__name__}({', '.join(written)})"


def _extents(space: Space) -> list[tuple[str, str]]:
    """Return how large one x is, as nouns with numbers."""
    if isinstance(space, Image):
        channels = f"×{space.channels}" if space.channels > 1 else ""
        return [("pixels", f"{space.height}×{space.width}{channels}")]
    if isinstance(space, Series):
        channels = [("channels", f"{space.channels:,}")] if space.channels > 1 else []
        return [("steps", f"{space.steps:,}"), *channels]
    return [("cells" if isinstance(space, Table) else "columns", f"{space.size:,}")]
