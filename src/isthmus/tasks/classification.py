"""EncoderClassifier: classes told from codes, where few rows have a label."""

# pyright: reportPrivateUsage=false

from typing import Any, Literal, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier
from sklearn.utils.validation import check_is_fitted

from isthmus.backbones import Dense
from isthmus.catalogue import part
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import VAE, ConditionalVAE, DenoisingAutoencoder
from isthmus.pace import STEADY
from isthmus.randomness import RandomState, seed_from
from isthmus.ranges import number
from isthmus.tasks.base import Kept, Task
from isthmus.tasks.denoising import at_hand, count
from isthmus.tasks.labelled import CodeHead, Head, RowHead, semi_supervised, spread_and_tuned, tuned
from isthmus.tasks.labels import Labels

Method = Literal["frozen", "fine-tuned", "spread", "m2"]
METHODS = ("frozen", "fine-tuned", "spread", "m2")
STEPS, EPOCHS, BATCH = 2_000, (5, 60), 64
"""About how many steps the default networks train for, within so many passes."""
SPREADS = (LabelPropagation, LabelSpreading, SelfTrainingClassifier)
"""Classifiers that learn from rows without a label as well."""
WEIGHTS = {"frozen": 0.0, "fine-tuned": 1.0, "spread": 1.0, "m2": 50.0}


