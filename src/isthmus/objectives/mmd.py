"""The maximum mean discrepancy: how far the codes are from draws of the prior."""

import torch
from torch import Tensor

from isthmus.codec import Codec, Trace
from isthmus.objectives.base import Term
from isthmus.ranges import number

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class MMD(Term):
    """The squared maximum mean discrepancy between the codes and draws of the prior.

    ``E k(z, z') + E k(p, p') - 2 E k(z, p)`` over pairs of different rows, without bias, with
    codes ``z``, as many draws ``p`` of the prior, and inverse multiquadric kernels of several
    scales (Tolstikhin et al., 2018, arXiv:1711.01558):

    ``k(a, b) = mean_s C_s / (C_s + |a - b|^2)``, ``C_s = 2 d s scale^2``, s from 0.1 to 10.

    ``2 d`` is how far two draws of a standard normal are apart, squared, on average. Kernels
    have no unit: it lies between 0, but for chance, and 2, and its weight brings it to nats.
    One row alone is of no distribution: zero.

    Parameters
    ----------
    scale
        The standard deviation that the kernels are made for: the prior's.

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 100 * MMD()
    NLL() + 100 * MMD()
    """

    fits_prior = True
    of_batch = True

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = number("scale", scale, 0, without=(0,), example="MMD(1.0)")

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``()``: one value for the batch."""
        z = trace.z.flatten(1)
        rows = len(z)
        if rows < 2:
            return 0 * z.sum()
        prior = codec.latent.draw(trace.z.shape, z).flatten(1)
        within = self._kernel(z, z) + self._kernel(prior, prior)
        alike = torch.eye(rows, dtype=torch.bool, device=z.device)
        pairs = rows * (rows - 1)
        return within.masked_fill(alike, 0.0).sum() / pairs - 2 * self._kernel(z, prior).mean()

    def _kernel(self, a: Tensor, b: Tensor) -> Tensor:
        """Return ``k`` of every row of ``a`` with every row of ``b``."""
        apart = torch.cdist(a, b).square()
        scales = torch.tensor(SCALES, device=a.device, dtype=a.dtype)
        c = 2 * a.shape[1] * self.scale**2 * scales[:, None, None]
        return (c / (c + apart)).mean(0)
