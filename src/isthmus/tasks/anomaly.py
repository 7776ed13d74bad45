"""AnomalyDetector: which rows are unlike the others, and which of their cells make them so."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import OutlierMixin, clone
from sklearn.utils import _safe_indexing  # pyright: ignore[reportPrivateUsage]
from sklearn.utils.validation import check_is_fitted

from isthmus.adapters import Adapter, Files, adapter_for, files_in, plain
from isthmus.backbones import Dense
from isthmus.catalogue import PARTS
from isthmus.corruptions import Masking, Noise
from isthmus.ensemble import fit_together
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import DenoisingAutoencoder
from isthmus.formula import read
from isthmus.pace import STEADY
from isthmus.randomness import RandomState, seed_from, seeded
from isthmus.ranges import number, whole
from isthmus.space import SPACES, Batch, Space, Table, Vector
from isthmus.tasks import thresholds
from isthmus.tasks.base import Kept, Task
from isthmus.tasks.blamed import Explanation, explained
from isthmus.tasks.panel import Panel
from isthmus.tasks.scores import Loss, Neighbours, Residual, Score, Tails

STEPS, EPOCHS = 1_000, (1, 1_000)
"""About how many steps the default networks train for, within so many passes."""
MEASURED = 20_000
"""From how many rows the threshold is told, at most."""
ASIDE = 0.2
"""The share of rows that is kept aside where false alarms are to be counted."""
CLEAN: tuple[Score, ...] = (Neighbours(5, weight=2), Neighbours(20, local=True), Residual())
WIDE = 50
"""How many neighbours the look asks that leaves out what may be anomalies, at least."""
MIXED: tuple[Score, ...] = (Neighbours(WIDE, weight=2), Tails())


class AnomalyDetector(OutlierMixin, Task):
    """Tell rows that are unlike those of training.

    A row's score is ``-sum_i w_i log(1 + s_i(x) / m_i)``, of several opinions ``s_i`` on how
    strange it is, each measured in its mean over training: higher is more normal. Each opinion
    says which cells it holds strange, so that the sum can be taken apart (see `explain`).

    Whether the rows of training are known to be normal is yours to say. If they are
    (``clean=True``), it looks closely: at the nearest 5 rows, at how empty it is here beside
    next door, and at what denoising networks can't give back. If they may hold anomalies, these
    must not count as normal for having a few of their like: a wider look, at 50 rows and at how far
    out each cell is, finds the strangest ``trim`` of the rows, and all is learned from the
    others. More than 50 anomalies of one kind, close together, look normal even so: let scores ask
    more neighbours than that, and the wider look does as well. Networks learn anomalies with the
    rest, and rank rows worse than that; they are asked where you give a ``model``.

    Parameters
    ----------
    model
        What the networks are, a template, or several of them, for an ensemble of them all; one
        that is fitted is taken as it is. None: a wide `DenoisingAutoencoder`, if scores ask for
        any.
    scores
        The opinions; None: what suits ``clean``, with networks `Residual` beside.
    clean
        Whether the rows of training are known to be normal.
    trim
        The share of them that is left out if not.
    members
        How many networks of each model, trained as one, from seeds of their own.
    contamination
        The share of the rows of training to call anomalies; ``"auto"``: those below Tukey's
        fence, ``Q1 - 1.5 (Q3 - Q1)`` of their scores.
    false_alarms
        Instead, the share of normal rows that may be called so: a fifth of the rows takes no
        part in training, and tells the threshold. Anomalies among them make alarms fewer.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    offset_ : float
        The score below which a row is an anomaly: ``decision_function`` is measured from it.
    models_ : list
        The fitted networks, ordinary models each.
    adapter_
        What stands between the user's data and them.
    panel_ : Panel
        The scores, with what they learned.
    kept_ : ndarray
        Which rows of training were learned from.
    n_features_in_, feature_names_in_
        The columns seen in fit, where the data have columns.

    Examples
    --------
    >>> import numpy as np
    >>> from isthmus import AnomalyDetector
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> detector = AnomalyDetector(random_state=0).fit(X)
    >>> detector.predict([[0.0, 0.0, 0.0], [0.0, 9.0, 0.0]])
    array([ 1, -1])
    >>> detector.explain([[0.0, 9.0, 0.0]]).blame.argmax()
    np.int64(1)
    """

    parts: ClassVar[tuple[type, ...]] = (Loss, Neighbours, Residual, Tails)
    offset_: float
    models_: list[BaseAutoencoder]
    adapter_: Adapter
    panel_: Panel
    kept_: np.ndarray
    seed_: int

    def __init__(
        self,
        model: BaseAutoencoder | Sequence[BaseAutoencoder | None] | None = None,
        *,
        scores: Sequence[Score] | None = None,
        clean: bool = False,
        trim: float = 0.2,
        members: int = 4,
        contamination: float | str = "auto",
        false_alarms: float | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.scores = scores
        self.clean = clean
        self.trim = trim
        self.members = members
        self.contamination = contamination
        self.false_alarms = false_alarms
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what is usual in ``X``; ``y`` is ignored.

        Raises
        ------
        DataError, SupportError, CompositionError, DivergedError
            As in the model's own ``fit``; `CompositionError` if the parameters won't do.
        """
        scores, templates = self._checked()
        seed = seed_from(self.random_state)
        with seeded(seed):
            adapter = _adapter(templates, X)
            batch = adapter.fit_transform(X)
            kept, aside = self._divided(len(batch))
            if not self.clean:
                kept = kept[self._unsuspected(scores, adapter, batch[torch.from_numpy(kept)])]
        if not templates and any(each.needs_model(adapter.space_) for each in scores):
            templates = [_default(adapter.space_, len(kept))]
        models = self._trained(templates, _rows(X, kept), seed)
        if models:
            adapter = models[0].adapter_
            batch = adapter.transform(X)
        panel = Panel(scores, models, adapter.space_, own=not self.clean)
        with seeded(seed):
            panel.learn(batch[torch.from_numpy(kept)])
        self.models_, self.adapter_, self.panel_, self.seed_ = models, adapter, panel, seed
        self.kept_ = kept
        self._named()
        self.offset_ = self._offset(batch, aside)
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the score of each row, ``(n,)``: higher is more normal, 0 the highest.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import AnomalyDetector
        >>> X = np.random.default_rng(0).normal(size=(200, 3))
        >>> detector = AnomalyDetector(random_state=0).fit(X)
        >>> near, far = detector.score_samples([[0.0, 0.0, 0.0], [0.0, 9.0, 0.0]])
        >>> bool(far < near < 0)
        True
        """
        return -self._strange(self._batch(X))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return ``score_samples(X) - offset_``, ``(n,)``: below zero is an anomaly."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Return -1 for each anomaly, 1 for the others: ``(n,)``."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def explain(self, X: Any) -> Explanation:
        """Return what each cell adds to its row's score, and what was expected there.

        Frames in, frames out: the columns of ``blame`` are those of the table. A row's blame
        adds up to ``-score_samples``. Expected is what the first score has that knows: by
        default the mean of the nearest rows in training, of categories the commonest; of networks
        the reconstruction. Where none knows, it is what is usual in the column.

        Examples
        --------
        >>> import pandas as pd
        >>> from isthmus import AnomalyDetector
        >>> X = pd.DataFrame({"cm": range(100), "inches": [x / 2.54 for x in range(100)]})
        >>> detector = AnomalyDetector(random_state=0).fit(X)
        >>> told = detector.explain(pd.DataFrame({"cm": [50], "inches": [190.0]}))
        >>> told.blame.idxmax(axis=1).item()
        'inches'
        """
        batch = self._batch(X)
        blame, expected = self.panel_.blame(batch), self.panel_.expected(batch)
        return explained(self.adapter_, X, blame, expected, -self._strange(batch))

    def kept(self) -> Kept:
        """Return what was learned, as `save` writes it."""
        check_is_fitted(self, "panel_")
        adapter = self.adapter_
        facts = {
            "offset": self.offset_,
            "seed": self.seed_,
            "scores": [repr(each) for each in self.panel_.scores],
            "adapter": {
                "name": type(adapter).__name__,
                "parameters": adapter.get_params(),
                "facts": adapter.facts(),
                "space": repr(adapter.space_),
            },
        }
        tensors = {"kept": torch.from_numpy(self.kept_), **self.panel_.tensors()}
        return Kept(self.models_, facts, tensors)

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        facts, tensors = kept.facts, dict(kept.tensors)
        told = facts["adapter"]
        given = {n: tuple(v) if isinstance(v, list) else v for n, v in told["parameters"].items()}
        adapter = PARTS[told["name"]](**given)
        adapter.space_ = read(told["space"], SPACES)
        self.models_, self.adapter_ = list(kept.models), adapter.restore(told["facts"])
        scores = [
            read(each, {kind.__name__: kind for kind in self.parts}) for each in facts["scores"]
        ]
        self.panel_ = Panel(scores, self.models_, adapter.space_, own=not self.clean)
        self.kept_ = tensors.pop("kept").numpy()
        self.panel_.take(tensors)
        self.offset_, self.seed_ = float(facts["offset"]), int(facts["seed"])
        self._named()
        return self

    def _checked(self) -> tuple[list[Score], list[BaseAutoencoder]]:
        """Return the scores and the templates, or say what is wrong with the parameters."""
        whole("members", self.members, 1, example="members=4")
        number("trim", self.trim, 0, 1, without=(1,), example="trim=0.2")
        thresholds.checked(self.contamination, self.false_alarms)
        given: Any = self.model if isinstance(self.model, list | tuple) else [self.model]
        templates: list[Any] = [each for each in given if each is not None]
        if wrong := [each for each in templates if not isinstance(each, BaseAutoencoder)]:
            raise CompositionError(
                f"model={wrong[0]!r} was given; expected a model such as VAE(), several, or None."
            )
        usual = CLEAN if self.clean else MIXED + (Residual(weight=0.5),) * bool(templates)
        scores: Any = usual if self.scores is None else self.scores
        told = isinstance(scores, list | tuple) and all(isinstance(s, Score) for s in scores)
        if not told or not scores:
            raise CompositionError(
                f"scores={self.scores!r} was given; expected a list of scores, such as "
                "[Neighbours(5), Residual()]."
            )
        return list(scores), templates

    def _divided(self, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows may be learned from, and which tell what a false alarm is."""
        order = torch.randperm(rows).numpy()
        many = 0 if self.false_alarms is None else int(ASIDE * rows)
        return np.sort(order[many:]), np.sort(order[:many])

    def _unsuspected(self, scores: Sequence[Score], adapter: Adapter, batch: Batch) -> np.ndarray:
        """Return the places of the rows that don't look strange to the naked eye."""
        many = int(self.trim * len(batch))
        if not many:
            return np.arange(len(batch))
        many_like = max([WIDE, *(each.k for each in scores if isinstance(each, Neighbours))])
        look = [Neighbours(many_like, of="cells", weight=2), Tails()]
        panel = Panel(look, [], adapter.space_, own=True)
        panel.learn(batch)
        order = panel.total(batch).argsort(descending=True, stable=True)
        return np.sort(order[many:].numpy())

    def _trained(
        self, templates: Sequence[BaseAutoencoder], X: Any, seed: int
    ) -> list[BaseAutoencoder]:
        """Return the models, those that were fitted already first."""
        fitted = [each for each in templates if hasattr(each, "codec_")]
        _check_alike(fitted)
        made: list[BaseAutoencoder] = []
        for template in templates:
            if not hasattr(template, "codec_"):
                copies: list[Any] = [clone(template) for _ in range(self.members)]
                made += [each.set_params(random_state=seed + i) for i, each in enumerate(copies)]
        models = fitted + (fit_together(made, X) if made else [])
        _check_alike(models)
        return models

    def _batch(self, X: Any) -> Batch:
        check_is_fitted(self, "panel_")
        return self.adapter_.transform(X)

    def _strange(self, batch: Batch) -> np.ndarray:
        return self.panel_.total(batch).numpy()

    def _offset(self, batch: Batch, aside: np.ndarray) -> float:
        """Return the threshold: of rows of training each is told as if it were not among them."""
        if self.false_alarms is not None:
            clear = batch[torch.from_numpy(aside)]
            return thresholds.conformal(-self.panel_.total(clear).numpy(), self.false_alarms)
        some = torch.linspace(0, len(batch) - 1, min(len(batch), MEASURED)).long()
        scores = -self.panel_.total(batch[some], own=True).numpy()
        if isinstance(self.contamination, str):
            return thresholds.fence(scores)
        return thresholds.share(scores, self.contamination)

    def _named(self) -> None:
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if (value := getattr(self.adapter_, name, None)) is not None:
                setattr(self, name, value)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _default(space: Space, rows: int) -> DenoisingAutoencoder:
    """Return the denoiser that looks closely: two wide layers, and noise of a tenth."""
    flat = isinstance(space, Vector | Table)
    epochs = ceil(STEPS / ceil(rows / STEADY.batch_size))
    return DenoisingAutoencoder(
        latent_dim=128,
        backbone=Dense((256,)) if flat else None,
        corruption=Masking(0.1) if space.support == "categories" else Noise(0.1),
        epochs=min(max(epochs, EPOCHS[0]), EPOCHS[1]),
        **STEADY._asdict(),
        validation_fraction=0.0,
        patience=None,
        verbose=False,
    )


