"""The vector-quantised autoencoder."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Nearest, Quantised
from isthmus.objectives import NLL, Commitment
from isthmus.ranges import number
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class VQVAE(BaseAutoencoder):
    """The vector-quantised autoencoder: codes are whole numbers, entries of codebooks.

    Minimises ``E_x [-log p(x | e_k) + beta/2 |f(x) - sg(e_k)|^2 / s^2]`` with ``e_k`` the
    entries nearest to ``f(x)``, group by group, and ``s^2`` their variance; entries follow what
    falls to them (van den Oord et al., 2017, arXiv:1711.00937). `transform` returns the
    entries, `indices` the whole numbers.

    Parameters
    ----------
    latent_dim
        The code size, ``d``; with a backbone that keeps a grid, at each of its positions.
    codes
        Entries of each codebook.
    groups
        Into how many equal parts a code is cut, each with a codebook of its own. None: one
        where the backbone keeps a grid of codes, else as many as `Quantised` makes.
    beta
        The weight of the commitment term. Too much of it, where the likelihood has few nats to
        offer, and the encoder clings to its first entries.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().images
    >>> model = VQVAE(latent_dim=8, codes=64, epochs=2, random_state=0).fit(X)
    >>> model.indices(X).shape
    (1797, 4)
    >>> model.from_indices([[0, 1, 2, 3]]).shape
    (1, 8, 8)
    """

    latent_dim: int = 16
    codes: int = 512
    groups: int | None = None
    beta: float = 0.02

    def recipe(self) -> Recipe:
        """Return ``NLL() + beta * Commitment()`` over codebooks."""
        beta = number("beta", self.beta, 0, example="VQVAE(beta=0.02)")
        latent = Quantised(self.latent_dim, self.codes, self.groups)
        return Recipe(latent=latent, objective=NLL() + beta * Commitment())

    def indices(self, X: Any) -> np.ndarray:
        """Return which entries the codes of ``X`` are: ``(n, groups * positions)`` ints.

        Row by row in the order of ``(groups, *G)``, with ``*G`` the latent grid; each is below
        ``codes``.
        """
        codec, _ = self._fitted()

        def found(batch: Any) -> torch.Tensor:
            q = codec.encode(batch.x, batch.context, batch.observed)
            assert isinstance(q, Nearest)
            return q.indices.flatten(1)

        return self._over(X, found).numpy()

    def from_indices(self, indices: Any) -> Any:
        """Decode what `indices` returned into data of the kind that was fitted.

        Raises
        ------
        DataError
            If they are not whole numbers below ``codes``, as many a row as the model has.
        """
        codec, adapter = self._fitted()
        latent = codec.latent
        assert isinstance(latent, Quantised)
        shape = (latent.groups, *codec.code_shape[1:])
        given = np.asarray(indices)
        wide = int(np.prod(shape))
        fits = given.ndim == 2 and given.shape[1] == wide and given.dtype.kind in "iu"
        if not (fits and len(given) and 0 <= given.min() and given.max() < latent.codes):
            raise DataError(
                f"Indices of shape {given.shape} and type {given.dtype} were given; expected "
                f"(n, {wide}) whole numbers from 0 to {latent.codes - 1}. Use what indices(X) "
                "returned."
            )
        where = torch.from_numpy(given.astype(np.int64)).reshape(-1, *shape)
        z = latent.looked_up(where.to(latent.entries.device)).flatten(1).cpu()
        return adapter.inverse_transform(self._decoded(z))
