"""The speed of light: the matrix products of a VAE 784-400-40's step, and nothing else.

A layer y = x W' costs three products a step: y = x W', dW = dy' x, dx = dy W. The first layer
has only two, for nobody wants the gradient of the pixels. No bias, activation, noise, loss,
optimiser or gathering of rows: no training loop in this precision can be faster.
"""

from collections.abc import Callable
from math import ceil

import torch

from hand_written import CODE, HIDDEN, PIXELS

LAYERS = ((PIXELS, HIDDEN), (HIDDEN, 2 * CODE), (CODE, HIDDEN), (HIDDEN, PIXELS))

Product = Callable[[], object]


def products(batch: int) -> list[Product]:
    """One step's products, each writing into memory that was set aside before."""
    first, *others = LAYERS
    jobs = _layer(*first, batch)[:2]
    return jobs + [job for layer in others for job in _layer(*layer, batch)]


def _layer(into: int, out: int, batch: int) -> list[Product]:
    x, dx = torch.randn(batch, into), torch.empty(batch, into)
    y, dy = torch.empty(batch, out), torch.randn(batch, out)
    w, dw = torch.randn(out, into), torch.empty(out, into)
    return [
        lambda: torch.mm(x, w.t(), out=y),
        lambda: torch.mm(dy.t(), x, out=dw),
        lambda: torch.mm(dy, w, out=dx),
    ]


def run(rows: int, epochs: int, batch: int) -> None:
    step = products(batch)
    for _ in range(epochs * ceil(rows / batch)):
        for product in step:
            product()
