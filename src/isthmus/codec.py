"""Codec and Trace: x -> q(z | x) -> z -> p(x | z)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from isthmus.backbones import Backbone, Gathers, Stem
from isthmus.corruptions import Corruption
from isthmus.latents import Latent, Sparse
from isthmus.likelihoods import Likelihood
from isthmus.space import Batch, Space


@dataclass(frozen=True)
class Trace:
    """Everything that one pass through a codec leaves behind.

    Attributes
    ----------
    batch
        What went in, clean: the target.
    input
        ``x~``, what the encoder saw, ``(B, *E)``.
    q
        ``q(z | x~)``, elementwise over ``(B, d, *G)``.
    code
        The code that was decoded: z itself, or where it is sparse what it is told by.
    p
        ``p(x | z)``, elementwise over ``(B, *E)``.
    drawn
        Whether z was drawn from q, or is its mean.
    seen
        Which cells the encoder was told are known, ``(B, *E)``; None: all. A corruption may have
        hidden some that are known in ``batch``.

    Examples
    --------
    >>> import torch
    >>> from isthmus import Dense, Normal, Point
    >>> from isthmus.space import Vector
    >>> codec = Codec(Vector(6), Point(2), Normal(), Dense((8,)))
    >>> trace = codec(Batch(torch.zeros(3, 6)), draw=False)
    >>> trace.p.log_prob(trace.batch.x).shape, trace.drawn
    (torch.Size([3, 6]), False)
    """

    batch: Batch
    input: Tensor
    q: Distribution
    code: Tensor | Sparse
    p: Distribution
    drawn: bool = True
    seen: Tensor | None = None

    @property
    def z(self) -> Tensor:
        """The code that was decoded, ``(B, d, *G)``; a sparse one is laid out when asked for."""
        return self.code.value if isinstance(self.code, Sparse) else self.code


class Codec(nn.Module):
    """An encoder and a decoder, with what their numbers mean.

    Parameters
    ----------
    space
        What x is.
    latent, likelihood, backbone, corruption
        The parts, as templates: the codec makes its own from them.
    context
        How many numbers it is conditioned on.
    forgetting
        In training, the share of rows whose context is hidden, all zero, so that the codec
        knows what to do where none is given.

    Attributes
    ----------
    code_shape
        ``(d, *G)``, of one code.

    Examples
    --------
    >>> import torch
    >>> from isthmus import Bernoulli, Dense, Gaussian
    >>> from isthmus.space import Batch, Vector
    >>> codec = Codec(Vector(6, support="binary"), Gaussian(2), Bernoulli(), Dense((8,)))
    >>> trace = codec(Batch(torch.ones(3, 6)))
    >>> trace.z.shape, trace.p.mean.shape
    (torch.Size([3, 2]), torch.Size([3, 6]))
    """

    def __init__(
        self,
        space: Space,
        latent: Latent,
        likelihood: Likelihood,
        backbone: Backbone,
        corruption: Corruption | None = None,
        context: int = 0,
        forgetting: float = 0.0,
    ) -> None:
        super().__init__()
        self.space = space
        self.context = context
        self.forgetting = forgetting
        self.likelihood = likelihood.on(space)
        self.corruption = corruption.on(space) if corruption is not None else None
        self.stem = Stem(space)
        backbone.check(space)
        grid = backbone.grid(space)
        self.latent = latent.on(grid)
        self.code_shape = (self.latent.dim, *grid)
        self.encoder = backbone.encoder(self.stem.space, self.latent.raw, context)
        self.decoder = backbone.decoder(
            self.latent.dim, self.likelihood.raw_shape(), space, context
        )
        backbone.tie(self.encoder, self.decoder)
        backbone.begin(self.stem.table, self.encoder, self.decoder)

    def encode(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Distribution:
        """Return ``q(z | x)`` from ``(B, *E)``."""
        # Under reduced precision the networks emit half floats; what follows needs them whole.
        context = self._given(context, x)
        return self.latent(self.encoder(self.stem(x, observed), context).to(x.dtype))

    def decode(self, z: Tensor | Sparse, context: Tensor | None = None) -> Distribution:
        """Return ``p(x | z)`` from ``(B, d, *G)``."""
        return self.likelihood(self.raw(z, context))

    def raw(self, z: Tensor | Sparse, context: Tensor | None = None) -> Tensor:
        """Return the decoder's own numbers, ``(B, *raw_shape)``, from ``(B, d, *G)``."""
        if isinstance(z, Sparse):
            if isinstance(self.decoder, Gathers):
                given = self._given(context, z.values)
                return self.decoder.gather(z.values, z.indices, given).to(z.values.dtype)
            z = z.value
        return self.decoder(z, self._given(context, z)).to(z.dtype)

    @property
    def breadth(self) -> int:
        """The most numbers that a row is, as it comes in or as the decoder writes it."""
        return max(self.space.size, self.likelihood.raw_shape().numel())

    def forward(self, batch: Batch, *, input: Tensor | None = None, draw: bool = True) -> Trace:
        """Corrupt, encode, draw, decode.

        Parameters
        ----------
        batch
            The clean rows.
        input
            What the encoder sees instead of a fresh corruption of them.
        draw
            Draw the code from ``q``; otherwise it is the mean of ``q``, and the pass
            repeats exactly.
        """
        batch = self._forgetful(batch)
        if self.training:
            self.likelihood.watch(batch)
        seen = self._corrupted(batch) if input is None else replace(batch, x=input)
        q = self.encode(seen.x, batch.context, seen.observed)
        code = q if isinstance(q, Sparse) else q.rsample() if draw else q.mean
        p = self.decode(code, batch.context)
        return Trace(batch, seen.x, q, code, p, draw, seen.observed)

    def _corrupted(self, batch: Batch) -> Batch:
        return batch if self.corruption is None else self.corruption.seen(batch)

    def _given(self, context: Tensor | None, x: Tensor) -> Tensor | None:
        """Return the context: nothing, all zero, where a conditional codec is given none.

        A codec that knows of none passes over what terms may be told beside the rows.
        """
        if not self.context:
            return None
        return x.new_zeros(len(x), self.context) if context is None else context

    def _forgetful(self, batch: Batch) -> Batch:
        if not (self.training and self.forgetting and batch.context is not None):
            return batch
        kept = torch.rand(len(batch), 1, device=batch.x.device) >= self.forgetting
        return replace(batch, context=batch.context * kept)
