"""Isthmus: autoencoders and variational autoencoders for data without labels."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isthmus.adapters import Images, Vectors
    from isthmus.backbones import Dense
    from isthmus.catalogue import load
    from isthmus.codec import Codec, Trace
    from isthmus.corruptions import Masking, Noise
    from isthmus.estimator import BaseAutoencoder
    from isthmus.families import VAE, Autoencoder, Composed, LinearAutoencoder
    from isthmus.latents import Gaussian, Point
    from isthmus.likelihoods import Bernoulli, Categorical, Laplace, Normal
    from isthmus.objectives import KL, NLL, ImportanceWeighted, Objective, Term, WarmUp
    from isthmus.recipe import Recipe
    from isthmus.space import Batch, Image, Series, Vector

__version__ = version("isthmus")

# Names are imported when they are asked for, so that `isthmus --help` need not wait for torch.
_HOMES = {
    "adapters": ("Images", "Vectors"),
    "backbones": ("Dense",),
    "catalogue": ("load",),
    "codec": ("Codec", "Trace"),
    "corruptions": ("Masking", "Noise"),
    "estimator": ("BaseAutoencoder",),
    "families": ("VAE", "Autoencoder", "Composed", "LinearAutoencoder"),
    "latents": ("Gaussian", "Point"),
    "likelihoods": ("Bernoulli", "Categorical", "Laplace", "Normal"),
    "objectives": ("KL", "NLL", "ImportanceWeighted", "Objective", "Term", "WarmUp"),
    "recipe": ("Recipe",),
    "space": ("Batch", "Image", "Series", "Vector"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "KL",
    "NLL",
    "VAE",
    "Autoencoder",
    "BaseAutoencoder",
    "Batch",
    "Bernoulli",
    "Categorical",
    "Codec",
    "Composed",
    "Dense",
    "Gaussian",
    "Image",
    "Images",
    "ImportanceWeighted",
    "Laplace",
    "LinearAutoencoder",
    "Masking",
    "Noise",
    "Normal",
    "Objective",
    "Point",
    "Recipe",
    "Series",
    "Term",
    "Trace",
    "Vector",
    "Vectors",
    "WarmUp",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'isthmus' has no attribute {name!r}")
    return getattr(import_module(f"isthmus.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
