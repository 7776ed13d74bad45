"""The demonstration: a small model of real data, which shows what a report is like."""

from pathlib import Path
from typing import Any

from isthmus import store
from isthmus.backbones import Dense
from isthmus.cli import jobs
from isthmus.cli.columns import Data
from isthmus.cli.screen import Answer
from isthmus.corruptions import Noise
from isthmus.families import VAE


def demonstrate(folder: Path) -> Answer:
    """Train a VAE with a code of two numbers on scikit-learn's handwritten digits."""
    from sklearn.datasets import load_digits

    jobs.check_free(folder)
    digits: Any = load_digits()
    source = "scikit-learn's handwritten digits"
    # Two numbers, so that the whole latent space can be seen; a little noise on what the encoder
    # sees keeps so small a set from being learnt by heart.
    model = VAE(
        latent_dim=2,
        backbone=Dense((256, 128), activation="gelu"),
        corruption=Noise(0.1),
        epochs=150,
        learning_rate=3e-3,
        patience=None,
        random_state=0,
    )
    made = jobs.train(model, Data(digits.images, source, labels=digits.target), folder)
    page = (folder / store.REPORT).resolve()
    return Answer(made.facts, [*made.shown, f"Open {page} in a browser."])
