"""Latents: numbers from the encoder become a distribution over codes."""

from isthmus.latents.base import Latent
from isthmus.latents.gaussian import Gaussian
from isthmus.latents.point import Delta, Point

__all__ = ["Delta", "Gaussian", "Latent", "Point"]
