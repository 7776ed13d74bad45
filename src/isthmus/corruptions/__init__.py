"""Corruptions: what the encoder sees, when it is not the clean x."""

from isthmus.corruptions.any_of import AnyOf
from isthmus.corruptions.base import Corruption
from isthmus.corruptions.masking import Masking
from isthmus.corruptions.noise import Noise
from isthmus.corruptions.occlusion import Occlusion
from isthmus.corruptions.salt_pepper import SaltPepper

__all__ = ["AnyOf", "Corruption", "Masking", "Noise", "Occlusion", "SaltPepper"]
