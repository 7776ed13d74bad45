"""Inpainter: what is covered, or unknown, filled in by what is round it."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from isthmus.adapters import Adapter, Files, Images, Sequences, adapter_for, files_in
from isthmus.adapters.base import cast, plain
from isthmus.backbones import Conv, Dense, UNet
from isthmus.corruptions import AnyOf, Corruption, Masking, Occlusion
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import DenoisingAutoencoder
from isthmus.randomness import RandomState, seed_from
from isthmus.ranges import number
from isthmus.tasks.base import Kept, Task
from isthmus.tasks.covered import found, residuals, threshold
from isthmus.tasks.quality import psnr

STEPS, EPOCHS, BATCH = 1_500, (4, 60), 32
"""About how many steps the default networks train for, within so many passes."""
HIDDEN = AnyOf((Occlusion((0.1, 0.6)), Occlusion((0.1, 0.4)), Masking((0.0, 0.8))))
"""What is hidden in training where nothing is said."""
COVERED = AnyOf(
    (
        Occlusion((0.0, 0.5)),
        Occlusion((0.0, 0.5), value=0.5),
        Occlusion((0.0, 0.5), value=1.0),
        Masking((0.0, 0.3)),
    )
)
"""What the network that finds covered places learns to see through."""
LARGE = 4096
"""From how many numbers a picture is too large for a layer that connects all of them."""
ROUNDS = 2
TRAINING = (
    "epochs",
    "batch_size",
    "learning_rate",
    "validation_fraction",
    "patience",
    "precision",
    "device",
    "verbose",
)
"""In what the network that finds follows the one that fills in."""


class Inpainter(OneToOneFeatureMixin, TransformerMixin, Task):
    """Fill in the parts of pictures and series that are covered, lost or unknown.

    A network that is told what is hidden learns to say what was there, from rows that are whole:
    blocks, stretches and single cells are hidden from it, others at every step (Pathak et al.,
    2016, arXiv:1604.07379; Vincent et al., 2008). What it meets in use need not look like that.

    Where no ``mask`` is given, and nothing is NaN, covered places are **found**: a second network,
    with a code so narrow that it can only draw what rows look like, draws the row as it should be.
    How far a place lies outside of what is drawn there and next to it is averaged over 5 cells a
    side; above a threshold it counts as covered, and so does what hangs together with it above half
    of that. Specks are dropped, holes closed, the rim added; then it is done once more from the row
    as filled. The threshold is that which only a share of the whole rows of `fit`,
    ``false_alarms``, reaches anywhere. A cover that looks like what it covers can't be found.

    Known cells come back as they were, to the last bit, and so do kind, shape and dtype.

    Parameters
    ----------
    model
        What fills in, a template: any family but conditional ones. None: a
        `DenoisingAutoencoder` on a `UNet`.
    occlusion
        What is hidden in training; None: what the model names, or else blocks of a tenth to six
        tenths of each side, and single cells, up to 80 in 100.
    find
        Learn to find covered places, too.
    false_alarms
        The share of rows with nothing covered in which something may be taken for it.
    adapter
        How the data become tensors, such as ``Sequences()`` for an array ``(n, steps, channels)``,
        which would else be pictures; None: chosen from the data.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    model_, finder_
        The fitted models, ordinary ones: that which fills in, and that which finds, or None.
    threshold_
        The mean difference from which a place counts as covered, in units of the adapted data.
    adapter_
        What stands between the user's data and the networks.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import DenoisingAutoencoder, Inpainter, UNet
    >>> X = load_digits().images / 16
    >>> model = DenoisingAutoencoder(latent_dim=8, backbone=UNet((16, 32)), epochs=4)
    >>> inpainter = Inpainter(model, find=False, random_state=0).fit(X[:1500])
    >>> mask = np.zeros((8, 8), bool)
    >>> mask[2:5, 2:5] = True
    >>> restored = inpainter.transform(np.where(mask, 1.0, X[1500:]), mask)
    >>> bool((restored == X[1500:])[:, ~mask].all())
    True
    """

    model_: BaseAutoencoder
    finder_: BaseAutoencoder | None
    threshold_: float | None
    adapter_: Adapter

    def __init__(
        self,
        model: BaseAutoencoder | None = None,
        occlusion: Corruption | None = None,
        *,
        find: bool = True,
        false_alarms: float = 0.01,
        adapter: Adapter | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.occlusion = occlusion
        self.find = find
        self.false_alarms = false_alarms
        self.adapter = adapter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from whole rows ``X``; NaN in them is unknown; ``y`` is ignored.

        Raises
        ------
        CompositionError
            If the model or the occlusion won't do.
        DataError
            If the data are neither pictures nor series, or can't be used as they are.
        """
        self._check()
        rows: Any = files_in(Path(X)) if isinstance(X, str | Path) else X
        adapter: Any = self._adapter_for(rows)
        seed = seed_from(self.random_state)
        model: Any = default(len(rows)) if self.model is None else clone(self.model)
        corruption = self.occlusion or model.corruption or HIDDEN
        model.set_params(corruption=corruption, random_state=seed)
        told: Any = clone(adapter)
        model.set_params(adapter=told.set_params(holes=True)).fit(rows)
        finder: Any = None
        if self.find:
            finder = finding(adapter, rows)
            finder.set_params(**{name: getattr(model, name) for name in TRAINING})
            finder.set_params(adapter=adapter, random_state=seed).fit(rows)
        self.model_, self.finder_, self.adapter_ = model, finder, model.adapter_
        self.threshold_ = None
        if finder is not None:
            rate = float(self.false_alarms)
            self.threshold_ = threshold(residuals(finder, rows), rate)
        return self

    def transform(self, X: Any, mask: Any = None) -> Any:
        """Return ``X`` with what is hidden filled in; a folder comes back as an array.

        Parameters
        ----------
        X
            Pictures or series as in `fit`.
        mask
            True where hidden: of the shape of ``X``, without its channels, or of one row for all.
            None: where ``X`` is NaN; or, if nothing is, where something is found to be covered.

        Raises
        ------
        DataError
            If ``X`` is not like what was fitted, or the mask not like ``X``.
        CompositionError
            If covered places would have to be found, and that was not learned.
        """
        check_is_fitted(self, "model_")
        values = self._values(X)
        hidden = self._hidden(values, mask)
        return self._filled(values, hidden)

    def covered(self, X: Any) -> Any:
        """Return where something is found to be covered: truth values, of the shape of ``X``.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> X = load_digits().images / 16
        >>> model = DenoisingAutoencoder(latent_dim=8, backbone=UNet((8,)), epochs=1)
        >>> Inpainter(model, random_state=0).fit(X[:200]).covered(X[200:203]).shape
        (3, 8, 8)
        """
        check_is_fitted(self, "model_")
        if self.finder_ is None or self.threshold_ is None:
            raise CompositionError(
                "find=False was given, so where rows are covered can't be found. Give transform "
                "a mask, or rows with NaN where they are, or fit an Inpainter(find=True)."
            )
        values = self._values(X)
        hidden = [np.zeros(np.shape(each), bool) for each in values]
        filled = values
        for _ in range(ROUNDS):
            places = found(self.finder_, values, filled, self.threshold_)
            hidden = [
                np.broadcast_to(each if each.ndim == old.ndim else each[..., None], old.shape)
                for each, old in zip(places, hidden, strict=True)
            ]
            filled = self._filled(values, hidden)
        return hidden if isinstance(values, list) else np.stack(hidden)

    def score(self, X: Any, y: Any, mask: Any = None) -> float:
        """Return the mean peak signal-to-noise ratio of ``transform(X, mask)`` beside ``y``, in dB.

        Parameters
        ----------
        X, y
            Rows of which something is covered, and the same rows whole.
        mask
            As in `transform`.
        """
        return float(psnr(y, self.transform(X, mask)).mean())

    def kept(self) -> Kept:
        """Return what was learned."""
        check_is_fitted(self, "model_")
        models = [self.model_] if self.finder_ is None else [self.model_, self.finder_]
        return Kept(models, {"threshold": self.threshold_})

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        self.model_, *others = kept.models
        self.finder_ = others[0] if others else None
        self.adapter_ = self.model_.adapter_
        told = kept.facts["threshold"]
        self.threshold_ = None if told is None else float(told)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check(self) -> None:
        given: Any = self.model
        if given is not None and (not isinstance(given, BaseAutoencoder) or given.conditional):
            raise CompositionError(
                f"model={given!r} was given; expected a model that learns from rows alone, such as "
                "DenoisingAutoencoder(), not fitted."
            )
        wanted: Any = self.occlusion
        if wanted is not None and not (isinstance(wanted, Corruption) and wanted.hides):
            raise CompositionError(
                f"occlusion={wanted!r} was given; expected a corruption that hides cells, such as "
                "Occlusion(0.25) or Masking(0.5)."
            )
        number("false_alarms", self.false_alarms, 0, 1, example="Inpainter(false_alarms=0.01)")

    def _adapter_for(self, rows: Any) -> Adapter:
        """Return an adapter of pictures or series, not fitted."""
        chosen = self.adapter or (self.model.adapter if self.model is not None else None)
        if chosen is None:
            backbone = self.model.backbone if self.model is not None else None
            chosen = adapter_for(rows, None, backbone.spaces if backbone else None)
        if not isinstance(chosen, Images | Sequences):
            raise DataError(
                "Rows of a table were given; expected pictures, (n, height, width), a folder of "
                "them, or series with adapter=Sequences(). An Imputer fills the holes of tables."
            )
        adapter: Any = clone(chosen)
        # What covers a picture may be of any value.
        return adapter.set_params(beyond=True) if isinstance(adapter, Images) else adapter

    def _values(self, X: Any) -> Any:
        """Return the rows as an array, or a list of arrays, of their own dtype."""
        rows = self.adapter_.rows(X)
        if isinstance(rows, Files):
            return self.adapter_.inverse_transform(self.adapter_.batch(rows).x)
        return rows

    def _hidden(self, values: Any, mask: Any) -> list[np.ndarray]:
        """Return which cells of each row are hidden."""
        unknown = [np.isnan(each) for each in values]
        if mask is None:
            if any(each.any() for each in unknown) or self.finder_ is None:
                self._check_known(unknown)
                return unknown
            return list(self.covered(values))
        given = _masks(mask, values)
        return [each | known for each, known in zip(given, unknown, strict=True)]

    def _check_known(self, unknown: list[np.ndarray]) -> None:
        if not any(each.any() for each in unknown):
            raise CompositionError(
                "No mask was given, nothing is NaN, and find=False: what is hidden can't be told. "
                "Give a mask, or fit an Inpainter(find=True)."
            )

    def _filled(self, values: Any, hidden: list[np.ndarray]) -> Any:
        """Return the rows with what the model says in the cells that are hidden."""
        holed: Any = [
            np.where(lost, np.nan, each) for each, lost in zip(values, hidden, strict=True)
        ]
        listed = isinstance(values, list)
        made = self.model_.reconstruct(holed if listed else np.stack(holed))
        rows = [
            np.where(lost, cast(new, old.dtype), old)
            for old, new, lost in zip(values, made, hidden, strict=True)
        ]
        return rows if listed else np.stack(rows)


