"""Ensemble: many models of one shape, trained as one.

A step of a small network is mostly overhead, which many networks of one shape can share: their
products are taken in one, and everything else works on the rows of all of them at once.
"""

# pyright: reportPrivateUsage=false

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, TypeVar

from torch import nn

from isthmus import inference, training
from isthmus.codec import Codec, Trace
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder, State
from isthmus.latents import Gaussian, Point
from isthmus.objectives import KL, NLL, Objective
from isthmus.optimiser import EPS, Adam
from isthmus.progress import bar
from isthmus.randomness import seed_from, seeded
from isthmus.run import History, start
from isthmus.space import Batch
from isthmus.stacking import UnstackableError, member_of, stacked
from isthmus.streaming import Stream, split

Model = TypeVar("Model", bound=BaseAutoencoder)
OWN = ("random_state", "verbose")
"""In what the models of a group may differ."""


def fit_together(models: Sequence[Model], X: Any, y: Any = None) -> list[Model]:
    """Fit each model to ``X``; those that differ in their seed alone train as one.

    Each ends up as an ordinary fitted model. Those of a group see the same rows at each step,
    in the order of the first one's seed, and keep the same rows aside; their weights begin, and
    their draws fall, each in its own way. The best epoch, and when patience runs out, is told by
    the mean over the group, and so is ``history_``.

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
    groups: dict[str, list[Model]] = {}
    for model in models:
        groups.setdefault(_shape(model), []).append(model)
    for group in groups.values():
        if len(group) == 1 or not _fit_group(group, X, y):
            for model in group:
                model.fit(X, y)
    return list(models)


class Members(Codec):
    """Many codecs as one: every row goes to each of them.

    Parameters
    ----------
    codecs
        Alike in all but their weights.

    Raises
    ------
    UnstackableError
        If they have parts whose products can't be taken in one.
    """

    def __init__(self, codecs: Sequence[Codec]) -> None:
        nn.Module.__init__(self)
        if not isinstance(codecs[0].latent, Point | Gaussian):
            raise UnstackableError(f"{codecs[0].latent!r} looks at all rows of a batch together")
        vars(self).update(vars(stacked(codecs)))
        self.many = len(codecs)

    def forward(self, batch: Batch, **how: Any) -> Trace:
        """Return the trace of all rows through the first, then through the second, and so on."""
        return super().forward(batch.repeat(self.many), **how)


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
    settings = model.get_params(deep=False)
    return repr([type(model), *(each for each in settings.items() if each[0] not in OWN)])


def _fit_group(group: Sequence[BaseAutoencoder], X: Any, y: Any) -> bool:
    """Fit models of one shape as one, unless they can't be: return whether they were."""
    first = group[0]
    if first.checkpoint is not None or type(first)._prepared is not BaseAutoencoder._prepared:
        return False
    state, opened = first._begun(X, y)
    if isinstance(opened, Stream):
        return False
    data = opened
    if not _by_row(state.objective):
        return False
    seeds = [state.seed, *(seed_from(each.random_state) for each in group[1:])]
    codecs = [state.codec, *(_composed(first, state, seed) for seed in seeds[1:])]
    try:
        members = Members(codecs)
    except UnstackableError:
        return False
    history = _trained(first, state, members, data)
    for place, (model, codec, seed) in enumerate(zip(group, codecs, seeds, strict=True)):
        codec.load_state_dict(member_of(members, place, codec))
        spread = inference.spread(codec, data)
        told = {"codec": codec, "seed": seed, "history": deepcopy(history), "spread": spread}
        model._learned(state._replace(**told))
    return True


def _by_row(objective: Objective) -> bool:
    """Whether each row has its value whichever rows are beside it."""
    terms = objective.terms.values()
    return all(type(term) is NLL or (type(term) is KL and not term.free) for term in terms)


def _composed(model: BaseAutoencoder, state: State, seed: int) -> Codec:
    """Return networks like those of ``state``, with weights of their own."""
    with seeded(seed):
        codec, _ = model.compose(state.adapter.space_, state.codec.context)
    return codec.to(next(state.codec.parameters()).device)


def _trained(model: BaseAutoencoder, state: State, members: Members, data: Batch) -> History:
    """Train all members as the plan of ``model`` has it, and return the mean of their histories."""
    learnt, kept_aside = split(data, model.validation_fraction, state.seed)
    plan = model._plan(state, epochs=model.epochs, patience=model.patience)
    # The mean over all rows is a share of each member's own: so, then, is what guards division.
    optimiser = Adam(members.parameters(), eps=EPS / members.many)
    run = start(members, state.objective, plan, len(learnt), optimiser)
    device = run.ledger.device
    aside = kept_aside.to(device) if kept_aside is not None else None
    with bar(model.verbose, f"{members.many} models") as watch:
        return training.fit(run, learnt.to(device), aside, watch=watch)
