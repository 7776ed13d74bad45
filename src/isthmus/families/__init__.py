"""Families: each a choice of latent, objective, likelihood, corruption and backbone."""

from isthmus.families.autoencoder import Autoencoder
from isthmus.families.composed import Composed
from isthmus.families.linear import LinearAutoencoder
from isthmus.families.vae import VAE

__all__ = ["VAE", "Autoencoder", "Composed", "LinearAutoencoder"]
