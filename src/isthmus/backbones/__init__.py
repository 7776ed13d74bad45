"""Backbones: the networks that encoders and their mirrored decoders are made of."""

from isthmus.backbones.base import Backbone
from isthmus.backbones.conv import Conv
from isthmus.backbones.dense import Dense
from isthmus.backbones.dictionary import Dictionary, Gathers
from isthmus.backbones.recurrent import GRU, LSTM
from isthmus.backbones.spectral import SpectralMask
from isthmus.backbones.stems import Stem
from isthmus.backbones.transformer import Transformer
from isthmus.backbones.unet import UNet

__all__ = [
    "GRU",
    "LSTM",
    "Backbone",
    "Conv",
    "Dense",
    "Dictionary",
    "Gathers",
    "SpectralMask",
    "Stem",
    "Transformer",
    "UNet",
]
