"""Options: the families' own fields as options of the command line.

Types and defaults are those of the dataclass fields, the help is what the docstrings say
under Parameters: nothing is written twice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from inspect import Parameter, cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import typer
from rich.markup import escape

from isthmus.adapters import Adapter
from isthmus.catalogue import FAMILIES, part
from isthmus.cli import screen
from isthmus.cli.screen import Answer
from isthmus.errors import FormulaError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import Composed
from isthmus.part import Part

Family = type[BaseAutoencoder]

HANDLED = {"checkpoint", "verbose"}
"""Fields that the command line sees to itself."""
REPEATABLE = {"random_state": 0}
"""Where the command line has another default: a command gives the same result twice."""


def family(name: str) -> Family:
    """Return the family of that name, in any case, or the one whose name begins so."""
    plain = re.sub(r"[-_ ]", "", name).lower()
    names = {each.lower(): each for each in FAMILIES}
    likely = [each for each in names if each.startswith(plain)]
    if plain not in names and len(likely) != 1:
        raise typer.BadParameter(
            f"{name!r} is no family; there are {', '.join(sorted(FAMILIES))}.",
            param_hint="--family",
        )
    return FAMILIES[names[plain if plain in names else likely[0]]]


def parameters() -> list[Parameter]:
    """Return an option for every field of every family, as parameters of a command."""
    return [_parameter(name, owners) for name, owners in _owners().items()]


def settings(cls: Family, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that were given, read as the family declares them.

    Raises
    ------
    typer.BadParameter
        If the family has no such field, or the text is no value of it.
    """
    hints = get_type_hints(cls)
    own = {each.name for each in fields(cls)}
    found: dict[str, Any] = dict(REPEATABLE)
    for name, text in given.items():
        if text is None:
            continue
        if name not in own:
            having = [owner.__name__ for owner in _owners()[name]]
            raise typer.BadParameter(
                f"{cls.__name__} has no field {name}; {', '.join(having)} "
                f"{'has' if len(having) == 1 else 'have'}. Its own are "
                f"{', '.join(sorted(own - HANDLED))}.",
                param_hint=_flag(name),
            )
        found[name] = text if isinstance(text, bool) else _read(name, text, hints[name])
    return found


def described(cls: type) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say of each parameter.

    Examples
    --------
    >>> from isthmus import VAE
    >>> described(VAE)["epochs"]
    'Passes over the rows, at most.'
    """
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found.update(_parameters_section(cleandoc(base.__doc__ or "")))
    return found


def _parameters_section(docstring: str) -> Iterator[tuple[str, str]]:
    """Read the section of a numpydoc docstring that tells of its parameters."""
    section = re.search(r"(?ms)^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", docstring)
    entry = r"(?m)^(\S.*)\n((?:[ \t]+.*\n?|\n)+)"
    for names, text in re.findall(entry, section[1] if section else ""):
        for name in names.partition(" : ")[0].split(", "):
            yield name, " ".join(text.replace("`", "").split())


def _owners() -> dict[str, list[Family]]:
    """Return the families by the fields that they have: a family's own fields first."""
    base = [each.name for each in fields(BaseAutoencoder)]
    every = [(each.name, cls) for cls in FAMILIES.values() for each in fields(cls)]
    found: dict[str, list[Family]] = {name: [] for name, _ in every if name not in base}
    found |= {name: [] for name in base if name not in HANDLED}
    for name, cls in every:
        if name in found:
            found[name].append(cls)
    return found


def _parameter(name: str, owners: list[Family]) -> Parameter:
    shared = len(owners) == len(FAMILIES)
    having = "" if shared else f" ({', '.join(each.__name__ for each in owners)})"
    hint = get_type_hints(owners[0])[name]
    flag = bool in _kinds(hint)
    option = typer.Option(
        *([] if flag else [_flag(name)]),
        help=escape(_help(name, owners) + having + _defaults(name, owners)),
        metavar="" if flag else _metavar(hint),
        show_default=False,
        rich_help_panel="Fields of every family" if shared else "Fields of some families",
    )
    kind = Annotated[bool | None if flag else str | None, option]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _help(name: str, owners: list[Family]) -> str:
    """Return what the docstring says, in the shell's words: there None is typed as none."""
    return re.sub(r"\bNone:", "none:", described(owners[0]).get(name, ""))