def _adapter(templates: Sequence[BaseAutoencoder], X: Any) -> Adapter:
    """Return the adapter for ``X``, not yet fitted, as the first model would choose it."""
    if not templates:
        return adapter_for(X)
    first = templates[0]
    found: Any = clone(first.adapter_) if hasattr(first, "codec_") else first._adapter_for(X)  # pyright: ignore[reportPrivateUsage]
    return found


def _check_alike(models: Sequence[BaseAutoencoder]) -> None:
    """Raise `CompositionError` if rows that are scaled for one model are not so for another."""
    seen = {repr((each.adapter_.space_, each.adapter_.facts())) for each in models}
    if len(seen) > 1:
        raise CompositionError(
            f"{len(models)} models were given that scale the data {len(seen)} ways, as models do "
            "that were fitted to other rows; expected one. Give models that are not fitted yet."
        )


def _rows(X: Any, places: np.ndarray) -> Any:
    """Return some rows, of the kind that ``X`` is."""
    if isinstance(X, str | Path | Files):
        files = X if isinstance(X, Files) else files_in(Path(X))
        return Files([files.paths[place] for place in places])
    if hasattr(X, "columns") or isinstance(X, list | tuple):
        return _safe_indexing(X, places)
    return np.asarray(plain(X))[places]
