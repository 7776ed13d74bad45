"""Fitted: what a trained codec does with the user's own data."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import torch
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted
from torch import Tensor

from isthmus import inference
from isthmus.adapters import Adapter, Conditions
from isthmus.codec import Codec
from isthmus.errors import CompositionError, DataError
from isthmus.objectives import Objective
from isthmus.randomness import RandomState, seed_from, seeded
from isthmus.space import Batch


class Fitted(TransformerMixin):
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
    condition_ : Conditions or None
        What the rows are conditioned on, in a family that is conditional. Its methods then take
        ``y``, the condition of each row, or one for all; without it the condition counts as
        unknown. Other families ignore ``y``.
    """

    codec_: Codec
    objective_: Objective
    adapter_: Adapter
    spread_: Tensor
    seed_: int
    condition_: Conditions | None
    random_state: RandomState

    def transform(self, X: Any, y: Any = None) -> Any:
        """Return the codes of ``X``, the mean of ``q(z | x)``: ``(n, d)``, in X's float dtype.

        An array, or the frame that ``set_output`` asked for.

        Raises
        ------
        DataError, SupportError
            If ``X`` is not like the data that were fitted. So do all methods that take data.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(X).transform(X).shape
        (20, 2)
        """
        codec, _ = self._fitted()
        found = self._over(X, lambda batch: inference.codes(codec, batch).flatten(1), y)
        return found.numpy().astype(_float_dtype(X), copy=False)

    def inverse_transform(self, Z: Any, y: Any = None) -> Any:
        """Decode codes ``(n, d)`` into data of the kind that was fitted, in its units.

        Raises
        ------
        DataError
            If the codes are of another size than the model's.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> model = Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> model.inverse_transform([[0.0, 0.0]]).shape
        (1, 3)
        """
        _, adapter = self._fitted()
        values: Any = check_array(Z, dtype="float32", input_name="Z")
        if values.shape[1] != self.latent_size_:
            raise DataError(
                f"Codes of {values.shape[1]} numbers were given; this model's have "
                f"{self.latent_size_}. Use codes that its transform returned."
            )
        return adapter.inverse_transform(self._decoded(torch.from_numpy(values), y))

    def reconstruct(self, X: Any, y: Any = None) -> Any:
        """Encode and decode ``X``: the same kind of thing comes back, with holes filled.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(X).reconstruct(X).shape
        (20, 3)
        """
        codec, adapter = self._fitted()
        found = self._over(X, lambda batch: inference.reconstructions(codec, batch), y)
        return adapter.inverse_transform(found, like=X)

    def sample(
        self,
        n: int = 1,
        *,
        y: Any = None,
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
        y
            What they are conditioned on: one for all, or one for each.
        near
            One row of data: codes are then drawn round its code instead of the prior. It is
            encoded under ``y`` where that is one condition for all, else under an unknown one;
            a `ConditionalVAE` makes a row over into another kind by ``change``.
        radius
            How far round it, in standard deviations of the training data's codes.
        noise
            Draw from ``p(x | z)`` as well, instead of taking the point that stands for it.
        random_state
            A seed for this call; None: the model's own.

        Raises
        ------
        CompositionError
            If there is neither a row nor a prior that the codes were matched to, or if there is
            a condition and the model has none.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import VAE
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> model = VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> model.sample(4).shape, model.sample(4, near=X[0], radius=0.1).shape
        ((4, 3), (4, 3))
        """
        codec, adapter = self._fitted()
        self._check_condition(y)
        _check_count("n", n, 1)
        if not radius >= 0:
            raise DataError(f"radius={radius} was given; expected 0 or more.")
        chosen = self.random_state if random_state is None else random_state
        with seeded(seed_from(chosen)):
            if near is not None:
                z = self._code_of(near, y) + radius * self.spread_ * torch.randn(
                    n, self.latent_size_
                )
            elif self.objective_.fits_prior:
                z = codec.latent.prior.expand((n, self.latent_size_)).sample()
            else:
                raise CompositionError(
                    f"{type(self).__name__} was not trained to match a prior, so there is none to "
                    "sample from. Use sample(n, near=row), or a VAE."
                )
            return adapter.inverse_transform(self._decoded(z, y, noise))

    def interpolate(self, a: Any, b: Any, steps: int = 10, y: Any = None) -> Any:
        """Decode ``steps`` codes on the straight line from row ``a`` to row ``b``.

        Both rows are encoded under ``y`` where that is one condition for all, else under an
        unknown one; the codes between are decoded under it, or each under its own.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> model = Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> model.interpolate(X[0], X[1], steps=5).shape
        (5, 3)
        """
        _, adapter = self._fitted()
        self._check_condition(y)
        _check_count("steps", steps, 2)
        here, there = self._code_of(a, y), self._code_of(b, y)
        share = torch.linspace(0, 1, steps)[:, None]
        return adapter.inverse_transform(self._decoded(here + share * (there - here), y))

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the negative objective of each row at its mean code: ``(n,)`` nats.

        Higher is more normal. No draw is made: the same row gets the same score each time. The
        nats are those that training minimised, of the scaled data; `log_likelihood` is in the
        user's units.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(X).score_samples(X).shape
        (20,)
        """
        codec, _ = self._fitted()
        found = self._over(X, lambda batch: inference.scores(codec, self.objective_, batch), y)
        return found.double().numpy()

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of `score_samples`, in nats: higher is better."""
        return float(self.score_samples(X, y).mean())

    def log_likelihood(self, X: Any, samples: int = 100, y: Any = None) -> np.ndarray:
        """Estimate ``log p(x)`` of each row by importance sampling: ``(n,)`` nats.

        ``log (1/k) sum_i p(x | z_i) p(z_i) / q(z_i | x)``: on average a lower bound, tighter
        the more ``samples`` (Burda et al., 2016, arXiv:1509.00519). It is in the user's units,
        over the known cells. The draws are those of the model's seed, in the order of the rows.

        Raises
        ------
        CompositionError
            If the model has no density, such as a plain autoencoder.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import VAE
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> VAE(latent_dim=2, epochs=1, random_state=0).fit(X).log_likelihood(X).shape
        (20,)
        """
        codec, _ = self._fitted()
        if not codec.latent.has_density:
            raise CompositionError(
                f"{type(self).__name__} has no density: its latent is {codec.latent!r}. Use "
                "score_samples, or a VAE."
            )
        volume = self._volume()
        _check_count("samples", samples, 1)
        with seeded(self.seed_, next(codec.parameters()).device):
            return self._over(
                X, lambda batch: inference.log_likelihoods(codec, batch, samples, volume), y
            ).numpy()

    @property
    def latent_size_(self) -> int:
        """How many numbers a code holds."""
        return len(self.spread_)

    def _fitted(self) -> tuple[Codec, Adapter]:
        check_is_fitted(self, "codec_")
        return self.codec_, self.adapter_

    def _over(self, X: Any, function: Callable[[Batch], Tensor], y: Any = None) -> Tensor:
        rows = self.adapter_.rows(X)
        return inference.over(
            self.codec_, self.adapter_, rows, function, self._context(y, len(rows))
        )

    def _volume(self) -> inference.Volume:
        """Return the log-volume of each cell, which brings ``log p(x | z)`` to the user's units."""
        codec, adapter = self._fitted()
        if codec.likelihood.relative:
            raise CompositionError(
                f"{codec.likelihood!r} gives nats that are relative: they are no density. Use "
                "score_samples, or a likelihood that isn't balanced, such as Mixed()."
            )
        # Probabilities of discrete values don't change with their units; densities do.
        return torch.zeros_like if codec.likelihood.discrete else adapter.log_volume

    def _check_condition(self, y: Any) -> None:
        """Refuse to make rows of a kind without knowing kinds.

        Methods that read rows pass over ``y`` instead, as scikit-learn's do.
        """
        if self.condition_ is None and y is not None:
            raise CompositionError(
                f"y was given, and {type(self).__name__} knows no conditions. Leave it out, or fit "
                "a ConditionalVAE."
            )

    def _context(self, y: Any, rows: int) -> Tensor | None:
        """Return ``y`` as the codec takes it, ``(rows, C)``; None where it is not conditional."""
        if self.condition_ is None or y is None:
            return None
        return self.condition_.transform(y, rows)

    def _code_of(self, row: Any, y: Any = None) -> Tensor:
        """Return the code of one row, ``(1, d)``."""
        codec, adapter = self._fitted()
        one = adapter.one(row)
        known = self.condition_
        alone = y if known is not None and y is not None and known.is_one(y) else None
        return self._over(one, lambda batch: inference.codes(codec, batch).flatten(1), alone)

    def _decoded(self, z: Tensor, y: Any = None, noise: bool = False) -> Tensor:
        return inference.decoded(self.codec_, z, noise, self._context(y, len(z)))


def _check_count(name: str, value: Any, least: int) -> None:
    if not (isinstance(value, Integral) and int(value) >= least):
        raise DataError(f"{name}={value!r} was given; expected a whole number from {least} up.")


def _float_dtype(X: Any) -> np.dtype[Any]:
    """Return the dtype for codes of ``X``: its own where it is a float, else numpy's."""
    dtype: Any = getattr(X, "dtype", None)
    known = isinstance(dtype, np.dtype) and dtype.kind == "f"  # pyright: ignore[reportUnknownMemberType]
    return dtype if known else np.dtype(np.float64)
