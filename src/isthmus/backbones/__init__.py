"""Backbones: the networks that encoders and their mirrored decoders are made of."""

from isthmus.backbones.base import Backbone
from isthmus.backbones.dense import Dense
from isthmus.backbones.stems import Stem

__all__ = ["Backbone", "Dense", "Stem"]
