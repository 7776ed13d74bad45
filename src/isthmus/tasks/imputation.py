"""Imputer: holes filled with what the rest of a row tells of them."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn import get_config
from sklearn.base import OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from isthmus.adapters import Tables
from isthmus.adapters.columns import Date, Number
from isthmus.backbones import Dense
from isthmus.corruptions import Masking
from isthmus.ensemble import fit_together
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder, split
from isthmus.families import DenoisingAutoencoder
from isthmus.inference import chunk_size
from isthmus.pace import STEADY
from isthmus.randomness import RandomState, seed_from, seeded
from isthmus.ranges import whole
from isthmus.space import Batch
from isthmus.tasks.base import Kept, Task
from isthmus.tasks.blend import Blend
from isthmus.tasks.filling import closed, opened

STEPS = 1_500
"""About how many steps the default networks train for,"""
EPOCHS = (20, 400)
"""within so many passes."""
ROUNDS = 10
"""In how many steps a draw fills all holes of a row."""
NODES, SHARES = np.polynomial.hermite_e.hermegauss(7)
"""Where to look at a standard normal to tell the mean of what is made of it, and the weights."""


class Imputer(OneToOneFeatureMixin, TransformerMixin, Task):
    """Fill the holes of a table, each by what is known of its row.

    Several networks learn to tell hidden cells of rows from those that are left: of each row
    a random share, from none to all, is hidden at each step (after Vincent et al., 2008), so
    that any pattern of holes is met. What they think is averaged, and blended with a joint
    normal distribution fitted to the same rows, each column by what told held-out cells better
    (see ``weights_``). `transform` fills in the mean of a number, the most probable category;
    `sample` draws tables from what the holes may have held, for multiple imputation.

    Known cells come back as they were, to the last bit, and so do kind, columns, dtypes and
    labels of the table. A column of which training knew nothing stays empty.

    Parameters
    ----------
    model
        What the networks are, a template: any family but conditional ones. Where it names no
        corruption, it gets ``Masking((0, 1))``. None: a `DenoisingAutoencoder` that is wide
        rather than narrow, trained for as long as suits the number of rows.
    members
        How many networks, trained as one.
    hybrid
        Blend with the joint normal; otherwise the networks alone.
    missing_values
        What stands for a hole beside NaN, None, NaT and NA, such as ``"?"``, or a list of such.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    models_ : list
        The fitted networks, ordinary models each.
    adapter_ : Tables
        What the columns were taken to be.
    weights_ : dict
        For each column the weight of the networks beside the joint normal, from 0 to 1.
    n_features_in_, feature_names_in_
        The columns seen in fit.

    Examples
    --------
    >>> import numpy as np
    >>> from isthmus import DenoisingAutoencoder, Imputer
    >>> x = np.random.default_rng(0).normal(size=(200, 1))
    >>> model = DenoisingAutoencoder(latent_dim=4, epochs=5)
    >>> imputer = Imputer(model, members=2, random_state=0).fit(np.hstack([x, 2 * x]))
    >>> imputer.transform([[1.0, np.nan], [0.5, 7.0]]).round(0)
    array([[1., 2.],
           [0., 7.]])
    """

    models_: list[BaseAutoencoder]
    adapter_: Tables
    blend_: Blend
    seed_: int

    def __init__(
        self,
        model: BaseAutoencoder | None = None,
        *,
        members: int = 8,
        hybrid: bool = True,
        missing_values: Any = None,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.members = members
        self.hybrid = hybrid
        self.missing_values = missing_values
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X``, holes and all; ``y`` is ignored.

        Raises
        ------
        DataError
            If the table can't be used as it is.
        CompositionError
            If the model is none that can be used here.
        """
        members = whole("members", self.members, 1, example="Imputer(members=8)")
        frame = opened(X, self.missing_values)
        seed = seed_from(self.random_state)
        template = self._template(len(frame))
        models = [_member(template, seed + at) for at in range(members)]
        fit_together(models, frame)
        first = models[0]
        data = first.adapter_.transform(frame)
        learnt, aside = split(data, first.validation_fraction, first.seed_)
        codecs = [each.codec_.cpu() for each in models]
        assert isinstance(first.adapter_, Tables)
        self.models_, self.adapter_, self.seed_ = models, first.adapter_, seed
        self.blend_ = Blend.learned(codecs, learnt, aside, bool(self.hybrid), seed)
        self.n_features_in_ = frame.shape[1]
        return self._named([str(each) for each in X.columns] if hasattr(X, "columns") else None)

    def transform(self, X: Any, draws: int | None = None) -> Any:
        """Return ``X`` with its holes filled; ``draws=m``: a list of ``m`` tables, see `sample`.

        Columns of floats hold the means of numbers, whole or not; drawn whole numbers are whole.

        Raises
        ------
        DataError
            If ``X`` is not like the data that were fitted.
        CompositionError
            If ``set_output`` asks for one table where several are to be drawn.
        """
        if draws is not None:
            self._check_output()
            return self.sample(X, draws)
        return self._filled(X, self._points)

    def sample(self, X: Any, m: int = 5, random_state: RandomState = None) -> list[Any]:
        """Return ``m`` tables, each with all holes filled with a draw of what they may have held.

        What is told of a row's holes depends on those filled before, in random order, about a
        tenth of them at a time, ``p(x_1 | x_o) p(x_2 | x_1, x_o) …`` (Uria, Murray and
        Larochelle, 2014, arXiv:1310.1757): so what is drawn goes together. Each table is drawn
        with one of the networks, so that tables differ by what is not known of them, too. Do on
        each what you would do on one, and bring the answers together by `pool`.

        Parameters
        ----------
        X
            Rows as in fit.
        m
            How many tables.
        random_state
            A seed for this call; None: the imputer's own.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import DenoisingAutoencoder, Imputer, pool
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> X[::4, 1] = np.nan
        >>> model = DenoisingAutoencoder(latent_dim=4, epochs=5)
        >>> imputer = Imputer(model, members=2, random_state=0).fit(X)
        >>> tables = imputer.sample(X, 3)
        >>> pooled = pool(
        ...     [table[:, 1].mean() for table in tables],
        ...     [table[:, 1].var() / len(table) for table in tables],
        ... )
        >>> bool(pooled.variance > 0)
        True
        """
        check_is_fitted(self, "blend_")
        m = whole("m", m, 1, example="sample(X, 5)")
        chosen = self.random_state if random_state is None else random_state
        with seeded(self.seed_ if chosen is None else seed_from(chosen)):
            members = [at % len(self.models_) for at in range(m)]
            return [
                self._filled(X, lambda batch, at=at: self._drawn(batch, at), rounded=True)
                for at in members
            ]

    @property
    def weights_(self) -> dict[str, float]:
        """For each column the weight of the networks beside the joint normal, from 0 to 1."""
        check_is_fitted(self, "blend_")
        return {
            name: float(self.blend_.weight[cells.start])
            for name, cells in self.adapter_.cells_
            if cells.stop > cells.start
        }

    def kept(self) -> Kept:
        """Return what was learned."""
        check_is_fitted(self, "blend_")
        named = hasattr(self, "feature_names_in_")
        names = [str(each) for each in self.feature_names_in_] if named else None
        facts = {"seed": self.seed_, "columns": self.n_features_in_, "names": names}
        return Kept(list(self.models_), facts, self.blend_.tensors())

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        adapters = [each.adapter_ for each in kept.models]
        if not adapters or not all(isinstance(each, Tables) for each in adapters):
            raise DataError("it holds no networks of tables, of which an imputer is made.")
        self.models_, self.adapter_ = kept.models, adapters[0]
        self.seed_ = int(kept.facts["seed"])
        self.blend_ = Blend.of([each.codec_ for each in kept.models], kept.tensors)
        names = kept.facts["names"]
        self.n_features_in_ = int(kept.facts["columns"])
        return self._named(None if names is None else [str(each) for each in names])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _named(self, names: list[str] | None) -> Self:
        """Take over what the columns are called, if they are called anything."""
        vars(self).pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        return self

    def _check_output(self) -> None:
        own = getattr(self, "_sklearn_output_config", {})
        asked = own.get("transform", get_config()["transform_output"])
        if asked != "default":
            raise CompositionError(
                f"draws was given where set_output asks for {asked}, which is one table: call "
                "sample(X, m), whose tables are of the kind of X."
            )

    def _template(self, rows: int) -> BaseAutoencoder:
        """Return the model to make members of."""
        model = default(rows) if self.model is None else self.model
        given: Any = model
        if not isinstance(given, BaseAutoencoder) or model.conditional:
            raise CompositionError(
                f"model={model!r} was given; expected a model that learns from rows alone, such "
                "as DenoisingAutoencoder() or VAE(), not fitted."
            )
        if model.adapter is not None and not isinstance(model.adapter, Tables):
            raise CompositionError(
                f"A model with adapter={model.adapter!r} was given; expected Tables(...), or none."
            )
        changed: Any = clone(model)
        return changed.set_params(
            adapter=model.adapter or Tables(),
            corruption=model.corruption or Masking((0.0, 1.0)),
        )

    def _filled(self, X: Any, fill: Callable[[Batch], Tensor], rounded: bool = False) -> Any:
        """Return ``X`` with what ``fill`` makes of each chunk of rows in its holes."""
        check_is_fitted(self, "blend_")
        frame = opened(X, self.missing_values, self._names())
        if not hasattr(X, "columns") and frame.shape[1] != self.n_features_in_:
            raise DataError(
                f"X has {frame.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input: give the columns that were fitted."
            )
        data = self.adapter_.transform(frame)
        assert data.observed is not None
        holes = (~data.observed).any(1).nonzero()[:, 0]
        x = data.x.clone()
        size = chunk_size(self.blend_.codecs[0].breadth)
        for rows in holes.split(size):
            part = data[rows]
            assert part.observed is not None
            x[rows] = part.x.where(part.observed, fill(part))
        return closed(X, frame, self.adapter_, x, data.observed, rounded)

    def _names(self) -> list[Any]:
        return list(self.adapter_.frame_.columns)

    def _points(self, batch: Batch) -> Tensor:
        """Return what stands for each cell: ``(B, cells)``."""
        if not len(batch):
            return batch.x
        # In chunks of one size, as in `inference`: a row must not depend on those beside it.
        size = chunk_size(self.blend_.codecs[0].breadth)
        whole = batch[torch.arange(max(size, len(batch))).clamp(max=len(batch) - 1)]
        belief = self.blend_.believe(whole)
        x = self.blend_.layout.points(belief.wide)
        for column, (_, cells) in zip(self.adapter_.fitted_, self.adapter_.cells_, strict=True):
            if isinstance(column, Number | Date) and column.scale.heavy:
                at = cells.start
                x[:, at] = _expected(column, x[:, at], belief.variance[:, at])
        return x[: len(batch)]

    def _drawn(self, batch: Batch, member: int) -> Tensor:
        """Return a draw of all holes together, ``(B, cells)``."""
        assert batch.observed is not None
        x, observed = batch.x, batch.observed
        rank = torch.rand_like(x).where(~observed, 2.0).argsort(1).argsort(1)
        holes = (~observed).sum(1, keepdim=True)
        for round_ in range(1, ROUNDS + 1):
            # Of those in random order, what is due after this share of the rounds.
            due = (rank < (holes * round_ / ROUNDS).ceil()) & ~observed
            if not bool(due.any()):
                continue
            belief = self.blend_.believe(Batch(x, observed), member)
            x = x.where(~due, self.blend_.layout.drawn(belief))
            observed = observed | due
        return x


def _member(template: BaseAutoencoder, seed: int) -> BaseAutoencoder:
    made: Any = clone(template)
    return made.set_params(random_state=seed)


def default(rows: int) -> BaseAutoencoder:
    """Return the networks for so many rows."""
    passes = STEPS * STEADY.batch_size // max(rows, 1)
    return DenoisingAutoencoder(
        latent_dim=32,
        backbone=Dense((128,), activation="gelu", dropout=0.1),
        corruption=Masking((0.0, 1.0)),
        epochs=min(max(passes, EPOCHS[0]), EPOCHS[1]),
        batch_size=STEADY.batch_size,
        learning_rate=3e-3,
        validation_fraction=0.15,
        patience=None,
    )


def _expected(column: Any, mean: Tensor, variance: Tensor) -> Tensor:
    """Return the x whose value is the mean of the values of ``N(mean, variance)``."""
    scale = column.scale
    nodes = mean.double().numpy()[:, None] + variance.sqrt().double().numpy()[:, None] * NODES
    values = scale.back(nodes) @ (SHARES / SHARES.sum())
    if isinstance(column, Number):  # tails that no one has seen would outweigh all else
        values = values.clip(column.low, column.high)
    return torch.from_numpy(scale.forward(values)).to(mean.dtype)
