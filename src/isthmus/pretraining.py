"""Greedy layer-wise pre-training: each layer as an autoencoder of what the one below makes.

    E[-log p(h | g_i(f_i(h)))],   h = f_{i-1}(… f_1(x)),   for i = 1 … n

``f_i`` is the encoder's i-th layer and ``g_i`` the decoder's that mirrors it (Hinton and
Salakhutdinov, 2006; Bengio et al., 2007, "Greedy layer-wise training of deep networks"). With a
corruption, every layer learns to undo it: a stacked denoising autoencoder (Vincent et al., 2010).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import torch
from torch import Tensor, nn

from isthmus import training
from isthmus.backbones import Dense
from isthmus.backbones.dense import Perceptron
from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.latents import Point
from isthmus.likelihoods import Normal
from isthmus.objectives import NLL
from isthmus.randomness import seeded
from isthmus.run import History, Plan, start
from isthmus.space import Batch, Vector

Watched = Callable[[str], AbstractContextManager[training.Watcher | None]]
"""From a name to what watches a training of that name."""
STREAM = 1009
"""How far apart the seeds of the layers are: further than most trainings have epochs."""


def layer_wise(codec: Codec, data: Batch, plan: Plan, watched: Watched) -> list[History]:
    """Train each layer of a dense codec in its turn, in place; return the history of each.

    Parameters
    ----------
    codec
        Its networks have as many layers each.
    data
        The rows, on the codec's device.
    plan
        How long to train each layer, and how fast.
    watched
        What shows each training.

    Raises
    ------
    CompositionError
        If the networks aren't made of layers; before any work is done.
    KeyboardInterrupt
        On Ctrl-C: there is no going on from the middle of it.
    """
    device = data.x.device
    with seeded(plan.seed, device):
        pairs = [each.to(device) for each in _pairs(codec)]
    histories: list[History] = []
    for number, pair in enumerate(pairs, start=1):
        own = replace(plan, seed=plan.seed + STREAM * number)
        run = start(pair, (1 * NLL()).on(pair), own, len(data))
        with watched(f"layer {number}/{len(pairs)}, ") as watch:
            histories.append(_trained(run, data, watch))
        data = Batch(_activations(pair, data))
    return histories


def _trained(run: training.Run, data: Batch, watch: training.Watcher | None) -> History:
    try:
        return training.fit(run, data, watch=watch)
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(
            "Pre-training was interrupted; the same call starts it again from its beginning."
        ) from error


def _pairs(codec: Codec) -> list[Codec]:
    """Return each layer of the encoder, with its mirror image, as a codec of its own."""
    encoders, decoders = _blocks(codec.encoder), _blocks(codec.decoder)[::-1]
    spaces = [codec.space, *(Vector(each.shape[0]) for each in encoders[:-1])]
    likelihoods = [codec.likelihood, *(Normal() for _ in encoders[:-1])]
    pairs: list[Codec] = []
    for space, likelihood, encoder, decoder in zip(
        spaces, likelihoods, encoders, decoders, strict=True
    ):
        pair = Codec(space, Point(encoder.shape[0]), likelihood, Dense(()), codec.corruption)
        pair.encoder, pair.decoder = encoder, decoder
        pairs.append(pair)
    pairs[0].stem, pairs[0].likelihood = codec.stem, codec.likelihood
    return pairs


def _blocks(network: nn.Module) -> list[Perceptron]:
    if not isinstance(network, Perceptron):
        raise CompositionError(
            f"{type(network).__name__} has no layers that could be trained one at a time; "
            "expected those of Dense((256, 128))."
        )
    return network.blocks()


@torch.no_grad()
def _activations(codec: Codec, data: Batch) -> Tensor:
    """Return what the encoder makes of every row, clean: ``(n, width)``."""
    codec.eval()
    parts = [
        data[slice(first, first + training.EVALUATED)]
        for first in range(0, len(data), training.EVALUATED)
    ]
    return torch.cat([codec.encode(each.x, observed=each.observed).mean for each in parts])
