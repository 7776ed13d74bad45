"""Sweep: a grid of settings, each trained, those of one shape as one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Generic, TypeVar

import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from isthmus.checks import check_fields
from isthmus.ensemble import alike, fit_as_one
from isthmus.errors import CompositionError, DataError, DivergedError
from isthmus.estimator import BaseAutoencoder
from isthmus.randomness import seed_from

Model = TypeVar("Model", bound=BaseAutoencoder)
Grid = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]
LOSS = "validation_loss"


@dataclass(frozen=True)
class Sweep(Generic[Model]):
    """What came of a grid of settings.

    Attributes
    ----------
    table
        A row for each setting, the best first: the setting, its losses in nats at its best epoch
        (``validation_loss``, and each term by name), ``best_epoch`` and ``seconds``, for settings
        trained as one their share. A setting whose training left the finite
        numbers has no losses, and comes last.
    models
        The fitted models, in the order of the table's rows; those that failed are not fitted.
    """

    table: pd.DataFrame
    models: list[Model]

    @property
    def best(self) -> Model:
        """The model of the first row."""
        return self.models[0]


def sweep(model: Model, grid: Grid, X: Any, y: Any = None, *, by: str = LOSS) -> Sweep[Model]:
    """Fit a copy of ``model`` with each setting of a grid, and compare them on rows kept aside.

    Settings whose networks have one shape (other seeds, learning rates, corruptions, weights of
    the objective, such as ``beta``) train as one batched product, as in `fit_together`; those of
    each other shape (``latent_dim``, ``backbone``) after one another. All have the model's seed,
    unless the grid names ``random_state``, and so the same rows kept aside.

    Parameters
    ----------
    model
        What the settings are changes of; it stays as it is. Where it has a ``checkpoint``, each
        setting has a folder inside that, and trains by itself.
    grid
        As `sklearn.model_selection.GridSearchCV` takes it: values by the name of the parameter,
        or several such grids.
    X, y
        As in ``fit``.
    by
        The column that tells which is the best: the least. Losses of different objectives can't
        be compared: where ``beta`` is swept, name a term, as in ``by="validation_NLL"``.

    Raises
    ------
    CompositionError
        If there is nothing to compare, or to compare by; before any work is done.
    DataError, SupportError
        As in ``fit``.
    DivergedError
        If every setting left the finite numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from isthmus import VAE, sweep
    >>> grid = {"learning_rate": [1e-3, 1e-2], "latent_dim": [1, 2]}
    >>> found = sweep(VAE(epochs=3, random_state=0), grid, load_iris().data)
    >>> found.table.shape, found.best is found.models[0]
    ((4, 7), True)
    """
    settings = list(ParameterGrid(grid))
    models = _changed(model, settings)
    _check(models, by)
    took: dict[int, float] = {}
    failed: dict[int, DivergedError] = {}
    for each, seconds, error in _fitted(models, X, y):
        took[id(each)] = seconds
        if error is not None:
            failed[id(each)] = error
    if len(failed) == len(models):
        raise next(iter(failed.values()))
    rows = [
        {**setting, **({} if id(each) in failed else _figures(each)), "seconds": took[id(each)]}
        for setting, each in zip(settings, models, strict=True)
    ]
    return _ranked(pd.DataFrame(rows), models, by)


def _changed(model: Model, settings: Sequence[Mapping[str, Any]]) -> list[Model]:
    """Return a copy of the model with each setting; where none names a seed, all have one."""
    given: Any = model
    if not isinstance(given, BaseAutoencoder):
        raise CompositionError(
            f"{model!r} was given; expected a model to change: sweep(VAE(), grid, X)."
        )
    if not settings:
        raise CompositionError(
            "The grid holds no setting; expected values by the name of a parameter, as in "
            'sweep(VAE(), {"latent_dim": [2, 4]}, X).'
        )
    check_fields(given)
    seed = seed_from(given.random_state)

    def copy(place: int, setting: Mapping[str, Any]) -> Any:
        made: Any = clone(given)
        if given.checkpoint is not None:  # else one would find that of another
            made.set_params(checkpoint=str(Path(given.checkpoint) / str(place)))
        return made.set_params(random_state=seed).set_params(**setting)

    return [copy(place, each) for place, each in enumerate(settings)]


def _check(models: Sequence[BaseAutoencoder], by: str) -> None:
    for each in models:
        check_fields(each)
    terms = {name for each in models for name in (1 * each.recipe().objective).weights}
    known = sorted(f"validation_{name}" for name in {"loss", *terms})
    if by not in known:
        raise CompositionError(f"by={by!r} was given; expected one of {', '.join(known)}.")
    objectives = list(dict.fromkeys(repr(1 * each.recipe().objective) for each in models))
    if by == LOSS and len(objectives) > 1:
        raise CompositionError(
            f"by={by!r} was to compare {objectives[0]} with {objectives[1]}, whose losses mean "
            'different things. Name a term that both have, such as by="validation_NLL".'
        )
    if not all(each.validation_fraction for each in models):
        raise CompositionError(
            f"by={by!r} was given, and validation_fraction=0 keeps no rows aside to compare by. "
            "Keep some, as in validation_fraction=0.1."
        )


def _fitted(
    models: Sequence[BaseAutoencoder], X: Any, y: Any
) -> Iterator[tuple[BaseAutoencoder, float, DivergedError | None]]:
    """Fit the models, and yield each with the seconds that it took, and with what went wrong."""
    for group in alike(models):
        begun = perf_counter()
        try:
            as_one = fit_as_one(group, X, y)
        except DivergedError:  # one of them did, and which is found out one by one
            as_one = False
        if as_one:
            seconds = (perf_counter() - begun) / len(group)
            yield from ((each, seconds, None) for each in group)
        else:
            yield from (_alone(each, X, y) for each in group)


def _alone(
    model: BaseAutoencoder, X: Any, y: Any
) -> tuple[BaseAutoencoder, float, DivergedError | None]:
    begun, failed = perf_counter(), None
    try:
        model.fit(X, y)
    except DivergedError as error:
        failed = error
    return model, perf_counter() - begun, failed


def _figures(model: BaseAutoencoder) -> dict[str, float]:
    """Return what a model came to at its best epoch."""
    history = model.history_
    best = history.rows[history.best - 1]
    told = {name: best[name] for name in best if name.startswith("validation_")}
    return {**told, "best_epoch": history.best}


def _ranked(table: pd.DataFrame, models: list[Model], by: str) -> Sweep[Model]:
    if by not in table:
        raise DataError(
            f"by={by!r} was given, and the rows are too few for any to be kept aside. Give more of "
            "them, or a larger validation_fraction."
        )
    order = table.sort_values(by, kind="stable").index  # what failed has none, and comes last
    return Sweep(table.loc[order].reset_index(drop=True), [models[place] for place in order])
