"""The joint normal: what cells tell of one another, as far as it is linear."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

NUMBERS = 2**22
"""At most how many numbers are worked on at once."""
WORK = 5e8
"""At most how many multiplications a round of fitting takes: of more rows, some tell enough."""
LEAST = 1e-4
"""What the variance of a standardised number is taken to be at least."""


@dataclass(frozen=True)
class JointNormal:
    """``x ~ N(mu, S)``, fitted to rows with holes; and what is known of a row tells of its holes.

    ``E[x_h | x_o] = mu_h + S_ho S_oo^-1 (x_o - mu_o)``, with variance ``S_hh - S_ho S_oo^-1
    S_oh``, for the holes h and what is observed, o. It is fitted by expectation maximisation
    (Dempster, Laird and Rubin, 1977; Little and Rubin, 2019, "Statistical Analysis with Missing
    Data", chapter 11): the likeliest one, though no row may be whole, where chained regressions
    go round and round on what they filled in themselves.

    Attributes
    ----------
    mean, covariance
        ``(d,)`` and ``(d, d)``, in double precision.

    Examples
    --------
    >>> x = torch.randn(100, 1, generator=torch.Generator().manual_seed(0)).repeat(1, 2)
    >>> normal = JointNormal.fit(x, torch.ones_like(x, dtype=torch.bool))
    >>> mean, variance = normal.given(torch.tensor([[2.0, 0.0]]), torch.tensor([[True, False]]))
    >>> [round(each, 1) for each in mean[0].tolist()]
    [2.0, 2.0]
    """

    mean: Tensor
    covariance: Tensor

    @classmethod
    def fit(
        cls,
        x: Tensor,
        observed: Tensor,
        *,
        strength: float = 1.0,
        rounds: int = 50,
        tolerance: float = 3e-3,
        start: Self | None = None,
    ) -> Self:
        """Fit it to rows ``(n, d)``; ``strength`` rows' worth of independence is added to them.

        It ends once no correlation changes by ``tolerance`` or more, or after so many ``rounds``.
        """
        most = max(200, int(WORK / x.shape[1] ** 3))
        if len(x) > most:
            places = torch.linspace(0, len(x) - 1, most).long()
            x, observed = x[places], observed[places]
        x, known = x.double(), observed.double()
        count = known.sum(0).clamp(min=1)
        mean = (x * known).sum(0) / count
        variance = ((x - mean).square() * known).sum(0) / count
        base = variance.clamp(min=LEAST).diag()
        made = start or cls(mean, base)
        for _ in range(rounds):
            filled, spare = made._completed(x, observed)
            mean = filled.mean(0)
            apart = filled - mean
            covariance = (apart.mT @ apart + spare + strength * base) / (len(x) + strength)
            deviation = covariance.diagonal().sqrt()
            change = ((covariance - made.covariance) / deviation / deviation[:, None]).abs().max()
            made = cls(mean, covariance)
            if change < tolerance:
                break
        return made

    def given(self, x: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance of each number given the known ones of its row: ``(B, d)``."""
        means, variances = list[Tensor](), list[Tensor]()
        for rows, known in self._parts(x, observed):
            _, regression, which, hidden = self._regressions(known)
            means.append(self._filled(rows, known, regression[which]))
            variances.append(hidden.diagonal(dim1=1, dim2=2).clamp(min=0)[which])
        return torch.cat(means), torch.cat(variances)

    def _completed(self, x: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Return the filled rows, and the summed covariance of what was filled in."""
        filled = list[Tensor]()
        spare = torch.zeros_like(self.covariance)
        for rows, known in self._parts(x, observed):
            counts, regression, which, hidden = self._regressions(known)
            filled.append(self._filled(rows, known, regression[which]))
            spare += torch.einsum("p,pij->ij", counts.double(), hidden)
        return torch.cat(filled), spare

    def _parts(self, x: Tensor, observed: Tensor) -> list[tuple[Tensor, Tensor]]:
        size = max(1, NUMBERS // len(self.mean) ** 2)
        return list(zip(x.double().split(size), observed.split(size), strict=True))

    def _filled(self, x: Tensor, observed: Tensor, regression: Tensor) -> Tensor:
        apart = ((x - self.mean) * observed)[:, None]  # (B, 1, d)
        return x.where(observed, self.mean + (apart @ regression)[:, 0])

    def _regressions(self, observed: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return for each pattern of holes how often it is there, what predicts them, the pattern
        of each row, and the covariance that is left: ``(P,)``, ``(P, d, d)``, ``(B,)``, ``(P, d,
        d)``.
        """
        patterns, which, counts = observed.unique(dim=0, return_inverse=True, return_counts=True)
        o = patterns.double()
        # Of S_oo, with ones on the diagonal elsewhere: all patterns then have one shape.
        inner = o[:, :, None] * self.covariance * o[:, None] + torch.diag_embed(1 - o)
        across = o[:, :, None] * self.covariance
        regression = torch.cholesky_solve(across, torch.linalg.cholesky(inner))
        hole = 1 - o
        left = (self.covariance - across.mT @ regression) * hole[:, :, None] * hole[:, None]
        return counts, regression, which, left
