"""MNIST as the likelihood literature uses it: binarised once, by a seeded draw.

    x_ij ~ Bernoulli(grey_ij / 255),   drawn once, the same pixels for every model and epoch

The first 50,000 training images train, the next 10,000 validate, the official 10,000 test.
"""

import gzip
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BINARISATION_SEED = 0
TRAIN_ROWS = 50_000


class Split(NamedTuple):
    train: np.ndarray  # (50000, 784) float32, zeros and ones
    validation: np.ndarray  # (10000, 784)
    test: np.ndarray  # (10000, 784)


def data_folder() -> Path:
    """`$ISTHMUS_DATA`, or the `shared/data` folder beside the checkout."""
    return Path(os.environ.get("ISTHMUS_DATA", ROOT.parent / "shared" / "data"))


def grey_images(name: str) -> np.ndarray:
    """(n, 784) grey levels in [0, 1]; `name` is 'train' or 't10k'."""
    path = data_folder() / "mnist" / f"{name}-images-idx3-ubyte.gz"
    if not path.is_file():
        raise SystemExit(f"There is no {path}: set ISTHMUS_DATA to the folder that holds mnist/")
    raw = gzip.decompress(path.read_bytes())
    # IDX: four big-endian words (magic, count, rows, columns), then one byte a pixel.
    _, count, rows, columns = np.frombuffer(raw, dtype=">u4", count=4)
    pixels = np.frombuffer(raw, dtype=np.uint8, offset=16)
    return pixels.reshape(count, rows * columns) / np.float32(255)


def binarised(seed: int = BINARISATION_SEED) -> Split:
    # Grey levels under a Bernoulli likelihood would flatter the figure by more than ten nats:
    # everything below sees zeros and ones only.
    rng = np.random.default_rng(seed)
    grey = np.concatenate([grey_images("train"), grey_images("t10k")])
    bits = (rng.random(grey.shape, dtype=np.float32) < grey).astype(np.float32)
    return Split(bits[:TRAIN_ROWS], bits[TRAIN_ROWS:60_000], bits[60_000:])
