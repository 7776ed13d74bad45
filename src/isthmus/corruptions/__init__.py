"""Corruptions: what the encoder sees, when it is not the clean x."""

from isthmus.corruptions.base import Corruption
from isthmus.corruptions.masking import Masking
from isthmus.corruptions.noise import Noise

__all__ = ["Corruption", "Masking", "Noise"]
