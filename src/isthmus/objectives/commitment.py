"""The commitment term: the encoder keeps to the entries that its codes were replaced by."""

from torch import Tensor

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.latents import Nearest, Quantised
from isthmus.objectives.base import Term


class Commitment(Term):
    """Half the squared distance of the encoder's numbers from the entries they gave way to.

    ``1/2 sum_d |f(x)_d - sg(e)_d|^2 / s_d^2``, over the whole latent grid, where ``sg`` lets
    no gradient pass and ``s^2`` is the variance of the codebook: it moves the encoder alone.
    In nats it is ``-log N(f(x); e, s^2)`` but for its constants, and at most about ``d / 2``,
    were nothing left of the codes; a weight says what losing all of them by quantising costs.

    In van den Oord et al. (2017, arXiv:1711.00937) the distance is absolute. But the scale of
    a code means nothing, and such a term grows with it while everything else gets better, so
    that the loss on rows kept aside calls for an end far too early.

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 0.02 * Commitment()
    NLL() + 0.02 * Commitment()
    """

    def build(self, codec: Codec) -> None:
        """Check that the codec has codebooks.

        Raises
        ------
        CompositionError
            If its latent is not `Quantised`.
        """
        if not isinstance(codec.latent, Quantised):
            raise CompositionError(
                f"{self!r} needs a latent with codebooks; {codec.latent!r} has none. Use "
                "latent=Quantised(d), or leave Commitment() out."
            )

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``: the sum over codes."""
        assert isinstance(trace.q, Nearest)
        assert isinstance(codec.latent, Quantised)
        gap = trace.q.encoded - trace.q.value.detach()
        # Laid over (B, d, *G).
        variance = codec.latent.variance.reshape(-1, *[1] * (gap.dim() - 2))
        return (gap.square() / variance).flatten(1).sum(1) / 2