def default(rows: int) -> BaseAutoencoder:
    """Return the model that fills in, for so many rows."""
    passes = STEPS * BATCH // max(rows, 1)
    return DenoisingAutoencoder(
        latent_dim=8,
        backbone=UNet((16, 32, 64)),
        epochs=min(max(passes, EPOCHS[0]), EPOCHS[1]),
        batch_size=BATCH,
        learning_rate=3e-3,
        patience=None,
    )


def finding(adapter: Any, X: Any) -> BaseAutoencoder:
    """Return the model that draws rows as they should be, through a narrow code."""
    data: Any = clone(adapter)
    space = data.fit(X).space_
    large = space.size > LARGE
    return DenoisingAutoencoder(
        latent_dim=min(16, max(2, space.size // 4)),
        backbone=Conv((16, 32, 64)) if large else Dense((512, 256), activation="gelu"),
        corruption=COVERED,
    )


def _masks(mask: Any, values: Any) -> list[np.ndarray]:
    """Return a mask for each row, of its shape."""
    first = np.shape(values[0])
    each_its_own = isinstance(values, list) and isinstance(mask, list | tuple)
    given: Any = mask if each_its_own else np.asarray(plain(mask))
    if not each_its_own and (given.shape in (first, first[:-1]) or not given.ndim):
        given = [given] * len(values)
    if len(given) != len(values):
        given = f"{len(mask)} masks were" if each_its_own else f"A mask of shape {given.shape} was"
        raise DataError(
            f"{given} given for {len(values)} rows of shape {first}; expected one for each, or one "
            "for all."
        )
    return [
        _mask(np.asarray(plain(each)), np.shape(row))
        for each, row in zip(given, values, strict=True)
    ]


def _mask(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    fine = mask.dtype == bool or bool(np.isin(mask, (0, 1)).all())
    if mask.shape == shape[:-1] and len(shape) > 1:
        mask = np.broadcast_to(mask[..., None], shape)
    if not fine or mask.shape != shape:
        raise DataError(
            f"A mask of shape {mask.shape} and dtype {mask.dtype} was given for a row of shape "
            f"{shape}; expected truth values of that shape: True where the row is hidden."
        )
    return mask.astype(bool)
