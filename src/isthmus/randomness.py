"""Randomness of one's own: seeds in, and the user's global state as it was."""

import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch

# Threads share torch's global state: one alone may have it seeded, and may do so again within.
STATE = threading.RLock()

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
    """Seed torch inside the block; give back the state that was there before.

    Other threads wait until the block ends, so that fits side by side draw what they would
    draw alone.
    """
    on_gpu = device is not None and device.type == "cuda"
    with STATE, torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            torch.cuda.manual_seed(seed)
        yield
