"""Latents: numbers from the encoder become a distribution over codes."""

from isthmus.latents.base import Latent
from isthmus.latents.gaussian import Gaussian
from isthmus.latents.point import Delta, Point
from isthmus.latents.quantised import Nearest, Quantised
from isthmus.latents.top_k import Sparse, TopK

__all__ = ["Delta", "Gaussian", "Latent", "Nearest", "Point", "Quantised", "Sparse", "TopK"]
