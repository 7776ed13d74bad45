"""Stein's unbiased risk estimate: how far a reconstruction is from the clean row, unseen."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.objectives.base import Term
from isthmus.ranges import number

STEP = 0.01
"""How far x is moved to see what the reconstruction does, in standard deviations of the noise."""
EXAMPLE = "SURE(0.25)"


class SURE(Term):
    """Half the squared distance to the clean row, estimated from a noisy one alone.

    ``1/2 |f(y) - y|^2 + sum_i s_i^2 df_i/dy_i - 1/2 sum_i s_i^2``, f the reconstruction, of rows
    ``y = x + s eps`` with noise ``eps ~ N(0, 1)`` of known scale: on average it is
    ``1/2 |f(y) - x|^2``, though no x was ever seen (Stein, 1981, "Estimation of the mean of a
    multivariate normal distribution"). It stands in the place of `NLL`, whose minimum would give
    the noise back. The derivative is told by a small step in one random direction (Ramani, Blu
    and Unser, 2008, "Monte-Carlo SURE"; Soltanayev and Chun, 2018, arXiv:1803.01314), fixed on a
    pass whose code was not drawn. Unknown cells don't count.

    Parameters
    ----------
    scale
        The noise's standard deviation in units of the adapted data; or one for each feature or
        channel.

    Examples
    --------
    >>> from isthmus import Composed
    >>> Composed(objective=SURE(0.25), epochs=2).recipe().objective
    SURE(0.25)
    """

    deviation: Tensor

    def __init__(self, scale: float | Sequence[float] = 0.1) -> None:
        super().__init__()
        several: Any = scale if isinstance(scale, list | tuple) else (scale,)
        self.scales = [number("scale", each, 0, without=(0,), example=EXAMPLE) for each in several]

    def build(self, codec: Codec) -> None:
        """Check that there are clean values between which noise can lie, and nothing else damages.

        Raises
        ------
        CompositionError
            If the estimate would mean nothing.
        """
        space = codec.space
        if space.support not in ("real", "unit") or codec.latent.has_density:
            raise CompositionError(
                f"{self!r} was given for {space!r} and {codec.latent!r}; expected real numbers, "
                "from 0 to 1 or any, and a code that is a point: use latent=Point(16)."
            )
        if codec.corruption is not None:
            raise CompositionError(
                f"{self!r} was given with corruption={codec.corruption!r}; the rows are noisy as "
                "they are: leave one of the two out."
            )
        if len(self.scales) not in (1, space.shape[0]):
            raise CompositionError(
                f"{len(self.scales)} scales were given for {space.shape[0]} features or channels; "
                f"expected one for each, or one number, as in {EXAMPLE}."
            )
        sides = [1] * (len(space.shape) - 1)
        self.register_buffer("deviation", torch.tensor(self.scales).reshape(-1, *sides))

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``."""
        batch, y, s = trace.batch, trace.input, self.deviation
        way = _direction(y, trace.drawn)
        if batch.observed is not None:
            way = way.where(batch.observed, 0.0)
        found = trace.p.mean
        moved = codec.encode(y + STEP * s * way, batch.context, trace.seen).mean
        change = (codec.decode(moved, batch.context).mean - found) * way / STEP
        cells = (found - y).square() / 2 + s * change - s.square() / 2
        return (
            (cells if batch.observed is None else cells.where(batch.observed, 0.0))
            .flatten(1)
            .sum(1)
        )


def _direction(y: Tensor, drawn: bool) -> Tensor:
    """Return random signs, ``(B, *E)``: the same for every row where nothing may be drawn."""
    if drawn:
        return 2.0 * torch.randint(0, 2, y.shape, device=y.device) - 1
    fixed = torch.randint(0, 2, y.shape[1:], generator=torch.Generator().manual_seed(0))
    return (2.0 * fixed - 1).to(y.device).expand_as(y)
