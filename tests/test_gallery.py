"""The scripts of the gallery run, each in its small form, and leave pictures behind."""

import runpy
import sys
from pathlib import Path

import pytest
from PIL import Image

GALLERY = Path(__file__).resolve().parents[1] / "examples" / "gallery"
SCRIPTS = [each for each in sorted(GALLERY.glob("*.py")) if each.name != "figures.py"]


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) >= 14


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_draws(script: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(script), "--small", "--out", str(tmp_path)])
    monkeypatch.syspath_prepend(str(GALLERY))
    runpy.run_path(str(script), run_name="__main__")
    drawn = list(tmp_path.glob(f"{script.stem}*.png"))
    assert drawn
    for each in drawn:
        with Image.open(each) as picture:
            assert len(picture.getcolors(256) or []) > 2


def test_without_mnist_a_script_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = GALLERY / "manifold.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--data", "mnist", "--out", str(tmp_path)])
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path))
    monkeypatch.syspath_prepend(str(GALLERY))
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(script), run_name="__main__")
    assert left.value.code == 0
    assert "skipped: there is no" in capsys.readouterr().out


def test_every_figure_is_shown_with_its_command() -> None:
    page = (GALLERY.parents[1] / "docs" / "gallery.md").read_text("utf-8")
    for script in SCRIPTS:
        assert f"python examples/gallery/{script.name}" in page
        assert f"figures/gallery/{script.stem}" in page


@pytest.mark.parametrize(
    "picture", sorted((GALLERY.parents[1] / "docs" / "figures").glob("gallery/*.png")), ids=str
)
def test_pictures_of_the_docs_are_small(picture: Path) -> None:
    assert picture.stat().st_size <= 300_000
