"""Ensemble: many models of one shape, trained as one.

A step of a small network is mostly overhead, which many networks of one shape can share: their
products are taken in one, and everything else works on the rows of all of them at once.
"""

# pyright: reportPrivateUsage=false

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from isthmus import training
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder, State
from isthmus.members import Adams, Members, Objectives, together
from isthmus.objectives import KL, NLL, Objective
from isthmus.pace import pace
from isthmus.progress import bar
from isthmus.randomness import seed_from, seeded
from isthmus.run import History, start
from isthmus.space import Batch
from isthmus.stacking import UnstackableError, member_of
from isthmus.streaming import Stream, split

Model = TypeVar("Model", bound=BaseAutoencoder)
OWN = ("learning_rate", "corruption", "random_state", "verbose")
"""The fields that every family has in which the models of a group may differ."""


def fit_together(models: Sequence[Model], X: Any, y: Any = None) -> list[Model]:
    """Fit each model to ``X``; those whose networks have one shape train as one.

    They may differ in ``random_state``, ``learning_rate``, ``corruption`` and in the weights of
    their objective, such as ``beta``. Each ends up as an ordinary fitted model, with the weights
    of its own best epoch. Those of a group see the same rows at each step, in the order of the
    first one's seed, and keep the same rows aside; their weights begin, and their draws fall,
    each in its own way. Where the batch size is left to be chosen, all have the largest that one
    of them would have alone. What trains as one is not compiled, whatever ``compile`` says.

    Groups of one, and models that can't be stacked (convolutions, recurrent cells, sparse or
    quantised latents, terms other than `NLL` and `KL`), are fitted one after another.

    Parameters
    ----------
    models
        Families of any kind, not two of them the same object.
    X, y
        As in ``fit``.

    Raises
    ------
    CompositionError
        If there is no model, or one of them stands there twice.
    DataError, SupportError, DivergedError
        As in ``fit``.

    Examples
    --------
    >>> import numpy as np
    >>> from isthmus import Autoencoder
    >>> models = [Autoencoder(latent_dim=1, epochs=2, random_state=seed) for seed in range(3)]
    >>> [model.transform(np.eye(8)).shape for model in fit_together(models, np.eye(8))]
    [(8, 1), (8, 1), (8, 1)]
    """
    _check(models)
    for group in alike(models):
        if not fit_as_one(group, X, y):
            for model in group:
                model.fit(X, y)
    return list(models)


def alike(models: Sequence[Model]) -> list[list[Model]]:
    """Return the models in groups whose networks have one shape."""
    groups: dict[str, list[Model]] = {}
    for model in models:
        groups.setdefault(_shape(model), []).append(model)
    return list(groups.values())


def _check(models: Sequence[Any]) -> None:
    if not models or not all(isinstance(each, BaseAutoencoder) for each in models):
        raise CompositionError(
            f"{models!r} was given; expected models, one or more: fit_together([VAE(), VAE()], X)."
        )
    if len({id(each) for each in models}) < len(models):
        raise CompositionError(
            "One model was given twice; expected as many objects as there are to be models: "
            "sklearn.base.clone makes another."
        )


def _shape(model: BaseAutoencoder) -> str:
    """Return what models that train as one have in common, in words."""
    recipe = model.recipe()
    objective, damage = 1 * recipe.objective, model.corruption or recipe.corruption
    terms = [repr(term) for term in objective.terms.values()]
    # What stands in for a likelihood that nobody named depends on these.
    hints = objective.bounds_density, damage is not None and damage.hides
    own = recipe.latent, recipe.likelihood, recipe.backbone, recipe.forgetting, *terms, *hints
    shared = [getattr(model, each.name) for each in fields(BaseAutoencoder) if each.name not in OWN]
    return repr([type(model), *own, *shared])


def fit_as_one(group: Sequence[BaseAutoencoder], X: Any, y: Any = None) -> bool:
    """Fit models of one shape as one, unless they can't be: return whether they were."""
    # Those that learn at one speed, from rows damaged alike, lie beside one another.
    first, *others = group = sorted(
        group, key=lambda each: repr((each.learning_rate, each.corruption))
    )
    own = type(first)._prepared is not BaseAutoencoder._prepared
    if not others or own or first.checkpoint is not None:
        return False
    state, data = first._begun(X, y)
    if isinstance(data, Stream) or not _by_row(state.objective):
        return False
    states = [state, *(_composed(each, state) for each in others)]
    try:
        members = Members([each.codec for each in states])
    except UnstackableError:
        return False
    learnt, kept_aside = split(data, first.validation_fraction, state.seed)
    states = _paced(group, states, len(learnt))
    histories = _trained(first, states, members, learnt, kept_aside)
    spreads = members.spread(data)
    for place, (model, own_state) in enumerate(zip(group, states, strict=True)):
        codec = own_state.codec
        codec.load_state_dict(member_of(members, place, codec))
        told = {"history": histories[place], "spread": spreads[place].clone()}
        model._learned(own_state._replace(**told))
    return True


def _by_row(objective: Objective) -> bool:
    """Whether each row has its value whichever rows are beside it."""
    terms = objective.terms.values()
    return all(type(term) is NLL or (type(term) is KL and not term.free) for term in terms)


def _composed(model: BaseAutoencoder, like: State) -> State:
    """Return a state like another, with networks and an objective of the model's own."""
    seed = seed_from(model.random_state)
    device = next(like.codec.parameters()).device
    with seeded(seed):
        codec, objective = model.compose(like.adapter.space_, like.codec.context)
    return like._replace(codec=codec.to(device), objective=objective.to(device), seed=seed)


def _paced(group: Sequence[BaseAutoencoder], states: Sequence[State], rows: int) -> list[State]:
    """Return the states with the largest batch that one of the models would have alone."""
    size = max(each._pace(rows).batch_size for each in group)
    paces = [pace(rows, size, each.learning_rate) for each in group]
    return [state._replace(pace=own) for state, own in zip(states, paces, strict=True)]


def _trained(
    first: BaseAutoencoder,
    states: Sequence[State],
    members: Members,
    learnt: Batch,
    kept_aside: Batch | None,
) -> list[History]:
    """Train all members as the plan of the first has it, and return the history of each."""
    plan = first._plan(states[0], epochs=first.epochs, patience=first.patience)
    speeds = [each.pace.learning_rate / plan.learning_rate for each in states]
    objective = Objectives([each.objective for each in states])
    optimiser = Adams(list(members.parameters()), speeds)
    run = together(start(members, objective, plan, len(learnt), optimiser), speeds)
    device = run.ledger.device
    aside = kept_aside.to(device) if kept_aside is not None else None
    with bar(first.verbose, f"{members.many} models") as watch:
        training.fit(run, learnt.to(device), aside, watch=watch)
    return run.histories
