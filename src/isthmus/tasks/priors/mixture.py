"""A mixture of Gaussians over codes, fitted by expectation maximisation."""

import math
import warnings
from typing import Any

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor

from isthmus.ranges import number, whole
from isthmus.tasks.priors.base import Prior

TRIED = (1, 4, 16, 64)
"""The numbers of components to choose among."""
FEWEST = 20
"""How many codes there should be for each component."""
MOST = 10_000
"""From how many codes it is fitted."""
ROUNDS = 50
"""Of expectation and maximisation, at most."""


class Mixture(Prior):
    """A mixture of Gaussians, ``p(z) = sum_k w_k N(z; m_k, S_k)``, with full covariances.

    Parameters
    ----------
    components
        How many; None: of 1, 4, 16 and 64 the one that codes kept aside are likeliest under.
    jitter
        What is added to each variance, of codes of variance 1, so that none collapses on a code.

    Examples
    --------
    >>> import torch
    >>> two = torch.tensor([[-1.0], [1.0]]).repeat(50, 1)
    >>> prior = Mixture(2, jitter=0.01).fitted(two)
    >>> bool(prior.log_prob(torch.tensor([[1.0]])) > prior.log_prob(torch.tensor([[0.0]])))
    True
    """

    weight: Tensor
    mean: Tensor
    root: Tensor

    def __init__(self, components: int | None = None, jitter: float = 1e-3) -> None:
        super().__init__()
        example = "Mixture(16)"
        self.components = components and whole("components", components, 1, example=example)
        if components == 0:
            whole("components", components, 1, example=example)
        self.jitter = number("jitter", jitter, 0, without=(0,), example="jitter=1e-3")
        for name in ("weight", "mean", "root"):
            self.register_buffer(name, None)

    def learn(self, u: Tensor, aside: Tensor, seed: int) -> None:
        """Fit each number of components; keep the best."""
        u = u[torch.randperm(len(u))[:MOST]]
        room = max(1, len(u) // FEWEST)
        tried = [self.components] if self.components else [k for k in TRIED if k <= room]
        best = -math.inf
        for components in tried:
            found = self._found(u, min(components, len(u)), seed)
            reached = float(found.score(aside.double().numpy()))
            if reached > best:
                best = reached
                self._take(found)

    def density(self, u: Tensor) -> Tensor:
        """Return ``logsumexp_k log w_k + log N(u; m_k, S_k)``."""
        # (n, K, D): how far, in deviations of each component
        away = torch.einsum("nkd,kde->nke", u[:, None] - self.mean, self._whitening())
        log_scale = self.root.diagonal(dim1=1, dim2=2).log().sum(1)
        constant = self.size * math.log(2 * math.pi) / 2
        each = -away.square().sum(2) / 2 - log_scale - constant
        return torch.logsumexp(each + self.weight.log(), dim=1)

    def draw(self, n: int) -> Tensor:
        """Return ``m_k + L_k eps`` for k drawn by weight."""
        k = torch.multinomial(self.weight, n, replacement=True)
        noise = torch.randn(n, self.size)
        return self.mean[k] + torch.einsum("nde,ne->nd", self.root[k], noise)

    def _whitening(self) -> Tensor:
        """Return the inverse of each root, transposed: ``(K, D, D)``."""
        unit = torch.eye(self.size).expand_as(self.root)
        return torch.linalg.solve_triangular(self.root, unit, upper=False).mT

    def _found(self, u: Tensor, components: int, seed: int) -> GaussianMixture:
        how: Any = {"reg_covar": self.jitter, "random_state": seed, "max_iter": ROUNDS}
        with warnings.catch_warnings():
            # The last bit of likelihood is not worth its time, nor a word about it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return GaussianMixture(components, **how).fit(u.double().numpy())

    def _take(self, found: GaussianMixture) -> None:
        self.weight = torch.from_numpy(found.weights_).float()
        self.mean = torch.from_numpy(found.means_).float()
        root = torch.linalg.cholesky(torch.from_numpy(found.covariances_))
        self.root = root.float().contiguous()  # as a file has it: products round by layout
