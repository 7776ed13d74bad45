"""Ray: training in its workers, and whatever a model tells of rows over its data sets.

The workers of Ray Train call the same ``fit`` as ``torchrun``'s processes do, and find one another
through torch's own process group, which Ray has set up for them.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from sklearn.base import clone

from isthmus.checks import check_fields
from isthmus.distributed import team
from isthmus.errors import CompositionError, DataError, require
from isthmus.estimator import BaseAutoencoder
from isthmus.ranges import whole
from isthmus.tasks.loading import load

Model = TypeVar("Model", bound=BaseAutoencoder)
ROWS = 4096
"""How many rows an actor works on at once."""


def fit_on_ray(model: Model, X: Any, y: Any = None, *, workers: Any = 2, run: Any = None) -> Model:
    """Fit a copy of ``model`` by Ray Train, its batches shared by several workers.

    The result is that of one process, up to rounding: see `isthmus.distributed`.

    Parameters
    ----------
    model
        What to fit; it stays as it is. Where it has a ``checkpoint``, a folder that all hosts see,
        a training whose workers were lost goes on from it.
    X, y
        As in ``fit``: in memory, they are sent to each worker; `Shards` are read by each, so that
        the files must be at the same place on all hosts.
    workers
        How many, or a `ray.train.ScalingConfig`, which also says what each has of its host.
    run
        A `ray.train.RunConfig`: where results are kept, how often lost workers are replaced.

    Raises
    ------
    MissingExtraError
        If Ray is not installed: ``pip install 'isthmus[ray]'``.
    CompositionError
        If the model won't do; before any work is done. Errors in ``fit`` come as Ray's own.

    Examples
    --------
    .. code-block:: python

        from isthmus import VAE, Shards, fit_on_ray

        model = fit_on_ray(VAE(latent_dim=8), Shards("/shared/rows"), workers=4)
    """
    train, engine = require("ray.train", "ray"), require("ray.train.torch", "ray")
    check_fields(model)
    given = workers if isinstance(workers, train.ScalingConfig) else None
    if given is None:
        number = whole("workers", workers, 1, example="fit_on_ray(VAE(), X, workers=2)")
        given = train.ScalingConfig(num_workers=number)
    store: Any = require("ray", "ray").put
    config = {"model": clone(model), "data": [store((X, y))]}
    trainer = engine.TorchTrainer(
        _fit, train_loop_config=config, scaling_config=given, run_config=run
    )
    with trainer.fit().checkpoint.as_directory() as folder:
        fitted: Any = load(Path(folder))
    return fitted.set_params(**model.get_params(deep=False))


def _fit(config: dict[str, Any]) -> None:
    """Fit in one of the workers; the first keeps the model."""
    ray, train = require("ray", "ray"), require("ray.train", "ray")
    X, y = ray.get(config["data"][0])
    model: BaseAutoencoder = config["model"]
    model.fit(X, y)
    figures = model.history_.rows[model.history_.best - 1]
    with TemporaryDirectory() as place:
        kept = None
        if team().leads:
            model.set_params(checkpoint=None).save(Path(place) / "model")
            kept = train.Checkpoint.from_directory(Path(place) / "model")
        train.report(figures, checkpoint=kept)


def map_on_ray(
    data: Any,
    model: Any,
    method: str = "transform",
    *,
    keep: Sequence[str] = (),
    workers: int = 2,
    batch_size: int = ROWS,
) -> Any:
    """Return what a method of ``model`` makes of a Ray data set's rows, as another data set.

    Parameters
    ----------
    data
        A `ray.data.Dataset`, such as ``ray.data.read_parquet(folder)``. Nothing is read until the
        result is asked for, and then a batch at a time.
    model
        A fitted model or task, or the folder that one was saved to, which all hosts must see.
    method
        From rows to as many: ``"transform"``, ``"score_samples"``, ``"reconstruct"``, of a
        detector ``"predict"``, of an imputer ``"transform"``. One number a row becomes a column
        of the method's name.
    keep
        Columns to carry along, such as one that names the rows. The model sees those columns
        alone that it was fitted to.
    workers
        How many actors, each with a copy of the model.
    batch_size
        How many rows each works on at once.

    Raises
    ------
    MissingExtraError
        If Ray is not installed: ``pip install 'isthmus[ray]'``.
    CompositionError
        If there is no such method.
    DataError
        If the rows lack a column of ``keep``, or of those that the model was fitted to.

    Examples
    --------
    .. code-block:: python

        import ray
        from isthmus import map_on_ray

        rows = ray.data.read_parquet("/shared/rows")
        scores = map_on_ray(rows, "/shared/model", "score_samples", keep=["id"], workers=4)
        scores.write_parquet("/shared/scores")
    """
    number = whole("workers", workers, 1, example="map_on_ray(data, model, workers=2)")
    pool = require("ray.data", "ray").ActorPoolStrategy(size=number)
    opened = load(model) if isinstance(model, str | Path) else model
    if not callable(getattr(opened, method, None)):
        raise CompositionError(
            f"method={method!r} was given, which {type(opened).__name__} has not; expected one "
            "that takes rows, such as 'transform' or 'score_samples'."
        )
    kept = [keep] if isinstance(keep, str) else list(keep)
    there = data.columns(fetch_if_missing=False)
    if there is not None:  # else each actor finds out
        _check_there(there, kept, opened)
    return data.map_batches(
        Mapped,
        fn_constructor_args=(model, method, kept),
        batch_format="pandas",
        batch_size=whole("batch_size", batch_size, 1, example="map_on_ray(..., batch_size=4096)"),
        compute=pool,
    )


def _check_there(there: Iterable[str], keep: Sequence[str], model: Any) -> None:
    """Raise `DataError` where rows lack a column that is asked for."""
    there = list(there)
    known = list(getattr(model, "feature_names_in_", ()))
    for names, why in ((keep, "keep asks for"), (known, "the model was fitted to")):
        if missing := [name for name in names if name not in there]:
            raise DataError(
                f"The rows have no column {_listed(missing)}; {why} {_listed(names)}, and they "
                f"have {_listed(there)}."
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


class Mapped:
    """What each actor holds: a model, ready for batch after batch.

    Parameters
    ----------
    model, method, keep
        As in `map_on_ray`.
    """

    def __init__(self, model: Any, method: str, keep: list[str]) -> None:
        self.model = load(model) if isinstance(model, str | Path) else model
        self.method, self.keep = method, keep

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what the method makes of rows, beside the columns that are kept."""
        _check_there(rows.columns, self.keep, self.model)
        names = getattr(self.model, "feature_names_in_", None)
        others = rows.drop(columns=self.keep)
        X = others.to_numpy() if names is None else rows.reindex(columns=list(names))
        made = self._named(getattr(self.model, self.method)(X))
        made.index = rows.index
        return pd.DataFrame({**{name: rows[name] for name in self.keep}, **dict(made.items())})

    def _named(self, made: Any) -> pd.DataFrame:
        if isinstance(made, pd.DataFrame):
            return made
        values = np.asarray(made)
        if values.ndim == 1:
            return pd.DataFrame({self.method: values})
        if self.method == "transform":
            return pd.DataFrame(values, columns=list(self.model.get_feature_names_out()))
        return pd.DataFrame(values, columns=[f"{self.method}{at}" for at in range(values.shape[1])])
