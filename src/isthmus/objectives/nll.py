"""The reconstruction term: how surprising x is, given its code."""

from torch import Tensor

from isthmus.codec import Codec, Trace
from isthmus.objectives.base import Term


class NLL(Term):
    """The negative log-likelihood of the clean row, ``-log p(x | z)``, over its known cells.

    With a unit `Normal` it is half the squared error plus a constant, with a unit
    `Laplace` the absolute error plus a constant, with `Bernoulli` the binary cross-entropy.

    Examples
    --------
    >>> from isthmus import KL
    >>> NLL() + KL()
    NLL() + KL()
    """

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``: the sum over features."""
        return -cells(trace).flatten(1).sum(1)


def cells(trace: Trace) -> Tensor:
    """Return ``log p(x | z)`` of each cell, ``(B, *E)``; zero where it is unknown."""
    log_p = trace.p.log_prob(trace.batch.x)
    observed = trace.batch.observed
    return log_p if observed is None else log_p.where(observed, 0.0)
