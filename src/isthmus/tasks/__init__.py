"""Tasks: what models are for, each one call."""

from isthmus.tasks.anomaly import AnomalyDetector
from isthmus.tasks.atlas import Atlas
from isthmus.tasks.base import Task
from isthmus.tasks.classification import EncoderClassifier
from isthmus.tasks.compression import Compressor
from isthmus.tasks.denoising import Denoiser
from isthmus.tasks.filming import Film, film
from isthmus.tasks.generation import Generator
from isthmus.tasks.imputation import Imputer
from isthmus.tasks.inpainting import Inpainter
from isthmus.tasks.intrinsic import intrinsic_dimension
from isthmus.tasks.lossy import LossyCompressor
from isthmus.tasks.pooling import pool
from isthmus.tasks.quality import psnr, snr, ssim
from isthmus.tasks.series_anomaly import SeriesDetector

__all__ = [
    "AnomalyDetector",
    "Atlas",
    "Compressor",
    "Denoiser",
    "EncoderClassifier",
    "Film",
    "Generator",
    "Imputer",
    "Inpainter",
    "LossyCompressor",
    "SeriesDetector",
    "Task",
    "film",
    "intrinsic_dimension",
    "pool",
    "psnr",
    "snr",
    "ssim",
]
