"""Tasks: what models are for, each one call."""

from isthmus.tasks.anomaly import AnomalyDetector
from isthmus.tasks.atlas import Atlas
from isthmus.tasks.base import Task
from isthmus.tasks.compression import Compressor
from isthmus.tasks.generation import Generator
from isthmus.tasks.imputation import Imputer
from isthmus.tasks.intrinsic import intrinsic_dimension
from isthmus.tasks.lossy import LossyCompressor
from isthmus.tasks.pooling import pool
from isthmus.tasks.series_anomaly import SeriesDetector

__all__ = [
    "AnomalyDetector",
    "Atlas",
    "Compressor",
    "Generator",
    "Imputer",
    "LossyCompressor",
    "SeriesDetector",
    "Task",
    "intrinsic_dimension",
    "pool",
]
