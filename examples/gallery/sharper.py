"""The plain VAE's blur, beside a fitted prior, a VQ-VAE with one, and an adversarial autoencoder.

python examples/gallery/sharper.py [--small] [--out FOLDER] [--data mnist]

With ``--data mnist`` models that ``benchmarks/run.py generation`` has kept are taken as they are.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import laplace

from figures import arguments, digits, epochs, figure, save, strips
from isthmus import VAE, VQVAE, AdversarialAutoencoder, Dense, Generator, Normal, load
from isthmus.tasks.priors import Discrete

KEPT = Path(tempfile.gettempdir()) / "isthmus-benchmarks"
SHOWN = 12
MADE = 1000


def sharpness(pictures: np.ndarray) -> float:
    """How much brightness bends from pixel to pixel: the mean variance of the Laplacian."""
    return float(laplace(pictures, axes=(1, 2)).var(axis=(1, 2)).mean())


def kept(given: Any, name: str, make: Callable[[], Any]) -> Any:
    place = KEPT / f"generation-mnist-30-{name}"
    return load(place) if given.data == "mnist" and place.is_dir() else make()


def sources(given: Any, X: np.ndarray) -> dict[str, Any]:
    """Models and generators, by what they are called in the figure."""
    how: dict[str, Any] = {
        "backbone": Dense((512, 256), normalisation="batch"),
        "epochs": epochs(given, 200, X),
        "validation_fraction": 0,
        "patience": None,
        "random_state": 0,
    }
    quantised = VQVAE(latent_dim=32, codes=64, groups=16, likelihood=Normal("shared"), **how)
    adversarial = AdversarialAutoencoder(latent_dim=16, weight=1, **how)
    prior, entries = (
        ("standard", Discrete(16, steps=10)) if given.small else ("auto", Discrete(steps=1500))
    )
    vae = kept(given, "vae", lambda: VAE(latent_dim=16, **how).fit(X))
    fitted = Generator(vae, prior=prior, random_state=0)
    discrete = Generator(quantised, prior=entries, random_state=0)
    return {
        "VAE": vae,
        "VAE,\nfitted prior": kept(given, "vae-prior", lambda: fitted.fit(X)),
        "VQ-VAE,\nfitted prior": kept(given, "vq-prior", lambda: discrete.fit(X)),
        "adversarial": kept(given, "aae", lambda: adversarial.fit(X)),
    }


def main() -> None:
    given = arguments(__doc__)
    X, _ = digits(given)
    X = (255 * X).round().astype(np.uint8)
    made = {"data": X[np.random.default_rng(0).permutation(len(X))[:MADE]]}
    made |= {name: each.sample(MADE, random_state=1) for name, each in sources(given, X).items()}
    pictures = {name: each / np.float32(255) for name, each in made.items()}
    real = sharpness(pictures["data"])
    rows = {
        f"{name}\n{sharpness(each) / real:.0%}": each[:SHOWN] for name, each in pictures.items()
    }
    drawn, (axes,) = figure(1, each=9, height=3.9)
    strips(axes, rows, "samples, and how sharp they are beside the data")
    save(drawn, given, "sharper")


if __name__ == "__main__":
    main()
