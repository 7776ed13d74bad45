"""What the tests share: checked annotations, repeatable examples, one thread a worker, data."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from beartype import BeartypeConf
from beartype.claw import beartype_package
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parents[1]

# Without it scikit-learn skips a check.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# Annotations are checked at run time, in every call of the tests and of the examples in
# docstrings; int goes for float, as type checkers have it. It must come before the first import.
# A family's constructor takes anything, as scikit-learn's rules have it: `fit` is what refuses.
# Which items of a container are looked at is not left to Python's global random state.
beartype_package(
    "isthmus",
    conf=BeartypeConf(
        is_pep484_tower=True, is_random=False, claw_skip_package_names=("isthmus.families",)
    ),
)

# The same examples on every run, and no deadline: a slow machine is not a wrong answer.
settings.register_profile("isthmus", derandomize=True, deadline=None)
settings.load_profile("isthmus")


def pytest_configure() -> None:
    """Give each worker one thread; together they fill the cores already."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        import torch

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Give the folder of real data sets; who asks for it is skipped where there is none."""
    default = CHECKOUT.parent / "shared" / "data"
    folder = Path(os.environ.get("ISTHMUS_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}: set ISTHMUS_DATA to the folder that holds them")
    return folder


@pytest.fixture
def out(room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run in the module's ``room``, write elsewhere; nothing may be left lying about in either."""
    monkeypatch.chdir(room)
    before = sorted(room.rglob("*"))
    yield tmp_path
    assert sorted(room.rglob("*")) == before
    assert [each.name for each in tmp_path.iterdir() if each.name[0] == "."] == []
