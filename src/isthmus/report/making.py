"""The making: what was trained on what, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version
from typing import Any

from isthmus.backbones import Dense
from isthmus.estimator import BaseAutoencoder
from isthmus.report.blocks import Section, Table
from isthmus.report.figures import duration, plural
from isthmus.report.subject import Subject
from isthmus.space import Image

LIBRARIES = ("isthmus", "torch", "scikit-learn", "numpy")


@dataclass(frozen=True)
class Stage:
    """A station on the way from x to p(x | z): its name, what it is, how wide it is."""

    name: str
    what: str
    width: int


def stages(model: BaseAutoencoder) -> Sequence[Stage]:
    """Return the way from x through the code and back."""
    codec, size = model.codec_, model.codec_.space.size
    backbone = repr(model.backbone or model.recipe().backbone or Dense())
    damaged = [] if codec.corruption is None else [Stage("x̃", repr(codec.corruption), size)]
    return [
        Stage("x", repr(codec.space), size),
        *damaged,
        Stage("encoder", backbone, 0),
        Stage("q(z | x)" if not damaged else "q(z | x̃)", repr(codec.latent), model.latent_size_),
        Stage("decoder", "mirrored", 0),
        Stage("p(x | z)", repr(codec.likelihood), size),
    ]


def facts(subject: Subject) -> list[tuple[str, str]]:
    """Return what a reader wants to know first."""
    model = subject.model
    weights = sum(each.numel() for each in model.codec_.parameters())
    rows = model.history_.rows
    found = [
        ("rows", f"{subject.survey.total:,}"),
        _width(model),
        ("code", plural(model.latent_size_, "number")),
        ("weights", f"{weights:,}"),
    ]
    if rows:
        found.append(("epochs", f"{len(rows)}, best {model.history_.best}"))
        found.append(("training", duration(rows[-1]["seconds"])))
    return found


def section(subject: Subject) -> Section:
    """Return the chapter that lets a reader do it again."""
    model = subject.model
    given = model.get_params(deep=False)
    usual = {name: _default(type(model), name) for name in given}
    rows = [[name, repr(value), _note(value, usual[name])] for name, value in given.items()]
    libraries = [[name, version(name)] for name in LIBRARIES]
    looked = subject.survey
    data = [
        ["source", subject.source or "not named"],
        ["rows looked at", f"{len(looked):,} of {looked.total:,}"],
        ["x", repr(model.codec_.space)],
        ["adapter", repr(model.adapter_)],
        ["seed", str(model.seed_)],
    ]
    lead = "With the same data, settings and seed, training on the same machine ends the same."
    return Section(
        "making",
        "How it was made",
        lead,
        [
            Table(["parameter", "value", ""], rows, f"Parameters of {type(model).__name__}"),
            Table(["", ""], data, "Data"),
            Table(["", "version"], [*libraries, ["python", python_version()]], "Software"),
        ],
    )


def _width(model: BaseAutoencoder) -> tuple[str, str]:
    space = model.codec_.space
    if isinstance(space, Image):
        channels = f" × {space.channels}" if space.channels > 1 else ""
        return "pixels", f"{space.height} × {space.width}{channels}"
    return "columns", f"{space.size:,}"


def _default(family: type[Any], name: str) -> Any:
    return getattr(family, name, None)


def _note(value: Any, usual: Any) -> str:
    return "" if repr(value) == repr(usual) else "chosen"
