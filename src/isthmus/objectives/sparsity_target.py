"""The divergence of mean activities from a target: few codes are active at a time."""

from torch import Tensor

from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.latents import Point
from isthmus.objectives.base import Term
from isthmus.ranges import number

NEVER = 1e-6
"""Mean activities are kept this far from 0 and 1, where the divergence is infinite."""


class SparsityTarget(Term):
    """The divergence of each code's mean activity from a target, ``sum_j KL(rho || rho_j)``.

    ``KL(rho || rho_j) = rho log(rho / rho_j) + (1 - rho) log((1 - rho) / (1 - rho_j))``, where
    ``rho_j`` is the mean of code ``j`` over the batch, read as the share of rows in which it is
    active (Ng, 2011, "Sparse autoencoder"; Lee, Ekanadham and Ng, 2008, "Sparse deep belief net
    model for visual area V2"). In nats. It needs codes from 0 to 1.

    Parameters
    ----------
    rho
        The target, between 0 and 1.

    Examples
    --------
    >>> from isthmus import NLL, Composed, Point
    >>> Composed(latent=Point(64, activation="sigmoid"), objective=NLL() + 3 * SparsityTarget())
    Composed(latent=Point(64, activation='sigmoid'), objective=NLL() + 3 * SparsityTarget())
    """

    of_batch = True

    def __init__(self, rho: float = 0.05) -> None:
        super().__init__()
        self.rho = number("rho", rho, 0, 1, without=(0, 1), example="SparsityTarget(0.05)")

    def build(self, codec: Codec) -> None:
        """Check that codes lie between 0 and 1."""
        latent = codec.latent
        if not (isinstance(latent, Point) and latent.activation == "sigmoid"):
            raise CompositionError(
                f"{self!r} needs codes from 0 to 1, as shares of rows are, and the latent is "
                f"{latent!r}. Use latent=Point({latent.dim}, activation='sigmoid'), or L1()."
            )

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``()``: the sum over codes."""
        mean = trace.z.mean(0).clamp(NEVER, 1 - NEVER)
        active, idle = (self.rho / mean).log(), ((1 - self.rho) / (1 - mean)).log()
        return (self.rho * active + (1 - self.rho) * idle).sum()
