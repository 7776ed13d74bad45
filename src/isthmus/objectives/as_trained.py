"""A codec for a while as it will be once trained, for the terms that differentiate its networks."""

from collections.abc import Generator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn

from isthmus.codec import Codec


@contextmanager
def as_trained(codec: Codec) -> Generator[None]:
    """Have the codec compute as it will once trained, so that it can be differentiated twice.

    No row then feels another, nothing is drawn, and nothing is counted a second time.
    """
    training = codec.training
    recurrent = any(isinstance(each, nn.RNNBase) for each in codec.modules())
    codec.eval()
    try:
        # cuDNN's recurrent kernels have no second derivative; torch's own have.
        with torch.backends.cudnn.flags(enabled=False) if recurrent else nullcontext():
            yield
    finally:
        codec.train(training)
