"""What is freed is kept for the next step, and handed back at the end."""

import platform
import subprocess
import sys

import pytest

from isthmus.memory import kept

# In a process of its own: in one that once asked for more than there was, glibc has the thread
# take its blocks from elsewhere, where none are kept.
SCRIPT = """
import resource
from pathlib import Path

import torch

from isthmus.memory import kept

LARGE = 2**24  # numbers in a block that is handed back at once, of 64 MB


def faults():  # how often the system was asked for a page while blocks were taken and freed
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(3):
        torch.zeros(LARGE).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


usual, before = faults(), resident()
with kept():
    assert min(faults() for _ in range(5)) < usual / 10
    assert resident() - before > 3 * LARGE
assert resident() - before < LARGE
assert faults() > usual / 2
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_blocks_are_taken_from_the_system_once_and_handed_back():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_errors_pass_through():
    with pytest.raises(KeyError), kept():
        raise KeyError
