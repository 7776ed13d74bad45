"""Denoiser: noise taken off, learned from clean rows or from noisy ones alone."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from isthmus.adapters import Adapter, Images, Sequences, Sounds, Vectors, adapter_for, files_in
from isthmus.adapters.sound_files import are_sounds, sounds_in
from isthmus.backbones import Backbone, Dense, SpectralMask, UNet
from isthmus.corruptions import Corruption, Noise
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import Composed, DenoisingAutoencoder
from isthmus.objectives import NLL, SURE
from isthmus.randomness import RandomState
from isthmus.ranges import number
from isthmus.tasks.base import Kept, Task
from isthmus.tasks.long_sounds import pieces, restored
from isthmus.tasks.quality import psnr

STEPS, EPOCHS = 1_500, (4, 60)
"""About how many steps the default network trains for, within so many passes."""
BATCH = 32
FRAME = 64
"""How many samples of a sound are seen together."""
LEVELS = Noise((0.0, 0.5))
"""What clean rows are damaged by where nothing is said: any noise up to this."""


class Denoiser(OneToOneFeatureMixin, TransformerMixin, Task):
    """Take noise off pictures, series and rows of numbers.

    From clean rows it learns to undo a ``corruption``, drawn anew at every step (Vincent et al.,
    2008): by default Gaussian noise of any level up to half the range from black to white, or
    half a standard deviation. Where no clean row is to be had, and it is known how strong the
    ``noise`` is, noisy ones are enough: the squared error to what they were is then estimated
    from them alone (Stein, 1981; see `SURE`).

    `transform` gives back the same kind of thing: pictures as bytes or floats, series as an array
    or a list. Sounds are learned in pieces, and may be of any length.

    Parameters
    ----------
    model
        What is trained, a template: any family but conditional ones; with ``noise`` an
        `Autoencoder`, a `DenoisingAutoencoder` or a `Composed` of `NLL` alone. None: a
        `UNet` for pictures and series, a `SpectralMask` for sounds, a wide `Dense` network for
        rows.
    corruption
        What clean rows are damaged by, in units of the adapted data; None: what the model names,
        or else ``Noise((0.0, 0.5))``.
    noise
        The rows of `fit` are noisy themselves: the standard deviation of their Gaussian noise, in
        their own units, independent from cell to cell.
    adapter
        How the data become tensors, such as ``Sequences()`` for an array ``(n, steps, channels)``,
        which would else be pictures; None: chosen from the data.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    model_
        The fitted model, an ordinary one.
    adapter_
        What stands between the user's data and it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import Denoiser, DenoisingAutoencoder, UNet
    >>> X = load_digits().images / 16
    >>> noisy = X + np.random.default_rng(0).normal(0, 0.3, X.shape)
    >>> model = DenoisingAutoencoder(
    ...     latent_dim=8, backbone=UNet((16, 32)), epochs=4, batch_size=32, learning_rate=4e-3
    ... )
    >>> denoiser = Denoiser(model, random_state=0).fit(X[:1500])
    >>> denoiser.transform(noisy[1500:]).shape
    (297, 8, 8)
    >>> denoiser.score(noisy[1500:], X[1500:]) > 13  # 10.5 dB before
    True
    """

    model_: BaseAutoencoder
    adapter_: Adapter

    def __init__(
        self,
        model: BaseAutoencoder | None = None,
        corruption: Corruption | None = None,
        *,
        noise: float | None = None,
        adapter: Adapter | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.corruption = corruption
        self.noise = noise
        self.adapter = adapter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X``: clean rows, or noisy ones whose ``noise`` is known; ``y`` is ignored.

        Raises
        ------
        CompositionError
            If the model, the corruption or the noise won't do.
        DataError
            If the data can't be used as they are.
        """
        self._check()
        rows = at_hand(X)
        adapter = self._adapter_for(rows)
        rows = pieces(adapter, rows) if isinstance(adapter, Sounds) else rows
        if self.noise is None:
            model = self._from_clean(adapter, count(rows))
        else:
            model = self._from_noisy(adapter, rows)
        seeded: Any = model
        seeded.set_params(adapter=adapter, random_state=self.random_state)
        return self._taken(model.fit(rows))

    def transform(self, X: Any) -> Any:
        """Return ``X`` with its noise taken off: of the same kind, shape and dtype.

        Raises
        ------
        DataError, SupportError
            If ``X`` is not like the data that were fitted.
        """
        check_is_fitted(self, "model_")
        if isinstance(self.adapter_, Sounds):
            return restored(self.model_, X)
        return self.model_.reconstruct(X)

    def score(self, X: Any, y: Any) -> float:
        """Return the mean peak signal-to-noise ratio of ``transform(X)`` beside ``y``, in dB.

        Parameters
        ----------
        X, y
            Noisy rows, and the same rows clean.
        """
        return float(psnr(y, self.transform(X)).mean())

    def kept(self) -> Kept:
        """Return what was learned."""
        check_is_fitted(self, "model_")
        return Kept([self.model_])

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        (model,) = kept.models
        return self._taken(model)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _taken(self, model: BaseAutoencoder) -> Self:
        self.model_, self.adapter_ = model, model.adapter_
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if hasattr(model, name):
                setattr(self, name, getattr(model, name))
        return self

    def _check(self) -> None:
        """Raise `CompositionError` for arguments that can't be meant."""
        given: Any = self.model
        if given is not None and (not isinstance(given, BaseAutoencoder) or given.conditional):
            raise CompositionError(
                f"model={given!r} was given; expected a model that learns from rows alone, such as "
                "DenoisingAutoencoder() or VAE(), not fitted."
            )
        wanted: Any = self.corruption
        if wanted is not None and not isinstance(wanted, Corruption):
            raise CompositionError(
                f"corruption={wanted!r} was given; expected a Corruption such as Noise(0.2). The "
                "standard deviation of noise that is in the data already goes to noise=."
            )
        if self.noise is None:
            return
        number("noise", self.noise, 0, without=(0,), example="Denoiser(noise=0.25)")
        if wanted is not None or (given is not None and given.corruption is not None):
            raise CompositionError(
                f"noise={self.noise!r} was given with a corruption; expected one of them: noise "
                "that the rows have, or a corruption that clean ones are to be damaged by."
            )

    def _adapter_for(self, X: Any) -> Any:
        """Return an adapter, not fitted, that takes noisy values."""
        chosen = self.adapter or (self.model.adapter if self.model is not None else None)
        if chosen is None and are_sounds(X):
            # Noise adds up in the wave, and in nothing that is made of it.
            chosen = Sounds(frame=FRAME, representation="waveform")
        if chosen is None:
            backbone = self.model.backbone if self.model is not None else None
            chosen = adapter_for(X, None, backbone.spaces if backbone else None)
        adapter: Any = clone(chosen)
        if isinstance(adapter, Images):
            # Noisy pixels lie anywhere, also where the clean ones are black and white.
            return adapter.set_params(support="unit", beyond=True)
        if isinstance(adapter, Sequences | Vectors) and adapter.support in (None, "binary", "unit"):
            return adapter.set_params(support="real")
        return adapter

    def _from_clean(self, adapter: Adapter, rows: int) -> BaseAutoencoder:
        model: Any = default(adapter, rows) if self.model is None else clone(self.model)
        return model.set_params(corruption=self.corruption or model.corruption or LEVELS)

    def _from_noisy(self, adapter: Adapter, X: Any) -> BaseAutoencoder:
        """Return a model of the equation that noisy rows can be learned from by."""
        if isinstance(adapter, Sounds) and adapter.representation != "waveform":
            raise CompositionError(
                f"noise={self.noise!r} was given with adapter={adapter!r}; noise that adds up in "
                "the wave doesn't in its spectra: use Sounds(representation='waveform')."
            )
        data: Any = clone(adapter)
        batch = data.fit_transform(X)
        scale = _scale(data, batch.x, float(self.noise or 0))
        template = default(adapter, len(batch)) if self.model is None else self.model
        recipe = template.recipe()
        if repr(1 * recipe.objective) != repr(1 * NLL()):
            raise CompositionError(
                f"noise={self.noise!r} was given with a model that minimises {recipe.objective!r}; "
                "expected one of NLL() alone, in whose place the estimate goes: use "
                "Autoencoder(latent_dim=16)."
            )
        shared = BaseAutoencoder().get_params(deep=False)
        settings = {name: getattr(template, name) for name in shared}
        settings["backbone"] = settings["backbone"] or recipe.backbone
        settings["corruption"] = None
        return Composed(**settings, latent=recipe.latent, objective=SURE(scale))


