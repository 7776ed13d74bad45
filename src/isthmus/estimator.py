"""BaseAutoencoder: the scikit-learn face."""

from copy import deepcopy
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, clone
from torch import Tensor

from isthmus import inference, training
from isthmus.adapters import Adapter, Conditions, adapter_for
from isthmus.backbones import Backbone
from isthmus.checkpoint import Checkpoint
from isthmus.checks import check_fields, device_called
from isthmus.codec import Codec
from isthmus.compiled import check_compiler
from isthmus.corruptions import Corruption
from isthmus.distributed import ALONE, Team, team
from isthmus.errors import DataError
from isthmus.fitted import Fitted
from isthmus.likelihoods import Likelihood
from isthmus.objectives import Objective
from isthmus.optimiser import Adam
from isthmus.pace import Pace, pace
from isthmus.progress import bar
from isthmus.randomness import RandomState, seed_from, seeded
from isthmus.recipe import Recipe
from isthmus.run import History, Plan, Precision, start
from isthmus.shards import Shards
from isthmus.space import Batch, Space
from isthmus.streaming import Stream, fingerprint, resident, some, split

FEW = 100
"""From how few rows the spread of the codes is not measured anew."""


class State(NamedTuple):
    """What a fit works on, until all of it is done."""

    adapter: Adapter
    codec: Codec
    objective: Objective
    seed: int
    history: History
    optimiser: Adam | None = None
    spread: Tensor | None = None
    condition: Conditions | None = None
    pace: Pace = pace(0)


