"""Families: each a choice of latent, objective, likelihood, corruption and backbone."""

from isthmus.families.adversarial import AdversarialAutoencoder
from isthmus.families.autoencoder import Autoencoder
from isthmus.families.composed import Composed
from isthmus.families.conditional import ConditionalVAE
from isthmus.families.contractive import ContractiveAutoencoder
from isthmus.families.denoising import DenoisingAutoencoder
from isthmus.families.k_sparse import KSparseAutoencoder
from isthmus.families.linear import LinearAutoencoder
from isthmus.families.sparse import SparseAutoencoder
from isthmus.families.stacked import StackedAutoencoder
from isthmus.families.vae import VAE
from isthmus.families.vqvae import VQVAE
from isthmus.families.wasserstein import WassersteinAutoencoder

__all__ = [
    "VAE",
    "VQVAE",
    "AdversarialAutoencoder",
    "Autoencoder",
    "Composed",
    "ConditionalVAE",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "KSparseAutoencoder",
    "LinearAutoencoder",
    "SparseAutoencoder",
    "StackedAutoencoder",
    "WassersteinAutoencoder",
]