def default(adapter: Adapter, rows: int) -> BaseAutoencoder:
    """Return the model for data that an adapter is for, and so many rows."""
    passes = STEPS * BATCH // max(rows, 1)
    backbone: Backbone
    if isinstance(adapter, Images | Sequences):
        latent, backbone = 8, UNet((16, 32))
    elif isinstance(adapter, Sounds):
        latent, backbone = FRAME, SpectralMask()
    else:
        latent, backbone = 64, Dense((256,), activation="gelu")
    return DenoisingAutoencoder(
        latent_dim=latent,
        backbone=backbone,
        epochs=min(max(passes, EPOCHS[0]), EPOCHS[1]),
        batch_size=BATCH,
        learning_rate=4e-3,
        patience=None,
    )


def at_hand(X: Any) -> Any:
    """Return the files of a folder, and anything else as it is: something that has a length."""
    if not isinstance(X, str | Path):
        return X if hasattr(X, "__len__") else np.asarray(X)
    return sounds_in(Path(X)) if are_sounds(X) else files_in(Path(X))


def count(rows: Any) -> int:
    """Return how many rows there are; a sparse matrix, which adapters refuse, has no length."""
    return int(rows.shape[0]) if hasattr(rows, "shape") else len(rows)


def _scale(adapter: Adapter, x: Tensor, noise: float) -> float | list[float]:
    """Return the noise in units of the adapted data: one number, or one for each channel."""
    per_cell = torch.exp(adapter.log_volume(x)).double() * noise
    if not per_cell.dim():
        return float(per_cell)
    values = np.atleast_1d(per_cell.flatten(1).mean(1) if per_cell.dim() > 1 else per_cell)
    return [float(each) for each in values]
