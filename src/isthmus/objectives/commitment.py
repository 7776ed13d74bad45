"""The commitment term: the encoder keeps to the entries that its codes were replaced by."""

from torch import Tensor

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.latents import Nearest, Quantised
from isthmus.objectives.base import Term


class Commitment(Term):
    """Half the squared distance of the encoder's numbers from the entries they gave way to.

    ``1/2 sum_d |f(x)_d - sg(e)_d|^2``, over the whole latent grid, where ``sg`` lets no
    gradient pass: it moves the encoder alone (van den Oord et al., 2017, arXiv:1711.00937).
    In nats it is ``-log N(f(x); e, 1)`` but for its constant, so a weight is a precision: with
    ``Normal()`` as the likelihood, the weight is the paper's beta.

    Examples
    --------
    >>> from isthmus import NLL
    >>> NLL() + 0.25 * Commitment()
    NLL() + 0.25 * Commitment()
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
        gap = trace.q.encoded - trace.q.value.detach()
        return gap.square().flatten(1).sum(1) / 2
