"""Isthmus: autoencoders and variational autoencoders for data without labels."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isthmus.adapters import Images, Sequences, Tables, Texts, Vectors, overlap, windows
    from isthmus.backbones import GRU, LSTM, Conv, Dense, Dictionary, Transformer, UNet
    from isthmus.codec import Codec, Trace
    from isthmus.corruptions import AnyOf, Masking, Noise, Occlusion, SaltPepper
    from isthmus.estimator import BaseAutoencoder
    from isthmus.families import (
        VAE,
        VQVAE,
        AdversarialAutoencoder,
        Autoencoder,
        Composed,
        ConditionalVAE,
        ContractiveAutoencoder,
        DenoisingAutoencoder,
        KSparseAutoencoder,
        LinearAutoencoder,
        SparseAutoencoder,
        StackedAutoencoder,
        WassersteinAutoencoder,
    )
    from isthmus.latents import Gaussian, Point, Quantised, TopK
    from isthmus.likelihoods import (
        Bernoulli,
        Categorical,
        DiscretisedLogistic,
        Laplace,
        Mixed,
        Normal,
    )
    from isthmus.objectives import (
        KL,
        L1,
        MMD,
        NLL,
        SURE,
        Adversarial,
        Commitment,
        Cyclic,
        ImportanceWeighted,
        Jacobian,
        Objective,
        Revive,
        SparsityTarget,
        Term,
        TotalCorrelation,
        WarmUp,
    )
    from isthmus.recipe import Recipe
    from isthmus.shards import Shards
    from isthmus.space import Batch, Image, Series, Table, Vector
    from isthmus.tasks import (
        AnomalyDetector,
        Atlas,
        Compressor,
        Denoiser,
        Generator,
        Imputer,
        LossyCompressor,
        SeriesDetector,
        intrinsic_dimension,
        pool,
        psnr,
        snr,
        ssim,
    )
    from isthmus.tasks.loading import load

__version__ = version("isthmus")

# Names are imported when they are asked for, so that `isthmus --help` need not wait for torch.
_HOMES = {
    "adapters": ("Images", "Sequences", "Tables", "Texts", "Vectors", "overlap", "windows"),
    "backbones": ("GRU", "LSTM", "Conv", "Dense", "Dictionary", "Transformer", "UNet"),
    "codec": ("Codec", "Trace"),
    "corruptions": ("AnyOf", "Masking", "Noise", "Occlusion", "SaltPepper"),
    "estimator": ("BaseAutoencoder",),
    "families": (
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
    ),
    "latents": ("Gaussian", "Point", "Quantised", "TopK"),
    "likelihoods": (
        "Bernoulli",
        "Categorical",
        "DiscretisedLogistic",
        "Laplace",
        "Mixed",
        "Normal",
    ),
    "objectives": (
        "KL",
        "L1",
        "MMD",
        "NLL",
        "SURE",
        "Adversarial",
        "Commitment",
        "Cyclic",
        "ImportanceWeighted",
        "Jacobian",
        "Objective",
        "Revive",
        "SparsityTarget",
        "Term",
        "TotalCorrelation",
        "WarmUp",
    ),
    "recipe": ("Recipe",),
    "shards": ("Shards",),
    "space": ("Batch", "Image", "Series", "Table", "Vector"),
    "tasks": (
        "AnomalyDetector",
        "Atlas",
        "Compressor",
        "Denoiser",
        "Generator",
        "Imputer",
        "LossyCompressor",
        "SeriesDetector",
        "intrinsic_dimension",
        "pool",
        "psnr",
        "snr",
        "ssim",
    ),
    "tasks.loading": ("load",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "GRU",
    "KL",
    "L1",
    "LSTM",
    "MMD",
    "NLL",
    "SURE",
    "VAE",
    "VQVAE",
    "Adversarial",
    "AdversarialAutoencoder",
    "AnomalyDetector",
    "AnyOf",
    "Atlas",
    "Autoencoder",
    "BaseAutoencoder",
    "Batch",
    "Bernoulli",
    "Categorical",
    "Codec",
    "Commitment",
    "Composed",
    "Compressor",
    "ConditionalVAE",
    "ContractiveAutoencoder",
    "Conv",
    "Cyclic",
    "Denoiser",
    "DenoisingAutoencoder",
    "Dense",
    "Dictionary",
    "DiscretisedLogistic",
    "Gaussian",
    "Generator",
    "Image",
    "Images",
    "ImportanceWeighted",
    "Imputer",
    "Jacobian",
    "KSparseAutoencoder",
    "Laplace",
    "LinearAutoencoder",
    "LossyCompressor",
    "Masking",
    "Mixed",
    "Noise",
    "Normal",
    "Objective",
    "Occlusion",
    "Point",
    "Quantised",
    "Recipe",
    "Revive",
    "SaltPepper",
    "Sequences",
    "Series",
    "SeriesDetector",
    "Shards",
    "SparseAutoencoder",
    "SparsityTarget",
    "StackedAutoencoder",
    "Table",
    "Tables",
    "Term",
    "Texts",
    "TopK",
    "TotalCorrelation",
    "Trace",
    "Transformer",
    "UNet",
    "Vector",
    "Vectors",
    "WarmUp",
    "WassersteinAutoencoder",
    "intrinsic_dimension",
    "load",
    "overlap",
    "pool",
    "psnr",
    "snr",
    "ssim",
    "windows",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'isthmus' has no attribute {name!r}")
    return getattr(import_module(f"isthmus.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
