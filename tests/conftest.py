"""What the tests share: repeatable examples, one thread a worker, the data beside the checkout."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parents[1]

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
