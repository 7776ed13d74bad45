"""Asking: which operations a model or a task has, and what it is, for whoever asks."""

from importlib.metadata import version
from typing import Any

from isthmus.adapters import Adapter, Tables
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.serving.limits import Limits
from isthmus.serving.on_tasks import Detect, Detected, Impute
from isthmus.serving.operations import Encode, Operation, Reconstruct, Score
from isthmus.serving.sampling import Sample
from isthmus.tasks.anomaly import AnomalyDetector
from isthmus.tasks.generation import Generator
from isthmus.tasks.imputation import Imputer

Served = BaseAutoencoder | AnomalyDetector | Imputer | Generator
NAMES = ("encode", "reconstruct", "score", "impute", "sample", "detect")
"""All that a service may be asked for."""
REMEDIES = {
    "impute": "Serve an Imputer, which `isthmus impute DATA --save FOLDER` makes.",
    "detect": "Serve an AnomalyDetector, which `isthmus detect DATA --save FOLDER` makes.",
    "sample": "Serve a model, or a Generator, which `isthmus synthesize N DATA --save FOLDER` "
    "makes.",
}


def operations(served: Any, limits: Limits) -> dict[str, Operation]:
    """Return what can be asked of a fitted model or task, by name.

    Raises
    ------
    CompositionError
        If there is nothing to serve.
    """
    if isinstance(served, AnomalyDetector):
        found: list[Operation] = [Detected(served, limits), Detect(served, limits)]
    elif isinstance(served, Imputer):
        found = [Impute(served, limits)]
    elif isinstance(served, Generator):
        found = [Sample(served, limits)]
    elif isinstance(served, BaseAutoencoder):
        found = [kind(served, limits) for kind in (Encode, Reconstruct, Score)]
        found.append(Sample(served, limits))
    else:
        raise CompositionError(
            f"A {type(served).__name__} was given, which can't be served; expected a fitted "
            "model, an AnomalyDetector, an Imputer or a Generator."
        )
    return {each.name: each for each in found}


def refusal(served: Any, name: str, known: dict[str, Operation]) -> str:
    """Return why ``name`` can't be asked of what is served, in words."""
    able = " and ".join(f"/{each}" for each in known)
    remedy = REMEDIES.get(name, "Serve a model, which `isthmus fit` makes.")
    return f"{type(served).__name__} has no /{name}; it answers {able}. {remedy}"


def adapter_of(served: Served) -> Adapter:
    """Return what stands between rows and what is served."""
    return served.model_.adapter_ if isinstance(served, Generator) else served.adapter_


def about(served: Served) -> dict[str, Any]:
    """Return what is served, in a few facts."""
    adapter = adapter_of(served)
    facts: dict[str, Any] = {"isthmus": version("isthmus"), "kind": type(served).__name__}
    if isinstance(served, BaseAutoencoder):
        facts |= of_model(served)
    elif isinstance(served, AnomalyDetector):
        facts |= {
            "threshold": float(served.offset_),
            "scores": list(map(repr, served.panel_.scores)),
        }
    elif isinstance(served, Generator):
        facts |= {"prior": repr(served.prior_), "model": of_model(served.model_)}
    else:
        facts |= {"networks": len(served.models_), "weights_of_networks": served.weights_}
    kinds = {"kinds": adapter.kinds_} if isinstance(adapter, Tables) else {}
    columns: Any = getattr(adapter, "columns_", None)
    return facts | {"space": repr(adapter.space_), **kinds, "column_names": columns}


def of_model(model: BaseAutoencoder) -> dict[str, Any]:
    """Return what a fitted model is made of, and how it was trained."""
    history = model.history_
    best = history.rows[history.best - 1] if history.rows else {}
    known = model.condition_
    return {
        "family": type(model).__name__,
        "equation": repr(model.objective_),
        "latent": repr(model.codec_.latent),
        "likelihood": repr(model.codec_.likelihood),
        "code_size": model.latent_size_,
        "weights": sum(each.numel() for each in model.codec_.parameters()),
        "epochs": len(history.rows),
        "best_epoch": history.best,
        "best_validation_loss": best.get("validation_loss"),
        **({"condition": known.facts()} if known is not None else {}),
    }
