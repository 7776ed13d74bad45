"""What is freed is kept for the next step, and handed back at the end."""

import platform
import resource
from pathlib import Path

import pytest
import torch

from isthmus.memory import kept

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
LARGE = 2**24
"""Numbers in a block that is handed back at once, of 64 MB."""


def faults():
    """How often the system was asked for a page while blocks were taken and freed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(3):
        torch.zeros(LARGE).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_blocks_are_taken_from_the_system_once_and_handed_back():
    usual, before = faults(), resident()
    with kept():
        assert min(faults() for _ in range(5)) < usual / 10
        assert resident() - before > 3 * LARGE
    assert resident() - before < LARGE
    assert faults() > usual / 2


def test_they_are_handed_back_after_an_error_too():
    with pytest.raises(KeyError), kept():
        raise KeyError
    before = resident()
    faults()
    assert resident() - before < LARGE