class EncoderClassifier(ClassifierMixin, Task):
    """Tell classes from a few labels, and from many rows without one.

    A row whose label is -1, None or NaN has none, as in scikit-learn's ``semi_supervised``.

    - ``"frozen"``: a model learns from all rows, with no label; then a classifier from the
      standardised codes of those that have one. A classifier of ``sklearn.semi_supervised``, such
      as ``LabelSpreading("knn")``, is given the codes of all.
    - ``"fine-tuned"``: the same model then goes on, its encoder with a linear map of the code to
      the classes, ``NLL / numbers - weight log q(y | z)``: the labelled rows teach it to tell
      classes, all rows to keep what can be told of them.
    - ``"spread"``: labels spread from each row to its neighbours among the codes, and on to theirs
      (Zhou et al., 2003); then the model goes on as with ``"fine-tuned"``, every row now with a
      label that counts by how sure it is, and so again with the codes that it then makes (Iscen
      et al., 2019, arXiv:1904.04717). For the fewest labels; best by codes whose distances mean
      something, as a VAE's. Its time grows as the square of the rows.
    - ``"m2"``: a conditional VAE whose condition is the label, learned together with a classifier
      that fills it in where it is unknown (Kingma et al., 2014, arXiv:1406.5298). ``model_`` then
      makes rows of each class, too.

    Parameters
    ----------
    model
        What learns from the rows, a template. None: a `DenoisingAutoencoder`; with
        ``"spread"`` a `VAE`; with ``"m2"`` a `ConditionalVAE`, which there must be.
    classifier
        What tells classes from codes, with ``"frozen"``: any of scikit-learn's that has
        ``predict_proba``. None: ``LogisticRegression``.
    method
        ``"frozen"``, ``"fine-tuned"``, ``"spread"`` or ``"m2"``.
    weight
        How much a label counts in training, beside a row; None: 1, with ``"m2"`` 50 nats.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    classes_
        The labels that there are.
    model_
        The fitted model, an ordinary one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import Autoencoder, EncoderClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> few = np.where(np.arange(len(y)) < 200, y, -1)
    >>> model = Autoencoder(latent_dim=16, epochs=15, batch_size=64)
    >>> classifier = EncoderClassifier(model, random_state=0).fit(X, few)
    >>> classifier.score(X[1000:], y[1000:]) > 0.7
    True
    """

    model_: BaseAutoencoder
    head_: Head | None
    classifier_: Any
    labels_: Labels

    def __init__(
        self,
        model: BaseAutoencoder | None = None,
        classifier: Any = None,
        *,
        method: Method = "frozen",
        weight: float | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.classifier = classifier
        self.method = method
        self.weight = weight
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from all rows, and from the labels of those that have one.

        Raises
        ------
        CompositionError
            If method, model and classifier don't go together.
        DataError
            If the rows or the labels can't be used as they are.
        """
        self._check()
        rows = at_hand(X)
        labels = Labels.of(y, count(rows))
        made: Any = self._template(count(rows))
        model = made.set_params(random_state=seed_from(self.random_state))
        weight = WEIGHTS[self.method] if self.weight is None else float(self.weight)
        self.head_, self.classifier_ = None, None
        if self.method == "m2":
            backbone = self._backbone(model)
            self.head_ = semi_supervised(model, rows, labels.given, backbone, weight)
        else:
            model.fit(rows)
        if self.method == "frozen":
            self.classifier_ = self._told(model.transform(rows), labels)
        if self.method == "fine-tuned":
            data = model.adapter_.transform(rows)
            self.head_ = tuned(model, data, labels.one_hot, weight, model.epochs)
        if self.method == "spread":
            self.head_ = spread_and_tuned(model, rows, labels.one_hot, weight)
        return self._taken(model, labels)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class: ``(n, classes)``, in the order of ``classes_``."""
        check_is_fitted(self, "model_")
        head = self.head_
        if head is None:
            return self._by_codes(self.model_.transform(X))
        codec = self.model_.codec_
        head.to(next(codec.parameters()).device)
        odds = self.model_._over(X, lambda batch: head(codec, batch.x, batch.observed))
        return odds.double().softmax(1).numpy()

    def _by_codes(self, codes: np.ndarray) -> np.ndarray:
        # One that spreads labels divides zero by zero at a row that none comes to.
        with np.errstate(invalid="ignore"):
            proba = np.asarray(self.classifier_.predict_proba(codes))
        return np.where(np.isnan(proba), 1 / proba.shape[1], proba)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row: ``(n,)``."""
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(1)]

    def kept(self) -> Kept:
        """Return what was learned.

        Raises
        ------
        CompositionError
            If the classifier is none that can be kept without running code from a file.
        """
        check_is_fitted(self, "model_")
        facts: dict[str, Any] = {"classes": self.labels_.plain(), "head": type(self.head_).__name__}
        if self.head_ is not None:
            if isinstance(self.head_, RowHead):
                facts["backbone"] = repr(self._backbone(self.model_))
            return Kept([self.model_], facts, dict(self.head_.state_dict()))
        if self.classifier is not None:
            raise CompositionError(
                f"classifier={self.classifier!r} can't be kept: only the default, logistic "
                "regression, is plain numbers. Keep the model, and fit the classifier again."
            )
        return Kept([self.model_], facts, _numbers(self.classifier_))

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        (model,) = kept.models
        labels = Labels.read(kept.facts["classes"])
        self.head_, self.classifier_ = None, None
        if kept.facts["head"] == "NoneType":
            self.classifier_ = _regression(kept.tensors)
        else:
            space, classes = model.codec_.space, len(labels.classes)
            head = (
                RowHead(space, part(kept.facts["backbone"]), classes)
                if kept.facts["head"] == "RowHead"
                else CodeHead(model.codec_, classes)
            )
            head.load_state_dict(kept.tensors)
            self.head_ = head.eval()
        return self._taken(model, labels)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _taken(self, model: BaseAutoencoder, labels: Labels) -> Self:
        self.model_, self.labels_, self.classes_ = model, labels, labels.classes
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if hasattr(model, name):
                setattr(self, name, getattr(model, name))
        return self

    def _check(self) -> None:
        if self.method not in METHODS:
            raise CompositionError(
                f"method={self.method!r} was given; expected one of {', '.join(METHODS)}."
            )
        if self.weight is not None:
            number("weight", self.weight, 0, example="EncoderClassifier(weight=1)")
        if self.classifier is not None and self.method != "frozen":
            raise CompositionError(
                f"classifier= was given with method={self.method!r}, which learns its own; "
                "expected method='frozen', or no classifier."
            )

    def _template(self, rows: int) -> BaseAutoencoder:
        wanted = ConditionalVAE if self.method == "m2" else BaseAutoencoder
        given: Any = self.model
        if given is None:
            return default(rows, self.method)
        if not isinstance(given, wanted) or (given.conditional and self.method != "m2"):
            expected = (
                "a ConditionalVAE" if self.method == "m2" else "a model that learns from rows alone"
            )
            raise CompositionError(
                f"model={given!r} was given with method={self.method!r}; expected {expected}, not "
                "fitted."
            )
        return clone(given)  # pyright: ignore[reportReturnType]

    def _backbone(self, model: BaseAutoencoder) -> Any:
        return model.backbone or model.recipe().backbone or Dense()

    def _told(self, codes: np.ndarray, labels: Labels) -> Any:
        """Return a classifier of codes, fitted."""
        chosen = LogisticRegression(max_iter=1000) if self.classifier is None else self.classifier
        classifier = make_pipeline(StandardScaler().fit(codes), clone(chosen))
        known = labels.places >= 0
        if isinstance(chosen, SPREADS):
            known = np.ones_like(known)
        return classifier.fit(codes[known], labels.places[known])


def default(rows: int, method: str) -> BaseAutoencoder:
    """Return the model for so many rows."""
    passes = STEPS * BATCH // max(rows, 1)
    training: dict[str, Any] = {
        "epochs": min(max(passes, EPOCHS[0]), EPOCHS[1]),
        "batch_size": BATCH,
        "learning_rate": STEADY.learning_rate,
        "patience": None,
        "backbone": Dense((256,), activation="gelu"),
    }
    if method == "m2":
        return ConditionalVAE(latent_dim=16, forgetting=0.0, **training)
    if method == "spread":
        return VAE(latent_dim=16, **training)
    return DenoisingAutoencoder(latent_dim=32, **training)


def _numbers(classifier: Pipeline) -> dict[str, torch.Tensor]:
    """Return a fitted logistic regression of standardised codes as numbers."""
    scaler, regression = (step for _, step in classifier.steps)
    found = {
        "mean": scaler.mean_,
        "scale": scaler.scale_,
        "coef": regression.coef_,
        "intercept": regression.intercept_,
        "places": regression.classes_,
    }
    return {name: torch.from_numpy(np.array(each)) for name, each in found.items()}


def _regression(tensors: dict[str, torch.Tensor]) -> Pipeline:
    """Return what `_numbers` told of."""
    told = {name: each.numpy() for name, each in tensors.items()}
    scaler: Any = StandardScaler()
    regression: Any = LogisticRegression(max_iter=1000)
    scaler.mean_, scaler.scale_ = told["mean"], told["scale"]
    scaler.var_, scaler.n_features_in_ = told["scale"] ** 2, len(told["mean"])
    scaler.n_samples_seen_ = 1
    regression.coef_, regression.intercept_ = told["coef"], told["intercept"]
    regression.classes_, regression.n_features_in_ = told["places"], len(told["mean"])
    if told["coef"].shape[1] != len(told["mean"]):
        raise DataError("the classifier and the codes are of different sizes.")
    return make_pipeline(scaler, regression)
