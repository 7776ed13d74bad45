"""Integers: a fitted model in whole numbers, ready to code with."""

import hashlib
import json
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.backbones import Stem
from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Gaussian
from isthmus.likelihoods import Mixed
from isthmus.ranges import whole
from isthmus.tasks.coding import fixed
from isthmus.tasks.coding.laws import Codes
from isthmus.tasks.coding.networks import Network


class Integers:
    """The encoder and the decoder of a fitted model, in integers.

    Parameters
    ----------
    model
        A fitted model with a Gaussian latent.
    chunk
        How many rows go through a network at once, which changes nothing in what comes out.

    Attributes
    ----------
    key
        16 bytes that tell this model from any other.
    scales
        ``log s`` of each number of a table, in units of ``fixed.ONE``. Machines may differ in
        it: the code tells which it was made with.

    Raises
    ------
    CompositionError
        If the model has parts that a code can't be made of.
    """

    def __init__(self, model: BaseAutoencoder, chunk: int = 256) -> None:
        codec = model.codec_
        _check(model, codec)
        self.codec = codec
        self.chunk = whole("batch_size", chunk, 1, example="Compressor(model, batch_size=256)")
        device = next(codec.parameters()).device
        device = device if device.type == "cuda" else "cpu"  # others have no doubles
        self.encoder = Network(codec.encoder, device)
        self.decoder = Network(codec.decoder, device)
        self.stem = _dyadic(codec.stem)
        self.scales = _scales(codec)
        self.key = self._key(model)

    def posterior(self, x: np.ndarray, observed: np.ndarray | None = None) -> Codes:
        """Return ``q(z | x)`` of rows ``(B, *E)`` that are multiples of ``1 / fixed.ONE``."""
        parts: list[np.ndarray] = []
        for first in range(0, len(x), self.chunk):
            rows = slice(first, first + self.chunk)
            known = None if observed is None else torch.from_numpy(observed[rows])
            entered = self.stem(torch.from_numpy(x[rows]), known) * fixed.ONE
            parts.append(_whole(self.encoder(entered)))
        return Codes(np.concatenate(parts))

    def decoded(self, bins: np.ndarray) -> np.ndarray:
        """Return the decoder's numbers, ``(B, *raw_shape)``, of bins of codes ``(B, d, *G)``."""
        z = torch.from_numpy(fixed.centres()[bins].astype(np.float64))
        return np.concatenate([_whole(self.decoder(each)) for each in z.split(self.chunk)])

    def _key(self, model: BaseAutoencoder) -> bytes:
        adapter = model.adapter_
        told = [
            f"arithmetic {fixed.VERSION}",
            repr(self.codec.space),
            repr(self.codec.likelihood),
            type(adapter).__name__,
            json.dumps(adapter.facts(), sort_keys=True, default=str),
            self.encoder.digest.hexdigest(),
            self.decoder.digest.hexdigest(),
        ]
        digest = hashlib.blake2b("\n".join(told).encode(), digest_size=16)
        for tensor in self.stem.state_dict().values():
            digest.update((tensor.numpy() * fixed.ONE).astype("<i8").tobytes())
        return digest.digest()


def _dyadic(stem: Stem) -> Stem:
    """Return a copy of which all that is learned is a multiple of ``1 / fixed.ONE``."""
    made = deepcopy(stem).cpu().double()
    with torch.no_grad():
        for each in made.parameters():
            each.copy_((each * fixed.ONE).round() / fixed.ONE)
    return made.requires_grad_(False)


def _scales(codec: Codec) -> np.ndarray:
    """Return ``log s`` of each number of a table, in units of ``fixed.ONE``."""
    likelihood = codec.likelihood
    if not isinstance(likelihood, Mixed):
        return np.zeros(0, np.int64)
    n = len(likelihood.space.numbers)  # pyright: ignore[reportAttributeAccessIssue]
    with torch.no_grad():
        scale = likelihood.scale(torch.zeros(1, n, device=next(codec.parameters()).device))
    log_scale = np.log(scale.expand(1, n)[0].cpu().double().numpy())
    return np.rint(log_scale * 64).astype(np.int64) * (fixed.ONE // 64)


def _whole(tensor: Tensor) -> np.ndarray:
    return tensor.cpu().numpy().astype(np.int64)


def _check(model: BaseAutoencoder, codec: Codec) -> None:
    if not isinstance(codec.latent, Gaussian):
        raise CompositionError(
            f"{type(model).__name__} has the latent {codec.latent!r}; a code is made of draws "
            "from a Gaussian one. Use a VAE; or, to lose some of the data, a VQVAE with "
            "LossyCompressor."
        )
    if codec.context:
        raise CompositionError(
            f"{type(model).__name__} is conditional: whoever decodes would need the conditions. "
            "Compress with a VAE, the condition among its columns."
        )
    if any(isinstance(each, nn.Embedding) for each in codec.decoder.modules()):
        raise CompositionError("The decoder embeds: it has no form in whole numbers.")
