"""The README, the pages of the documentation and the examples: what they show runs."""

import doctest
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
EXAMPLES = sorted((CHECKOUT / "examples").glob("*.py"))
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
MOST_LINES = 40
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page: Path) -> list[str]:
    """The page's Python, block by block."""
    return FENCE.findall(page.read_text("utf-8"))


def name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.fixture
def namespace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, object]]:
    """A module of its own for a page, and an empty folder to work in."""
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)  # dataclasses look their module up
    monkeypatch.chdir(tmp_path)
    return vars(module)


def run(source: str, namespace: dict[str, object], where: str) -> None:
    """Run a block: a dialogue with its answers compared, anything else as it stands."""
    if source.startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(source, namespace, where, where, 0)
        answers: list[str] = []
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        # The dialogue works in a copy; what it defines is there for the blocks that follow.
        assert runner.run(test, out=answers.append, clear_globs=False).failed == 0, "".join(answers)
        namespace.update(test.globs)
    else:
        exec(compile(source, where, "exec"), namespace)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=name)
def test_a_page_runs(page: Path, namespace: dict[str, object]) -> None:
    for number, source in enumerate(blocks(page), start=1):
        run(source, namespace, f"{name(page)}, block {number}")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_python_is_fenced_as_python(page: Path) -> None:
    fences = re.findall(r"^```(\S*)$", page.read_text("utf-8"), re.MULTILINE)
    known = {"", "python", "sh", "text", "json", "{eval-rst}"}
    assert set(fences) <= known, "a block with another name would not be run"


@pytest.mark.parametrize("what", ["Term", "BaseAutoencoder", "LocationScale"])
def test_an_extension_is_short(what: str) -> None:
    page = CHECKOUT / "docs" / "extending.md"
    found = [
        source
        for source in blocks(page)
        if re.search(rf"^class \w+\({what}\):", source, re.MULTILINE)
    ]
    assert len(found) == 1
    assert len(found[0].splitlines()) < MOST_LINES


def test_the_shell_lines_of_the_readme_run(tmp_path: Path) -> None:
    page = (CHECKOUT / "README.md").read_text("utf-8")
    lines = next(each for each in SHELL.findall(page) if "isthmus fit" in each)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["sh", "-e", "-c", lines]
    ran = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    made = {"again.csv", "codes.csv", "fresh.csv", "scores.csv", "way.csv"}
    conditional = {"kind-2.csv", "as-kind-0.csv"}
    assert {each.name for each in tmp_path.glob("*.csv")} == {"wine.csv"} | made | conditional
    assert (tmp_path / "wine-model" / "report.html").is_file()


def test_the_design_page_names_what_there_is() -> None:
    page = (CHECKOUT / "docs" / "design.md").read_text("utf-8")
    package = CHECKOUT / "src" / "isthmus"
    files = [each.name for each in package.glob("*.py") if not each.name.startswith("__")]
    folders = [f"{each.parent.name}/" for each in package.glob("*/__init__.py")]
    assert [each for each in [*files, *folders] if f"\n  {each} " not in page] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_an_example_runs(
    example: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [str(example), "2"])  # two epochs
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(example), run_name="__main__")
    assert "|" in capsys.readouterr().out
