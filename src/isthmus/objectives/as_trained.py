"""A codec for a while as it will be once trained, for the terms that differentiate its networks."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import ParamSpec

import torch
from torch import Tensor, nn

from isthmus.codec import Codec

P = ParamSpec("P")


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


def uncompiled(forward: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Keep a term that takes derivatives itself out of what is compiled, which has no second ones.

    torch's own decorator is not asked before it is needed: it takes a second to import.
    """

    @wraps(forward)
    def chosen(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        run: Callable[P, Tensor] = forward
        if torch.compiler.is_compiling():
            run = torch.compiler.disable(forward)  # pyright: ignore
        return run(*args, **kwargs)

    return chosen
