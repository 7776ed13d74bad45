"""The k-sparse autoencoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from scipy import sparse
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from isthmus import inference
from isthmus.backbones import Dictionary
from isthmus.codec import Codec
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.examples import MOST, Entries, Examples
from isthmus.latents import Sparse, TopK
from isthmus.objectives import NLL, Revive
from isthmus.ranges import number
from isthmus.recipe import Recipe
from isthmus.space import Batch

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 2**21
"""How many numbers of sparse codes are looked at together."""
TINY = 1e-30
"""Keeps a share finite where all codes together add nothing."""


@dataclass(kw_only=True, eq=False, repr=False)
class KSparseAutoencoder(BaseAutoencoder):
    """The k-sparse autoencoder: of a wide code, each row uses the ``k`` largest numbers.

    Minimises ``E_x [-log p(x | z)]`` with ``z = relu(top_k(W x + c))`` and ``x_hat = z V + b``
    (Makhzani and Frey, 2014, arXiv:1312.5663), so that x is written as a sum of few rows of a
    dictionary. Codes that fall silent are taught what the others leave over, by
    ``revive * Revive()`` (Gao et al., 2024, arXiv:2406.04093); how many are dead stands in
    the history.

    With codes of many more numbers than x has, it tells what a network's activations are made
    of: `top_examples` shows what a code stands for, `explain` what a row is made of.

    Parameters
    ----------
    latent_dim
        How many codes there are, ``D``.
    k
        How many of them a row uses.
    tied
        Whether encoder and decoder share their weights, ``V = W``.
    revive
        The weight of the revival of dead codes; 0: none.
    sparse_output
        Whether `transform` returns a scipy CSR matrix, which keeps the few numbers that aren't
        zero, and not an array of ``(n, D)``.

    Attributes
    ----------
    examples_ : Examples
        The rows last learned from on which each code was strongest, ten of each.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data
    >>> model = KSparseAutoencoder(latent_dim=256, k=8, epochs=5, random_state=0).fit(X)
    >>> Z = model.set_params(sparse_output=True).transform(X)
    >>> Z.shape, Z.nnz <= 8 * len(X)
    ((1797, 256), True)
    >>> code = model.explain(X[0])["code"][0]
    >>> model.top_examples(code, n=3).columns.tolist()
    ['row', 'activation']
    """

    latent_dim: int = 1024
    k: int = 32
    tied: bool = False
    revive: float = 1 / 32
    sparse_output: bool = False

    def recipe(self) -> Recipe:
        """Return ``NLL() + revive * Revive()`` over the k largest codes."""
        weight = number("revive", self.revive, 0, example="KSparseAutoencoder(revive=1/32)")
        for name in ("tied", "sparse_output"):
            if not isinstance(value := getattr(self, name), bool | np.bool_):
                raise CompositionError(f"{name}={value!r} was given; expected True or False.")
        return Recipe(
            latent=TopK(self.latent_dim, self.k),
            objective=NLL() + weight * Revive() if weight else NLL(),
            backbone=Dictionary(bool(self.tied)),
        )

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X``, and remember where each code is strongest; ``y`` is ignored."""
        return super().fit(X, y)._remember(X)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X`` once more, and remember where in it each code is strongest."""
        return super().partial_fit(X, y)._remember(X)

    def transform(self, X: Any, y: Any = None) -> Any:
        """Return the codes of ``X``, ``(n, D)``: an array, or with ``sparse_output`` a CSR matrix.

        The matrix is in single precision, and made a block of rows at a time: the whole array is
        never held.
        """
        if not self.sparse_output:
            return super().transform(X, y)
        _, adapter = self._fitted()
        rows = adapter.rows(X)
        parts = [self._matrix(rows[block]) for block in self._blocks(len(rows))]
        return sparse.vstack(parts, format="csr")

    def inverse_transform(self, Z: Any, y: Any = None) -> Any:
        """Decode codes ``(n, D)``, an array or a sparse matrix, into data of the kind fitted."""
        if not sparse.issparse(Z):
            return super().inverse_transform(Z, y)
        _, adapter = self._fitted()
        codes: Any = sparse.csr_matrix(Z, dtype=np.float32)
        super().inverse_transform(codes[:1].toarray())  # refuses what is not a code
        size = inference.chunk_size(self.codec_.breadth)
        parts = (codes[first : first + size].toarray() for first in range(0, codes.shape[0], size))
        x = [self._decoded(torch.from_numpy(each)) for each in parts]
        return adapter.inverse_transform(torch.cat(x))

    def top_examples(self, code: int, n: int = MOST, X: Any = None) -> "pd.DataFrame":
        """Return the rows on which a code is strongest, the strongest first.

        Parameters
        ----------
        code
            Which, from 0.
        n
            How many at most; of the rows learned from, ten are remembered.
        X
            Other data to look through; None: the rows that the model last learned from.

        Returns
        -------
        DataFrame
            ``row``, its number from 0, and ``activation``, how strong the code is there. Rows on
            which it is zero are left out.

        Raises
        ------
        DataError
            If there is no such code, or fewer rows are remembered.

        Examples
        --------
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(50, 4))
        >>> model = KSparseAutoencoder(latent_dim=8, k=2, epochs=5, random_state=0).fit(X)
        >>> found = model.top_examples(3, n=2)
        >>> bool(np.allclose(model.transform(X)[found["row"], 3], found["activation"]))
        True
        """
        import pandas as pd

        check_is_fitted(self, "examples_")
        code = _whole("code", code, 0, self.codec_.latent.dim - 1)
        n = _whole("n", n, 1)
        if X is not None:
            found = Examples.among(self._entries(X, code), codes=1, most=n).of(0, n)
        elif n <= MOST:
            found = self.examples_.of(code, n)
        else:
            raise DataError(
                f"n={n} was given; of the rows learned from, {MOST} are remembered for each code. "
                f"Use top_examples({code}, {n}, X=...) with the data to look through."
            )
        return pd.DataFrame({"row": found[0], "activation": found[1]})

    def explain(self, row: Any, n: int = 10) -> "pd.DataFrame":
        """Return which codes a row is made of, those that explain most of it first.

        Parameters
        ----------
        row
            One row of data.
        n
            How many codes at most.

        Returns
        -------
        DataFrame
            ``code``; ``activation``, how strong it is; ``adds``, the norm of what it adds to the
            decoder's numbers, ``x_hat - x_hat without it``; ``share``, how much of what all codes
            add together points that way, ``<added, total> / |total|^2``, which over all codes of
            a linear decoder comes to 1; ``examples``, the rows where the code is strongest.

        Examples
        --------
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(50, 4))
        >>> model = KSparseAutoencoder(latent_dim=8, k=2, epochs=5, random_state=0).fit(X)
        >>> bool(np.isclose(model.explain(X[0])["share"].sum(), 1))
        True
        """
        import pandas as pd

        check_is_fitted(self, "examples_")
        n = _whole("n", n, 1)
        codes, activation, added, total = self._parts(self._code_of(row))
        share = added @ total / total.square().sum().clamp(min=TINY)
        order = share.argsort(descending=True, stable=True)[:n]
        return pd.DataFrame(
            {
                "code": codes[order].numpy(),
                "activation": activation[order].numpy(),
                "adds": added.norm(dim=1)[order].numpy(),
                "share": share[order].numpy(),
                "examples": [self.examples_.of(int(each))[0].tolist() for each in codes[order]],
            }
        )

    @torch.no_grad()
    def _parts(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the codes that speak in ``(1, D)``, how strongly, what each adds, and what all do.

        These are ``(m,)``, ``(m,)``, ``(m, numbers)`` and ``(numbers,)``, on the CPU.
        """
        codec, device = self.codec_, next(self.codec_.parameters()).device
        z = z.reshape(1, *codec.code_shape)
        strength = z.reshape(z.shape[1], -1).amax(1)
        codes = strength.nonzero().flatten()
        # Row i of these lacks code i; the last but one lacks nothing, the last everything.
        lacking = z.repeat(len(codes) + 2, *(1 for _ in codec.code_shape))
        lacking[torch.arange(len(codes)), codes] = 0
        lacking[-1] = 0
        raw = codec.raw(lacking.to(device)).flatten(1).cpu()
        return codes, strength[codes], raw[-2] - raw[:-2], raw[-2] - raw[-1]

    def _remember(self, X: Any) -> Self:
        self.examples_ = Examples.among(self._entries(X), self.codec_.latent.dim)
        return self

    def _own(self) -> dict[str, Tensor]:
        return self.examples_._asdict()

    def _take_own(self, tensors: dict[str, Tensor]) -> None:
        found, shape = Examples(**tensors), (self.latent_dim, MOST)
        if not (found.rows.shape == found.values.shape == shape and found.rows.dtype == torch.long):
            raise ValueError(f"the rows of each code's examples are no {shape} whole numbers")
        self.examples_ = found

    def _entries(self, X: Any, only: int | None = None) -> Iterator[Entries]:
        """Yield the numbers that aren't zero, block by block; ``only`` one code's, as code 0."""
        rows = self.adapter_.rows(X)
        for block in self._blocks(len(rows)):
            matrix = self._matrix(rows[block]).tocoo()
            codes = matrix.col // prod(self.codec_.code_shape[1:])
            there = slice(None) if only is None else codes == only
            codes = codes[there] * (only is None)
            yield Entries(codes, matrix.row[there] + block.start, matrix.data[there])

    def _blocks(self, rows: int) -> Iterator[slice]:
        latent = self.codec_.latent
        assert isinstance(latent, TopK)
        size = max(1, BLOCK // (latent.k * prod(self.codec_.code_shape[1:])))
        return (slice(first, min(first + size, rows)) for first in range(0, rows, size))

    def _matrix(self, rows: Any) -> sparse.csr_matrix:
        """Return the codes of checked rows, ``(n, D)``, without what is zero."""
        codec = self.codec_
        found = inference.over(codec, self.adapter_, rows, lambda batch: _told(codec, batch))
        values, places = found.unbind(1)
        matrix = sparse.csr_matrix(
            (
                values.flatten().numpy().astype(np.float32),
                places.flatten().numpy().astype(np.int32),
                np.arange(len(values) + 1) * values.shape[1],
            ),
            shape=(len(values), self.latent_size_),
        )
        matrix.eliminate_zeros()
        matrix.sort_indices()
        return matrix


def _told(codec: Codec, batch: Batch) -> Tensor:
    """Return a sparse code's values and their places among all of its numbers: ``(B, 2, K)``."""
    q = codec.encode(batch.x, batch.context, batch.observed)
    assert isinstance(q, Sparse)
    cells = prod(q.raw.shape[2:])
    values, codes = (each.reshape(len(q.raw), -1, cells) for each in (q.values, q.indices))
    places = codes * cells + torch.arange(cells, device=codes.device)
    # Double precision holds every place exactly, so that both travel as one tensor.
    return torch.stack([values.flatten(1).double(), places.flatten(1).double()], dim=1)


def _whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return a whole number of the range, or say what was expected."""
    fits = isinstance(value, Integral) and int(value) >= least
    if not fits or (most is not None and int(value) > most):
        expected = f"from {least} up" if most is None else f"from {least} to {most}"
        raise DataError(f"{name}={value!r} was given; expected a whole number {expected}.")
    return int(value)
