"""Fitted: what a trained codec does with the user's own data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_array, check_is_fitted
from torch import Tensor

from isthmus import inference
from isthmus.adapters import Adapter
from isthmus.codec import Codec
from isthmus.errors import CompositionError, DataError
from isthmus.objectives import Objective
from isthmus.randomness import RandomState, seed_from, seeded
from isthmus.space import Batch


class Fitted:
    """What every fitted model does, a chunk of rows at a time.

    Attributes
    ----------
    codec_, objective_, adapter_
        The trained networks with their meaning, what they were trained for, and what stands
        between the user's data and them.
    spread_ : Tensor
        The standard deviation of the training data's codes, ``(d,)``.
    seed_ : int
        The seed that training used.
    """

    codec_: Codec
    objective_: Objective
    adapter_: Adapter
    spread_: Tensor
    seed_: int
    random_state: RandomState

    def transform(self, X: Any) -> np.ndarray:
        """Return the codes of ``X``, the mean of ``q(z | x)``: ``(n, d)``."""
        codec, _ = self._fitted()
        found = self._over(X, lambda batch: inference.codes(codec, batch).flatten(1))
        return found.numpy().astype(_float_dtype(X), copy=False)

    def inverse_transform(self, Z: Any) -> Any:
        """Decode codes ``(n, d)`` into data of the kind that was fitted."""
        _, adapter = self._fitted()
        values: Any = check_array(Z, dtype="float32", input_name="Z")
        if values.shape[1] != self.latent_size_:
            raise DataError(
                f"Codes of {values.shape[1]} numbers were given; this model's have "
                f"{self.latent_size_}. Use codes that its transform returned."
            )
        return adapter.inverse_transform(self._decoded(torch.from_numpy(values)))

    def reconstruct(self, X: Any) -> Any:
        """Encode and decode ``X``: the same kind of thing comes back, with holes filled."""
        codec, adapter = self._fitted()
        found = self._over(X, lambda batch: inference.reconstructions(codec, batch))
        return adapter.inverse_transform(found, like=X)

    def sample(
        self,
        n: int = 1,
        *,
        near: Any = None,
        radius: float = 1.0,
        noise: bool = False,
        random_state: RandomState = None,
    ) -> Any:
        """Generate ``n`` rows: from the prior, or from round a reference row.

        Parameters
        ----------
        n
            How many.
        near
            One row of data: codes are then drawn round its code instead of the prior.
        radius
            How far round it, in standard deviations of the training data's codes.
        noise
            Draw from ``p(x | z)`` as well, instead of taking the point that stands for it.
        random_state
            A seed for this call; None: the model's own.
        """
        codec, adapter = self._fitted()
        if n < 1:
            raise DataError(f"sample({n}) was asked for; expected at least 1.")
        chosen = self.random_state if random_state is None else random_state
        with seeded(seed_from(chosen)):
            if near is not None:
                z = self._code_of(near) + radius * self.spread_ * torch.randn(n, self.latent_size_)
            elif self.objective_.fits_prior:
                z = codec.latent.prior.expand((n, self.latent_size_)).sample()
            else:
                raise CompositionError(
                    f"{type(self).__name__} was not trained to match a prior, so there is none to "
                    "sample from. Use sample(n, near=row), or a VAE."
                )
            return adapter.inverse_transform(self._decoded(z, noise))

    def interpolate(self, a: Any, b: Any, steps: int = 10) -> Any:
        """Decode ``steps`` codes on the straight line from row ``a`` to row ``b``."""
        _, adapter = self._fitted()
        if steps < 2:
            raise DataError(f"steps={steps} was given; expected at least 2, one for each end.")
        here, there = self._code_of(a), self._code_of(b)
        share = torch.linspace(0, 1, steps)[:, None]
        return adapter.inverse_transform(self._decoded(here + share * (there - here)))

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the negative objective of each row at its mean code: ``(n,)`` nats.

        Higher is more normal. No draw is made: the same row gets the same score each time.
        """
        codec, _ = self._fitted()
        return self._over(X, lambda b: inference.scores(codec, self.objective_, b)).double().numpy()

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of `score_samples`: higher is better."""
        return float(self.score_samples(X).mean())

    def log_likelihood(self, X: Any, samples: int = 100) -> np.ndarray:
        """Estimate ``log p(x)`` of each row by importance sampling: ``(n,)`` nats.

        In the user's units, over the known cells; on average a lower bound, tighter the more
        ``samples`` (Burda et al., 2016, arXiv:1509.00519).
        """
        codec, adapter = self._fitted()
        if not codec.latent.has_density:
            raise CompositionError(
                f"{type(self).__name__} has no density: its latent is {codec.latent!r}. Use "
                "score_samples, or a VAE."
            )
        if samples < 1:
            raise CompositionError(f"samples={samples} was given; expected at least 1.")
        volume = adapter.log_volume()
        return self._over(
            X, lambda batch: inference.log_likelihoods(codec, batch, samples, volume, self.seed_)
        ).numpy()

    @property
    def latent_size_(self) -> int:
        """How many numbers a code holds."""
        return len(self.spread_)

    def _fitted(self) -> tuple[Codec, Adapter]:
        check_is_fitted(self, "codec_")
        return self.codec_, self.adapter_

    def _over(self, X: Any, function: Callable[[Batch], Tensor]) -> Tensor:
        return inference.over(self.codec_, self.adapter_, self.adapter_.rows(X), function)

    def _code_of(self, row: Any) -> Tensor:
        """Return the code of one row, ``(1, d)``."""
        codec, adapter = self._fitted()
        one = adapter.one(row)
        return self._over(one, lambda batch: inference.codes(codec, batch).flatten(1))

    def _decoded(self, z: Tensor, noise: bool = False) -> Tensor:
        return inference.decoded(self.codec_, z, noise)


def _float_dtype(X: Any) -> np.dtype[Any]:
    """Return the dtype for codes of ``X``: its own where it is a float, else numpy's."""
    dtype: Any = getattr(X, "dtype", None)
    known = isinstance(dtype, np.dtype) and dtype.kind == "f"  # pyright: ignore[reportUnknownMemberType]
    return dtype if known else np.dtype(np.float64)