@dataclass(kw_only=True, eq=False, repr=False)
class BaseAutoencoder(Fitted, ClassNamePrefixFeaturesOutMixin, BaseEstimator):
    """What every family shares: its fields, its training, and what it does once fitted.

    ``conditional``, of the class, says whether the family learns ``p(x | y)`` from ``fit(X, y)``.

    Parameters
    ----------
    backbone
        The networks; None: chosen from the data.
    likelihood
        What the decoder's numbers mean; None: `Bernoulli` for data of 0 and 1, `Mixed` for
        tables of several kinds, else `Normal`; with a learned scale where the objective weighs it
        against a prior, and in tables also where cells are hidden from the encoder.
    corruption
        What is done to the rows that the encoder sees; None: what the family does.
    adapter
        How the data become tensors; None: chosen from the data.
    epochs
        Passes over the rows, at most.
    batch_size
        Rows a step; None: about a sixteenth of those learned from, 32 to 128.
    learning_rate
        Adam's at the start; it falls to zero along half a cosine wave. None: 0.001 times
        ``sqrt(batch_size / 32)``, at most 0.002.
    validation_fraction
        The share of rows that is kept aside to tell when to stop.
    patience
        Epochs without a better validation loss before training stops; None: never.
    precision
        ``"float32"`` or ``"bfloat16"``.
    compile
        Compile the step of `fit` first, and on a GPU capture it as a graph: see `torch.compile`.
    device
        ``"auto"``: the GPU where there is one; or a device as torch writes it.
    checkpoint
        A folder for the run to be put in along the way. A run that was cut off goes on from
        it, to the same result, at the next `fit` with the same settings and data.
    random_state
        A seed for equal results; None: another one each time.
    verbose
        Show a progress bar; None: where there is a terminal to show it on.

    Attributes
    ----------
    codec_, objective_
        The trained networks with their meaning, and what they were trained for.
    adapter_
        What stands between the user's data and them.
    history_ : History
        Every term, epoch by epoch.
    seed_, batch_size_, learning_rate_
        The seed, batch size and learning rate that were used.
    n_features_in_, feature_names_in_
        The columns seen in fit, where the data have columns.
    """

    conditional: ClassVar[bool] = False

    backbone: Backbone | None = None
    likelihood: Likelihood | None = None
    corruption: Corruption | None = None
    adapter: Adapter | None = None
    epochs: int = 100
    batch_size: int | None = None
    learning_rate: float | None = None
    validation_fraction: float = 0.1
    patience: int | None = 20
    precision: Precision = "float32"
    compile: bool = False
    device: str = "auto"
    checkpoint: str | None = None
    random_state: RandomState = None
    verbose: bool | None = None

    def recipe(self) -> Recipe:
        """Return the family's equation: the one method that a family writes."""
        raise NotImplementedError(f"{type(self).__name__} has no recipe: write its equation.")

    def compose(self, space: Space, context: int = 0) -> tuple[Codec, Objective]:
        """Return the networks and the objective for ``space``, untrained, as plain modules.

        Examples
        --------
        >>> from isthmus import VAE
        >>> from isthmus.space import Image
        >>> codec, objective = VAE(latent_dim=2).compose(Image(1, 8, 8))
        >>> objective
        NLL() + KL()
        """
        check_fields(self)
        return self.recipe().composed(
            space, context, self.likelihood, self.corruption, self.backbone
        )

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X``, and in a conditional family from ``y``, which others ignore.

        Raises
        ------
        DataError, SupportError, CompositionError
            If data or parts won't do; before any work is done.
        DivergedError
            If training leaves the finite numbers.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder
        >>> model = Autoencoder(latent_dim=1, epochs=3, random_state=0).fit(np.eye(8))
        >>> [round(row["epoch"]) for row in model.history_.rows]
        [1, 2, 3]
        """
        together = team()
        state, data = self._begun(X, y, together)
        learnt, kept_aside = split(data, self.validation_fraction, state.seed)
        state = state._replace(pace=self._pace(len(learnt)))
        checkpoint = self._checkpoint(data)
        if checkpoint is None or checkpoint.read() is None:  # else it lies behind the run
            state = self._prepared(state, resident(learnt))
        plan = self._plan(state, epochs=self.epochs, patience=self.patience, compiled=self.compile)
        run = start(state.codec, state.objective, plan, len(learnt))
        run.history = state.history
        device = run.ledger.device
        with bar(self.verbose) as watch:
            history = training.fit(
                run,
                learnt.to(device),
                kept_aside.to(device) if kept_aside is not None else None,
                watch=watch,
                checkpoint=checkpoint,
                team=together,
            )
        return self._learned(
            state._replace(history=history, spread=inference.spread(state.codec, resident(data)))
        )

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X`` once more: one pass, at a constant learning rate.

        The first call on an unfitted model fits the scaling; later ones, and those after
        `fit` or `load`, go on from what is there, with the weights that schedules end with.

        Raises
        ------
        DataError, SupportError, CompositionError, DivergedError
            As in `fit`; the model is then as it was.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import Autoencoder
        >>> model = Autoencoder(latent_dim=2, random_state=0)
        >>> for _ in range(3):
        ...     model = model.partial_fit(np.eye(8))
        >>> len(model.history_.rows)
        3
        """
        begin = self._going_on if hasattr(self, "codec_") else self._begun
        state, data = begin(X, y)
        past = state.history.rows
        state = state._replace(pace=self._pace(len(data)))
        plan = self._plan(state, epochs=1, decay=False)
        run = start(state.codec, state.objective, plan, len(data), state.optimiser)
        with bar(self.verbose) as watch:
            (row,) = training.fit(run, data.to(run.ledger.device), watch=watch).rows
        rows = [*past, row | {"epoch": len(past) + 1}]
        history = replace(state.history, rows=rows, best=len(rows))
        # So few rows as say nothing of the spread leave it as it was.
        few = len(data) < FEW and state.spread is not None
        spread = state.spread if few else inference.spread(state.codec, resident(data))
        made = state._replace(history=history, optimiser=run.optimiser, spread=spread)
        return self._learned(made)

    def save(self, folder: str | Path) -> None:
        """Write the model to a folder: readable JSON and safetensors, whole or not at all.

        `isthmus.load` reads it. The model that may be in the folder is replaced.

        Raises
        ------
        ModelFileError
            If something else than a model is there.
        UnwritableError
            If it can't be written; what was there is then as it was.
        """
        from isthmus import store

        self._fitted()
        tensors = {"spread": self.spread_}
        for owner, module in (("codec", self.codec_), ("objective", self.objective_)):
            tensors |= {f"{owner}.{name}": each for name, each in module.state_dict().items()}
        tensors |= {f"own.{name}": each for name, each in self._own().items()}
        store.save(Path(folder), self._document(), tensors)

    def _own(self) -> dict[str, Tensor]:
        """Return what the family has learned beside the networks, to be saved with them."""
        return {}

    def _take_own(self, tensors: dict[str, Tensor]) -> None:
        """Take over what `_own` returned."""

    @property
    def _n_features_out(self) -> int:
        return self.latent_size_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = self.conditional
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _adapter_for(self, X: Any) -> Adapter:
        likelihood = self.likelihood or self.recipe().likelihood
        support = likelihood.support if likelihood else None
        backbone = self.backbone or self.recipe().backbone
        if self.adapter is None:
            return adapter_for(X, support, backbone.spaces if backbone else None)
        adapter: Any = clone(self.adapter)
        return adapter.set_params(support=adapter.support or support)

    def _begun(self, X: Any, y: Any, together: Team = ALONE) -> tuple[State, Batch | Stream]:
        """Fit the scaling to ``X``, and make the networks, untrained."""
        check_fields(self)
        device = device_called(self.device)
        if self.compile:
            check_compiler(device)
        data, adapter, condition = self._opened(X, y)
        seed = together.told(seed_from(self.random_state))
        with seeded(seed):
            codec, objective = self.compose(adapter.space_, condition.size if condition else 0)
        made = State(adapter, codec.to(device), objective.to(device), seed, History())
        return made._replace(condition=condition), data

    def _opened(self, X: Any, y: Any) -> tuple[Batch | Stream, Adapter, Conditions | None]:
        """Fit what stands between the user's data and the networks, and bring the data to torch."""
        condition = Conditions() if self.conditional else None
        rows, kinds, labels = some(X, self._required(y) if condition else None)
        adapter = self._adapter_for(rows)
        data = adapter.fit_transform(rows)
        if condition is not None:
            data = replace(data, context=condition.fit(kinds).transform(kinds, len(data)))
        if isinstance(X, Shards):
            return Stream(X, adapter, data, condition, labels), adapter, condition
        return data, adapter, condition

    def _brought(self, X: Any, y: Any) -> Batch | Stream:
        """Bring data to torch as those were that the model was fitted to."""
        rows, kinds, labels = some(X, self._required(y) if self.condition_ else None)
        data = self.adapter_.transform(rows)
        if self.condition_ is not None:
            data = replace(data, context=self.condition_.transform(kinds, len(data)))
        if isinstance(X, Shards):
            return Stream(X, self.adapter_, data, self.condition_, labels)
        return data

    def _prepared(self, state: State, learnt: Batch) -> State:
        """Do what comes between making the networks and training them: nothing as a rule."""
        return state

    def _going_on(self, X: Any, y: Any) -> tuple[State, Batch | Stream]:
        """Return a copy of what was learned, so that a pass that fails changes nothing."""
        check_fields(self)
        optimiser = getattr(self, "optimiser_", None)
        known = self.adapter_, self.codec_, self.objective_, self.seed_, self.history_
        data = self._brought(X, y)
        return deepcopy(State(*known, optimiser, self.spread_, self.condition_)), data

    def _required(self, y: Any) -> Any:
        if y is None:
            raise DataError(
                f"{type(self).__name__} requires y to be passed, but the target y is None. Give "
                "fit(X, y) the condition of each row, NaN where it is unknown, or use VAE."
            )
        return y

    def _pace(self, rows: int) -> Pace:
        return pace(rows, self.batch_size, self.learning_rate)

    def _plan(self, state: State, **how: Any) -> Plan:
        return Plan(
            **state.pace._asdict(),
            precision=self.precision,
            # Weights and draws, and one pass and the next, from streams of their own.
            seed=state.seed + 1 + len(state.history.rows),
            **how,
        )

    def _learned(self, state: State) -> Self:
        """Take over what training brought about, all at once."""
        assert state.spread is not None
        self.adapter_, self.codec_, self.objective_ = state.adapter, state.codec, state.objective
        self.seed_, self.history_, self.spread_ = state.seed, state.history, state.spread
        self.condition_ = state.condition
        self.batch_size_, self.learning_rate_ = state.pace
        self.codec_.eval()
        learned = {"optimiser_": state.optimiser}
        for name in ("n_features_in_", "feature_names_in_"):
            learned[name] = getattr(state.adapter, name, None)
        for name, value in learned.items():
            vars(self).pop(name, None)
            if value is not None:
                setattr(self, name, value)
        return self

    def _checkpoint(self, data: Batch | Stream) -> Checkpoint | None:
        if self.checkpoint is None:
            return None
        ignored = ("checkpoint", "compile", "device", "verbose")
        settings = {
            name: repr(value) for name, value in self._settings().items() if name not in ignored
        }
        run = {"family": type(self).__name__, "data": fingerprint(data), **settings}
        return Checkpoint(Path(self.checkpoint) / "run.safetensors", run)

    def _settings(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def _document(self) -> dict[str, Any]:
        """Return all of the fitted model but its tensors, as `store` writes it down."""
        return {
            "family": type(self).__name__,
            "equation": repr(self.objective_),
            "parameters": self._settings(),
            "space": repr(self.codec_.space),
            "adapter": {
                "name": type(self.adapter_).__name__,
                "parameters": self.adapter_.get_params(),
                "facts": self.adapter_.facts(),
            },
            "condition": self.condition_.facts() if self.condition_ else None,
            "seed": self.seed_,
            "pace": Pace(self.batch_size_, self.learning_rate_)._asdict(),
            "history": asdict(self.history_),
        }
