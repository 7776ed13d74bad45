"""Randomness of one's own: seeds in, and the user's global state as it was."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch

RandomState = int | np.random.RandomState | None


def seed_from(random_state: RandomState) -> int:
    """Turn scikit-learn's ``random_state`` into a seed.

    None draws a fresh one from the operating system, so that numpy's global state, which
    scikit-learn would use, stays untouched.
    """
    if random_state is None:
        return secrets.randbelow(2**31)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return int(random_state)


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Generator[None]:
    """Seed torch inside the block; give back the state that was there before."""
    on_gpu = device is not None and device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            torch.cuda.manual_seed(seed)
        yield
