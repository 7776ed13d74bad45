"""Catalogue: every class by the name that it prints with, and `load`, which needs them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from isthmus import (
    adapters,
    backbones,
    corruptions,
    families,
    latents,
    likelihoods,
    objectives,
    store,
)
from isthmus.adapters import Adapter
from isthmus.checks import device_called
from isthmus.errors import FormulaError, ModelFileError
from isthmus.estimator import BaseAutoencoder, State
from isthmus.formula import read
from isthmus.pace import Pace
from isthmus.part import Part
from isthmus.run import History, under
from isthmus.space import SPACES, Space

UNFIT = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What texts and tensors that don't belong together bring about."""

FOLDERS = (adapters, backbones, corruptions, latents, likelihoods, objectives)


def _listed(*modules: Any, kind: type | tuple[type, ...]) -> dict[str, Any]:
    members = {name: getattr(module, name) for module in modules for name in module.__all__}
    return {
        name: each
        for name, each in members.items()
        if isinstance(each, type) and issubclass(each, kind) and not _abstract(each)
    }


def _abstract(cls: type) -> bool:
    return bool(getattr(cls, "__abstractmethods__", None))


FAMILIES: Mapping[str, type[BaseAutoencoder]] = _listed(families, kind=BaseAutoencoder)
PARTS: Mapping[str, Callable[..., Any]] = _listed(*FOLDERS, kind=(Part, Adapter))


def part(text: str) -> Any:
    """Read a part from the way it prints.

    Examples
    --------
    >>> part("Dense((400,), activation='tanh')")
    Dense((400,), activation='tanh')
    """
    return read(text, PARTS)


def load(folder: str | Path, *, parts: Iterable[type] = (), device: str = "cpu") -> BaseAutoencoder:
    """Read a model that `save` wrote.

    No code from the folder is run. It says by name what the model is made of, and those
    names are looked up among Isthmus's own classes and ``parts``.

    Parameters
    ----------
    folder
        Where the model is.
    parts
        Classes of your own that the model is made of.
    device
        Where its networks go, whatever device it was trained on.

    Raises
    ------
    ModelFileError
        If the folder can't be read as a model.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from isthmus import VAE
    >>> X = load_iris().data
    >>> model = VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/iris")
    ...     again = load(f"{folder}/iris")
    >>> bool((again.transform(X) == model.transform(X)).all())
    True
    """
    place = device_called(device)
    document, tensors = store.load(Path(folder))
    own = {each.__name__: each for each in parts}
    known = {**FAMILIES, **PARTS, **SPACES, **own}
    try:
        return _rebuilt(document, tensors, known, place)
    except UNFIT as error:
        raise ModelFileError(
            f"{folder} can't be put together: {error}. If it uses classes of your own, name them: "
            "load(folder, parts=[...]). Else it is damaged or foreign."
        ) from error


def _rebuilt(
    document: store.Document,
    tensors: dict[str, torch.Tensor],
    known: Mapping[str, Any],
    device: torch.device,
) -> BaseAutoencoder:
    def valued(value: Any) -> Any:
        return read(value["part"], known) if isinstance(value, dict) else value

    family = _of_kind(known, document.family, BaseAutoencoder)
    # A file doesn't say where to write: the checkpoint's folder was the other machine's.
    parameters = document.parameters | {"checkpoint": None}
    model = family(**{name: valued(each) for name, each in parameters.items()})
    adapter, space = _adapter(document, known)
    told = document.condition
    condition = None if told is None else adapters.Conditions().restore(told)
    with torch.device("meta"):  # no memory is taken on the word of a file
        codec, objective = model.compose(space, condition.size if condition else 0)
    for name, module in (("codec", codec), ("objective", objective)):
        module.load_state_dict(under(name, tensors), assign=True)
        module.to(device)
    for name, buffer in codec.named_buffers():
        if buffer.is_meta:
            raise ValueError(f"the buffer {name!r} is not in the file: register it as persistent")
    learned = State(
        adapter=adapter,
        codec=codec,
        objective=objective,
        seed=document.seed,
        history=_history(document),
        spread=tensors["spread"],
        condition=condition,
        pace=_pace(document),
    )
    model._take_own(under("own", tensors))  # pyright: ignore[reportPrivateUsage]
    return model._learned(learned)  # pyright: ignore[reportPrivateUsage]


def _adapter(document: store.Document, known: Mapping[str, Any]) -> tuple[Adapter, Space]:
    about = document.adapter
    adapter = _of_kind(known, about.name, Adapter)(**_tuples(about.parameters))
    space = read(document.space, known)
    if not isinstance(space, Space):
        raise FormulaError(f"{document.space!r} is no space")
    adapter.space_ = space
    return adapter.restore(about.facts), space


def _history(document: store.Document) -> History:
    history = History(**document.history.model_dump(exclude={"before"}))
    history.before = [History(**each.model_dump()) for each in document.history.before]
    return history


def _pace(document: store.Document) -> Pace:
    # Files from before there was a choice have it among the parameters.
    told = document.pace.model_dump() if document.pace else document.parameters
    return Pace(told["batch_size"], told["learning_rate"])


def _tuples(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return ``parameters`` with the tuples that JSON made lists of."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }


def _of_kind(known: Mapping[str, Any], name: str, kind: type) -> Any:
    found = known.get(name)
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise FormulaError(f"{name!r} is not known here as a kind of {kind.__name__}")
    return found
