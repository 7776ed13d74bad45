"""SeriesDetector: which steps of a series are unlike those before, and which channels they show in.

l_tc = log p(x^ | z) - log p(x | z)  at step t and channel c of a window
d_tc = mean over the windows that hold step t of  (1 - s) l_tc + s mean_t l_tc
score_t = - sum_c log(1 + d_tc / m_c),   m_c = mean_t d_tc in training
and where training may have held anomalies, one more d: how far the windows' codes lie
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from math import ceil
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted

from isthmus.adapters import Sequences
from isthmus.adapters.windows import windows
from isthmus.backbones import Dense
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import Autoencoder
from isthmus.pace import STEADY
from isthmus.randomness import RandomState, seed_from
from isthmus.ranges import number, whole
from isthmus.tasks import thresholds
from isthmus.tasks.base import Kept, Task
from isthmus.tasks.cutting import divided, fitting, pieces
from isthmus.tasks.long_series import LongSeries, long_series
from isthmus.tasks.window_codes import WindowCodes
from isthmus.tasks.window_loss import WindowLoss

LOOKS = 16
"""How many windows hold a step where nobody said."""
STEPS, EPOCHS = 1_000, (1, 200)
"""About how many steps the default network trains for, within so many passes."""
TINY = 1e-12


class SeriesDetector(OutlierMixin, Task):
    """Tell the steps of a series that are unlike those of training.

    A network learns to give back windows of the series, each channel in standard deviations. A
    step lies in many windows: for each channel the mean is taken of what they fail to give back
    there, and, for the most part, of what they fail to give back on the whole, since what is
    strange rarely lasts for one step. That is ``d``; measured in ``m``, its mean over training, it
    makes a step's score, ``-sum_c log(1 + d_c / m_c)``: higher is more normal, and each channel's
    share of it is told by `explain`. What a network has learned from it can give back, strange or
    not: unless training is known to be ``clean``, how far the windows' codes lie from the usual
    ones, ``(z - mu)' S^-1 (z - mu)``, counts as one channel more. Whatever is called an anomaly is
    called so by its own score; nothing is ever adjusted to a stretch of labels.

    A series is an array ``(steps,)`` or ``(steps, channels)``, or a frame with a row for each
    step; several are given as a list, and answered by one. NaN is a value that is not known.

    Parameters
    ----------
    model
        What the network is, a template whose backbone takes series; one that is fitted, to
        windows ``(n, window, channels)``, is taken as it is. None: a dense `Autoencoder`.
    window
        How many steps are seen together; None: 64, or as many as the shortest series has; of a
        single series no more than half.
    stride
        From how many steps to the next window begins when steps are scored; None: a sixteenth of
        the window. Training takes larger strides where there would be more than 8,000 windows.
    clean
        Whether the series of training are known to be normal.
    smooth
        The share of what counts against a step that is its windows' mean: at 0 only its own error
        counts, which tells the very step; more finds stretches that are strange on the whole.
    contamination
        The share of the steps of training to call anomalies; ``"auto"``: those below Tukey's
        fence, ``Q1 - 1.5 (Q3 - Q1)`` of their scores.
    false_alarms
        Instead, the share of normal steps that may be called so: the last fifth of each series
        takes no part in training, and tells the threshold. What is promised holds where that
        fifth is like what comes after.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    offset_ : float
        The score below which a step is an anomaly: ``decision_function`` is measured from it.
    stream_offset_ : float
        The same for the scores of `score_stream`, which look back only.
    model_ : BaseAutoencoder
        The fitted network, an ordinary model of windows.
    window_, stride_ : int
        The window and the stride that were used.
    usual_, stream_usual_ : ndarray
        What each channel usually fails by, ``m``, ``(c,)``, and the usual distance of codes after
        them if it counts: over all windows, and in the last step of one.
    n_features_in_, feature_names_in_
        The channels seen in fit, and what they are called, if they are.

    Examples
    --------
    >>> import numpy as np
    >>> from isthmus import SeriesDetector
    >>> x = np.sin(np.arange(1000) / 5) + 0.05 * np.random.default_rng(0).normal(size=1000)
    >>> detector = SeriesDetector(random_state=0).fit(x)
    >>> x[500:510] = 0
    >>> bool(500 <= detector.score_steps(x).argmin() < 510)
    True
    """

    offset_: float
    stream_offset_: float
    model_: BaseAutoencoder
    window_: int
    stride_: int
    usual_: np.ndarray
    stream_usual_: np.ndarray
    lost_: WindowLoss
    seed_: int

    def __init__(
        self,
        model: BaseAutoencoder | None = None,
        *,
        window: int | None = None,
        stride: int | None = None,
        clean: bool = False,
        smooth: float = 0.875,
        contamination: float | str = "auto",
        false_alarms: float | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.window = window
        self.stride = stride
        self.clean = clean
        self.smooth = smooth
        self.contamination = contamination
        self.false_alarms = false_alarms
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what is usual in ``X``; ``y`` is ignored.

        Raises
        ------
        DataError, SupportError, CompositionError, DivergedError
            If a series is too short or no series, or as in the model's own ``fit``.
        """
        self._check()
        series = long_series(X)
        learnt, aside = series.values, series.values
        if self.false_alarms is not None:
            learnt, aside = divided(series.values, self.window)
        self.window_ = fitting(learnt, self.window)
        self.stride_ = self.stride or max(1, self.window_ // LOOKS)
        whole("stride", self.stride_, 1, self.window_, example="SeriesDetector(stride=4)")
        self.seed_ = seed_from(self.random_state)
        cut = pieces(learnt, self.window_, self.stride_)
        self.model_ = self._trained(cut)
        lost = WindowLoss(self.model_, self.window_, self.stride_, self.smooth)
        self.lost_ = lost if self.clean else lost.beside_codes(cut)
        means, last = self.lost_.usual(cut)
        self.usual_, self.stream_usual_ = means.clip(TINY), last.clip(TINY)
        self._name(series)
        self.offset_ = self._offset([self._score(self.lost_.steps(each)) for each in aside])
        ends = [self.lost_.ends(windows(each, self.window_, self.stride_)) for each in aside]
        self.stream_offset_ = self._offset([self._score(each, self.stream_usual_) for each in ends])
        return self

    def score_steps(self, X: Any) -> Any:
        """Return the score of each step, ``(t,)``, or a list of such: higher is more normal.

        Raises
        ------
        DataError
            If a series is shorter than a window, or has other channels than those fitted.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder, SeriesDetector
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> model = Autoencoder(latent_dim=2, epochs=2)
        >>> SeriesDetector(model, window=16, random_state=0).fit(x).score_steps(x).shape
        (300,)
        """
        series = self._read(X)
        return series.back(self._scores(series))

    def score_samples(self, X: Any) -> Any:
        """Return the score of each step: `score_steps`, by scikit-learn's name."""
        return self.score_steps(X)

    def decision_function(self, X: Any) -> Any:
        """Return ``score_steps(X) - offset_``: below zero is an anomaly."""
        series = self._read(X)
        return series.back([each - self.offset_ for each in self._scores(series)])

    def predict(self, X: Any) -> Any:
        """Return -1 for each step that is an anomaly, 1 for the others: ``(t,)``, or a list."""
        series = self._read(X)
        scores = self._scores(series)
        return series.back([np.where(each < self.offset_, -1, 1) for each in scores])

    def explain(self, X: Any) -> Any:
        """Return what each channel adds to each step's strangeness: ``(t, c)``, frames for frames.

        A step's row adds up to ``-score_steps``; what codes far out add falls on the channels in
        proportion to what each adds by itself.

        Examples
        --------
        >>> import pandas as pd
        >>> from isthmus import Autoencoder, SeriesDetector
        >>> x = np.sin(np.arange(600)[:, None] / [4, 9])
        >>> model = Autoencoder(latent_dim=4, epochs=30, verbose=False)
        >>> detector = SeriesDetector(model, window=16, random_state=0).fit(x)
        >>> x[300:310, 1] += 1
        >>> told = detector.explain(pd.DataFrame(x, columns=["short", "long"]))
        >>> told.loc[305].idxmax()
        'long'
        """
        series = self._read(X)
        lost = [np.log1p(self.lost_.steps(each) / self.usual_) for each in series.values]
        return series.framed([_shared(each, self.n_features_in_) for each in lost])

    def score_stream(self, steps: Iterable[Any]) -> Iterator[float]:
        """Yield the score of each step as it arrives, from the window that ends with it.

        NaN until there are as many as a window has. A step is a number, or ``(c,)`` of them, and
        no more than a window of them is kept. Compare with ``stream_offset_``: what lies at
        the end of a window is harder to give back than what lies between.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder, SeriesDetector
        >>> x = np.sin(np.arange(300) / 3)
        >>> model = Autoencoder(latent_dim=2, epochs=10, verbose=False)
        >>> detector = SeriesDetector(model, window=8, random_state=0).fit(x)
        >>> scores = list(detector.score_stream([*x[:100], 9.0]))
        >>> len(scores), bool(np.isnan(scores[6])), scores[-1] < detector.stream_offset_
        (101, True, True)
        """
        check_is_fitted(self, "model_")
        kept: deque[np.ndarray] = deque(maxlen=self.window_)
        for place, step in enumerate(steps):
            kept.append(self._step(step, place))
            if len(kept) < self.window_:
                yield np.nan
            else:
                lost = self.lost_.end(np.stack(kept))
                yield float(self._score(lost, self.stream_usual_)[0])

    def kept(self) -> Kept:
        """Return what was learned, as `save` writes it."""
        check_is_fitted(self, "model_")
        names = getattr(self, "feature_names_in_", None)
        facts = {
            "offset": self.offset_,
            "stream_offset": self.stream_offset_,
            "window": self.window_,
            "stride": self.stride_,
            "seed": self.seed_,
            "names": None if names is None else [str(each) for each in names],
        }
        tensors = {"usual": self.usual_, "stream_usual": self.stream_usual_}
        if self.lost_.codes is not None:
            tensors |= asdict(self.lost_.codes)
        return Kept([self.model_], facts, {n: torch.from_numpy(t) for n, t in tensors.items()})

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        facts = kept.facts
        (self.model_,) = kept.models
        self.offset_, self.stream_offset_ = float(facts["offset"]), float(facts["stream_offset"])
        self.window_, self.stride_ = int(facts["window"]), int(facts["stride"])
        self.seed_ = int(facts["seed"])
        tensors = {name: each.numpy() for name, each in kept.tensors.items()}
        self.usual_, self.stream_usual_ = tensors.pop("usual"), tensors.pop("stream_usual")
        codes = WindowCodes(**tensors) if tensors else None
        self.lost_ = WindowLoss(self.model_, self.window_, self.stride_, self.smooth, codes)
        self.n_features_in_ = len(self.usual_) - (codes is not None)
        if facts["names"] is not None:
            self.feature_names_in_ = np.array(facts["names"], dtype=object)
        return self

    def _check(self) -> None:
        """Raise `CompositionError` if the parameters can't be meant."""
        thresholds.checked(self.contamination, self.false_alarms)
        number("smooth", self.smooth, 0, 1, example="SeriesDetector(smooth=0.875)")
        for name in ("window", "stride"):
            if getattr(self, name) is not None:
                least = 2 if name == "window" else 1
                whole(name, getattr(self, name), least, example="SeriesDetector(window=64)")
        model: Any = self.model
        if model is not None and not isinstance(model, BaseAutoencoder):
            raise CompositionError(
                f"model={model!r} was given; expected a model such as VAE(), or None."
            )

    def _trained(self, pieces: np.ndarray) -> BaseAutoencoder:
        if self.model is not None and hasattr(self.model, "codec_"):
            shape = tuple(reversed(pieces.shape[1:]))
            if self.model.codec_.space.shape != shape:
                raise CompositionError(
                    f"A model fitted to {self.model.codec_.space!r} was given; expected one of "
                    f"series of {shape[1]} steps and {shape[0]} channels. Say window=..., or give "
                    "it unfitted."
                )
            return self.model
        template: Any = self.model or _default(len(pieces))
        made: Any = clone(template)
        if made.adapter is None:
            made.adapter = Sequences(None if made.likelihood else "real")
        return made.set_params(random_state=self.seed_).fit(pieces)

    def _scores(self, series: LongSeries) -> list[np.ndarray]:
        return [self._score(self.lost_.steps(each)) for each in series.values]

    def _score(self, lost: np.ndarray, usual: np.ndarray | None = None) -> np.ndarray:
        """Return ``-sum_k log(1 + d_k / m_k)`` of each row."""
        return -np.log1p(lost / (self.usual_ if usual is None else usual)).sum(1)

    def _offset(self, scores: list[np.ndarray]) -> float:
        told = np.concatenate(scores)
        if self.false_alarms is not None:
            return thresholds.conformal(told, self.false_alarms)
        if isinstance(self.contamination, str):
            return thresholds.fence(told)
        return thresholds.share(told, self.contamination)

    def _read(self, X: Any) -> LongSeries:
        check_is_fitted(self, "model_")
        names = getattr(self, "feature_names_in_", None)
        return long_series(X, self.n_features_in_, None if names is None else list(names))

    def _name(self, series: LongSeries) -> None:
        self.n_features_in_ = series.values[0].shape[1]
        vars(self).pop("feature_names_in_", None)
        if series.names is not None and all(isinstance(each, str) for each in series.names):
            self.feature_names_in_ = np.array(series.names, dtype=object)

    def _step(self, step: Any, place: int) -> np.ndarray:
        """Return one step of a stream, ``(c,)``, checked."""
        try:
            values = np.asarray(step, np.float64).reshape(-1)
        except (TypeError, ValueError) as error:
            raise DataError(f"Step {place} of the stream is no number: {error}") from error
        if len(values) != self.n_features_in_ or np.isinf(values).any():
            raise DataError(
                f"Step {place} of the stream is {values}; expected {self.n_features_in_} finite "
                "numbers, or NaN where one is unknown."
            )
        return values


def _shared(added: np.ndarray, channels: int) -> np.ndarray:
    """Return what each kind adds, ``(t, k)``, as what each channel does: ``(t, c)``."""
    own = added[:, :channels]
    sums = own.sum(1, keepdims=True)
    share = np.divide(own, sums, out=np.full(own.shape, 1 / channels), where=sums > 0)
    return own + share * added[:, channels:].sum(1, keepdims=True)


def _default(rows: int) -> Autoencoder:
    """Return the network for so many windows."""
    epochs = ceil(STEPS / ceil(rows / STEADY.batch_size))
    return Autoencoder(
        latent_dim=8,
        backbone=Dense((128, 64)),
        epochs=min(max(epochs, EPOCHS[0]), EPOCHS[1]),
        **STEADY._asdict(),
        validation_fraction=0.0,
        patience=None,
        verbose=False,
    )