def _defaults(name: str, owners: list[Family]) -> str:
    """Return the default in words, and those of families that have another."""
    values = {cls.__name__: _field(cls, name).default for cls in owners}
    usual = REPEATABLE.get(name, next(iter(values.values())))
    said = [] if usual is None else [str(usual)]
    if name not in REPEATABLE:
        said += [f"{_typed(value)} for {cls}" for cls, value in values.items() if value != usual]
    return f" [default: {', '.join(said)}]" if said else ""


def _typed(value: Any) -> str:
    return "none" if value is None else str(value)


def _field(cls: Family, name: str) -> "Field[Any]":
    return next(each for each in fields(cls) if each.name == name)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _metavar(hint: Any) -> str:
    """Return what stands for a value in the help: ``NUMBER``, ``NAME``, ``BACKBONE``."""
    first = next(each for each in _kinds(hint) if each is not NoneType)
    known = {int: "INTEGER", float: "NUMBER", str: "NAME"}
    return "NAME" if get_args(first) else known.get(first) or str(first.__name__).upper()


def _read(name: str, text: str, hint: Any) -> Any:
    """Read ``text`` as one of the kinds of value that a field takes."""
    kinds = _kinds(hint)
    if NoneType in kinds and text.lower() == "none":
        return None
    for kind in kinds:
        if kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
        if kind is str or text in get_args(kind):
            return text
    if value := _part(name, text, kinds):
        return value
    raise typer.BadParameter(
        f"{text!r} was given; expected {_expected(kinds)}.", param_hint=_flag(name)
    )


def _expected(kinds: tuple[Any, ...]) -> str:
    """Return the kinds of value in words."""
    words = {int: ["a whole number"], float: ["a number"], NoneType: ["none"]}
    found = [words.get(each) or get_args(each) or [f"a part: {each.__name__}"] for each in kinds]
    return " or ".join(str(word) for each in found for word in each)


def _part(name: str, text: str, kinds: tuple[Any, ...]) -> Any:
    """Return the part that ``text`` prints, if it is of one of the kinds; else None."""
    classes = tuple(
        each for each in kinds if isinstance(each, type) and issubclass(each, Part | Adapter)
    )
    try:
        value = part(text) if classes else None
    except FormulaError as error:
        raise typer.BadParameter(str(error), param_hint=_flag(name)) from error
    return value if isinstance(value, classes) else None


def listing() -> list[dict[str, str]]:
    """Return every family with its equation and a line on what it is, the plain ones first."""
    found: list[dict[str, str]] = []
    for name, cls in sorted(FAMILIES.items(), key=_plainness):
        recipe = cls().recipe()
        summary = (cls.__doc__ or "").partition("\n")[0].replace("`", "")
        found.append(
            {
                "family": name,
                "equation": repr(recipe.objective),
                "latent": repr(recipe.latent),
                "what it is": summary,
            }
        )
    return found


def listed() -> Answer:
    """Return the `listing` as an answer."""
    found = listing()
    entries = [
        (each["family"], f"{each['equation']} over {each['latent']}", each["what it is"])
        for each in found
    ]
    return Answer({"families": found}, screen.entries(entries))


def _plainness(named: tuple[str, Family]) -> tuple[bool, bool, int, int, str]:
    """Return what puts points before densities, few terms before many, and base before derived."""
    name, cls = named
    recipe = cls().recipe()
    terms = len((1 * recipe.objective).weights)
    # The family of any equation comes last, after those that have one.
    return issubclass(cls, Composed), recipe.latent.has_density, terms, len(cls.__mro__), name
