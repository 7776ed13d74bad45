"""The shape of the package: imports point down, files and functions stay short."""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PACKAGE = TESTS.parent / "src" / "isthmus"
FILES = sorted(PACKAGE.rglob("*.py"))

MOST_LINES = 400
MOST_LINES_IN_A_FUNCTION = 40

# From low to high; the members of one layer may see each other, unless they are strangers.
STRANGERS = {"backbones", "latents", "likelihoods", "corruptions"}
LAYERS = [
    {"part", "space", "errors", "formula", "memory", "randomness", "ranges", "writing"},
    STRANGERS,
    {"codec"},
    {"objectives"},
    {
        "checkpoint",
        "compiled",
        "distributed",
        "optimiser",
        "pace",
        "pretraining",
        "run",
        "training",
    },
    {
        "adapters",
        "inference",
        "progress",
        "recipe",
        "shard_files",
        "shards",
        "store",
        "streaming",
    },
    {"checks", "ensemble", "estimator", "examples", "fitted", "members", "stacking", "sweeping"},
    {"families"},
    {"catalogue"},
    {"tasks"},
    {"report"},
    {"export", "on_ray", "serving"},
    {"cli", "web", "__init__", "__main__"},
]
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}
OPEN_SETS = [*sorted(STRANGERS), "objectives", "adapters", "families", "tasks"]


def module_of(file: Path, root: Path = PACKAGE) -> str:
    """`src/isthmus/latents/gaussian.py` is `isthmus.latents.gaussian`, a folder its `__init__`."""
    return ".".join(["isthmus", *file.relative_to(root).with_suffix("").parts])


def part_of(module: str) -> str:
    """`isthmus.latents.gaussian` belongs to `latents`, the package itself to `__init__`."""
    return (*module.split("."), "__init__")[1]


def imports(module: str, source: str) -> Iterator[tuple[int, str]]:
    """Every import of Isthmus in a source: lazy ones, and those for type checkers, count too."""
    package = module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            # `from isthmus import codec` reaches codec; `from isthmus import VAE` the top.
            children = [f"{origin}.{alias.name}" for alias in node.names]
            found = [child if part_of(child) in HEIGHT else origin for child in children]
        else:
            continue
        yield from ((node.lineno, name) for name in found if name.split(".")[0] == "isthmus")


def forbidden(importer: str, imported: str) -> bool:
    """Whether the arrow points up, or sideways between strangers."""
    here, there = part_of(importer), part_of(imported)
    strangers = here != there and {here, there} <= STRANGERS
    return strangers or HEIGHT[there] > HEIGHT[here]


def upward(module: str, source: str) -> list[str]:
    """The arrows that must not be, in words."""
    return [
        f"line {line}: {module} may not import {imported}"
        for line, imported in imports(module, source)
        if forbidden(module, imported)
    ]


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function's name and its number of lines, docstring aside."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = node.body[0] if ast.get_docstring(node, clean=False) else None
            spared = docstring.end_lineno - docstring.lineno + 1 if docstring else 0
            yield node.name, node.end_lineno - node.lineno + 1 - spared


def short(file: Path) -> str:
    return str(file.relative_to(TESTS.parent))


def test_there_is_a_package_to_read() -> None:
    assert len(FILES) > 1


@pytest.mark.parametrize("file", FILES, ids=short)
def test_imports_point_down(file: Path) -> None:
    module = module_of(file)
    assert part_of(module) in HEIGHT, f"{short(file)} has no place in LAYERS yet: give it one"
    assert upward(module, file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", FILES, ids=short)
def test_functions_are_short(file: Path) -> None:
    lengths = functions(file.read_text("utf-8"))
    assert {name: n for name, n in lengths if n > MOST_LINES_IN_A_FUNCTION} == {}


@pytest.mark.parametrize("file", [*FILES, *sorted(TESTS.rglob("*.py"))], ids=short)
def test_files_are_short(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("folder", [each for each in OPEN_SETS if (PACKAGE / each).is_dir()])
def test_an_open_set_lists_its_members(folder: str) -> None:
    tree = ast.parse((PACKAGE / folder / "__init__.py").read_text("utf-8"))
    listed = [
        ast.literal_eval(node.value)  # a list that is computed is no list to read
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert len(listed) == 1
    assert listed[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("isthmus.codec", "from isthmus.training import fit"),
        ("isthmus.codec", "import isthmus.families.vae"),
        ("isthmus.codec", "from isthmus import training"),
        ("isthmus.codec", "from isthmus import VAE"),
        ("isthmus.codec", "def late():\n    from . import training"),
        ("isthmus.latents.gaussian", "from ..codec import Codec"),
        ("isthmus.latents.__init__", "from ..codec import Codec"),
        ("isthmus.latents.base", "if TYPE_CHECKING:\n    from isthmus.backbones import Dense"),
    ],
)
def test_an_upward_arrow_is_caught(module: str, source: str) -> None:
    assert len(upward(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("isthmus.training", "import torch\nfrom isthmus.codec import Codec"),
        ("isthmus.latents.gaussian", "from .base import Latent\nfrom ..part import Part"),
        ("isthmus.latents.__init__", "from .gaussian import Gaussian"),
        ("isthmus.cli", "from isthmus import VAE"),
        ("isthmus.__init__", "from .families import VAE"),
        ("isthmus.part", "import isthmus_of_corinth"),
    ],
)
def test_a_downward_arrow_is_let_through(module: str, source: str) -> None:
    assert upward(module, source) == []


def test_a_long_function_is_measured_without_its_docstring() -> None:
    source = 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'
    assert list(functions(source)) == [("f", 2)]
