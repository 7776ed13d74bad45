"""The contractive penalty: how far a small change of x moves the code, or comes through."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase  # pyright: ignore[reportPrivateUsage]

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.objectives.as_trained import as_trained, uncompiled
from isthmus.objectives.base import Term
from isthmus.ranges import whole
from isthmus.space import Table

MAPS = ("codes", "reconstruction")
FEW, DRAWN = 8, 1
"""Up to how many outputs it is computed output by output, and of more by how many projections.

One, drawn anew at each step, trains as well as the whole, at a fraction of its cost."""
EXACT, FIXED = 32, 8
"""The same where nothing may be drawn: the projections are then fixed."""
NORMALISATIONS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


class Jacobian(Term):
    """The squared Frobenius norm of a map's Jacobian, ``||df/dx~||^2 = sum_ij (df_i/dx~_j)^2``.

    The contractive penalty (Rifai et al., 2011, "Contractive auto-encoders: explicit invariance
    during feature extraction"). ``f`` is the encoder's mean, or the reconstruction ``E[x | z]``
    at the code's mean (Alain and Bengio, 2014, arXiv:1211.4246), as once trained: dropout is
    off, batch normalisation uses its running averages. Derivatives to and from unknown cells
    don't count.

    A weight of ``w`` on the reconstruction costs, in nats, what noise of variance ``2 w`` on x~
    would cost `NLL` with a unit `Normal`, to first order: 0.005 stands for a noise of 0.1. On the
    codes it costs ``w`` nats for every squared unit by which unit steps of x~ move them.

    Of the codes alone it is undone by codes ever smaller and a decoder ever larger, unless the
    decoder reads the encoder's own weights, as in ``Dense(tied=True)``.

    Parameters
    ----------
    of
        ``"codes"``, which needs tied weights; ``"reconstruction"``; or None: codes where
        weights are tied.
    projections
        How many random projections estimate it, without bias: ``E_v ||J^T v||^2 = ||J||^2``
        with ``v`` of random signs (Hutchinson, 1990). None: it is exact up to 8 outputs, above
        which it is one projection, drawn anew at each step. On a pass whose code was not drawn
        (when rows are scored) it is exact up to 32, above which fixed ones take their place: at
        least 8.

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 0.005 * Jacobian()
    NLL() + 0.005 * Jacobian()
    """

    def __init__(self, of: str | None = None, projections: int | None = None) -> None:
        super().__init__()
        example = "Jacobian('reconstruction', projections=4)"
        if of is not None and of not in MAPS:
            raise CompositionError(
                f"of={of!r} was given; expected None, 'codes' or 'reconstruction', as in {example}."
            )
        self.of = of
        self.projections = projections
        if projections is not None:
            self.projections = whole("projections", projections, 1, example=example)

    def build(self, codec: Codec) -> None:
        """Choose the map, and check that the penalty means something for it."""
        space = codec.space
        if space.support == "categories" or (isinstance(space, Table) and space.categories):
            raise CompositionError(
                f"{self!r} was given for categories, between which there are no small steps. "
                "Use corruption=Masking(0.25) against small changes of x."
            )
        if self.of == "codes" and not scale_is_fixed(codec):
            raise CompositionError(
                f"{self!r} was given for a decoder with weights of its own, which undoes it: codes "
                "shrink and the decoder grows. Tie the weights, as in backbone=Dense(tied=True) "
                "without normalisation, or use Jacobian('reconstruction')."
            )
        self.of = self.of or _fitting(codec)

    @uncompiled
    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``."""
        learning = torch.is_grad_enabled()
        # The map is run again, from an x~ that has a gradient: rows that are scored have none.
        with torch.enable_grad(), as_trained(codec):
            x = trace.input.detach().requires_grad_()
            y = self._mapped(codec, x, trace)
            pulled = [
                torch.autograd.grad(y, x, v, create_graph=learning, retain_graph=True)[0]
                for v in self._directions(y.detach(), trace.drawn)
            ]
            sums = [each.square().flatten(1).sum(1) for each in pulled]
            found = torch.stack(sums).sum(0)
        return found if learning else found.detach()

    def _mapped(self, codec: Codec, x: Tensor, trace: Trace) -> Tensor:
        """Return ``f(x~)``, ``(B, *)``, zero where the outcome is not known."""
        batch = trace.batch
        z = codec.encode(x, batch.context, trace.seen).mean
        if (self.of or _fitting(codec)) == "codes":
            return z
        mean = codec.decode(z, batch.context).mean
        return mean if batch.observed is None else mean.where(batch.observed, 0.0)

    def _directions(self, y: Tensor, drawn: bool) -> Iterator[Tensor]:
        """Yield each v of ``sum_v ||J^T v||^2``, ``(B, *)``: unit vectors, or random signs."""
        outputs = y[0].numel()
        if self.projections is None and outputs <= (FEW if drawn else EXACT):
            for unit in torch.eye(outputs, device=y.device):
                yield unit.reshape(y[0].shape).expand_as(y)
            return
        many, shape, generator = self.projections or DRAWN, y.shape, None
        if not drawn:
            # The same for every row: a row's score must not hang on where in a batch it is.
            many, shape, generator = max(many, FIXED), y[:1].shape, torch.Generator().manual_seed(0)
        for _ in range(many):
            device = y.device if drawn else "cpu"
            bits = torch.randint(0, 2, shape, generator=generator, device=device)
            yield ((2 * bits - 1) / many**0.5).to(y).expand_as(y)


def scale_is_fixed(codec: Codec) -> bool:
    """Whether smaller codes can't be made up for by a decoder with larger weights.

    It has none of its own then: none but biases, and no normalisation to undo the scale.
    """
    decoder = codec.decoder
    own = any(each.dim() > 1 for each in decoder.parameters())
    return not own and not any(isinstance(each, NORMALISATIONS) for each in decoder.modules())


def _fitting(codec: Codec) -> str:
    return "codes" if scale_is_fixed(codec) else "reconstruction"
