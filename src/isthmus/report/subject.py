"""Subject: a fitted model before some of its data, and what it makes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from isthmus import inference
from isthmus.adapters import Files, Rows, Texts
from isthmus.codec import Trace
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Nearest
from isthmus.objectives.kl import divergence
from isthmus.objectives.nll import cells
from isthmus.randomness import seeded
from isthmus.report.survey import Survey, Tally
from isthmus.space import Batch, Image, Series, Table

MOST = 10_000
"""At most how many rows are looked at."""
NUMBERS = 2**27
"""At most how many numbers of x."""
CODES = 2**25
"""At most how many numbers of codes."""

Kind = Literal["pictures", "series", "columns", "table"]
"""How x can be shown."""


@dataclass(frozen=True)
class Look:
    """A few rows whole, in the space of x: ``(n, *E)`` each.

    Attributes
    ----------
    x, observed
        What they are, and which cells are known.
    reconstruction
        What the model makes of them.
    nll
        What each cell costs, in nats; nothing where it is unknown.
    """

    x: Tensor
    observed: Tensor
    reconstruction: Tensor
    nll: Tensor


@dataclass(frozen=True)
class Subject:
    """A fitted model, some rows of data, and what the model makes of them.

    Attributes
    ----------
    model, rows, source
        What the report is about.
    survey
        What the model makes of the rows that were looked at.
    labels
        One for each of those, to colour by; None where it is missing.
    index
        What the user calls each row of X.
    context
        What each row of X is conditioned on, ``(n, C)``; None where nothing is known of it.
    given
        X as the user gave it.
    """

    model: BaseAutoencoder
    rows: Rows
    source: str
    survey: Survey
    labels: np.ndarray | None
    index: Sequence[Any]
    context: Tensor | None = None
    given: Any = None

    @property
    def kind(self) -> Kind:
        """How x can be shown: as a picture, as lines in time, as columns, or in words."""
        space = self.model.codec_.space
        if isinstance(space, Image):
            return "pictures"
        if isinstance(space, Table):
            return "table"
        return "series" if isinstance(space, Series) else "columns"

    @property
    def pictures(self) -> bool:
        """Whether x can be shown as a picture."""
        return self.kind == "pictures"

    @property
    def columns(self) -> list[str]:
        """What each number of x is called."""
        names = getattr(self.model.adapter_, "columns_", None)
        return list(names) if names else [str(i) for i in range(self.model.codec_.space.size)]

    def taken(self, which: np.ndarray) -> Batch:
        """Return the rows at these places of the survey."""
        return _taken(self.model, self.rows, self.survey.places[which], self.context)

    def look(self, which: np.ndarray) -> Look:
        """Return the rows at these places, and what the model makes of them."""
        batch = self.taken(which)
        trace = _pass(self.model, batch)
        known = torch.ones_like(batch.x, dtype=torch.bool)
        return Look(
            batch.x,
            known if batch.observed is None else batch.observed,
            self.model.codec_.likelihood.point(trace.p).cpu(),
            -cells(trace).cpu(),
        )

    def decode(self, z: np.ndarray, noise: bool = False, context: Tensor | None = None) -> Tensor:
        """Return x for codes ``(n, d)``: the point that stands for each, or a draw."""
        with seeded(self.model.seed_):
            codes = torch.from_numpy(z.astype(np.float32))
            return inference.decoded(self.model.codec_, codes, noise, context)

    def from_prior(self, n: int) -> np.ndarray:
        """Return codes drawn from the prior, ``(n, d)``: the same at every call."""
        with seeded(self.model.seed_):
            prior = self.model.codec_.latent.prior
            return prior.expand((n, self.model.latent_size_)).sample().double().numpy()

    def in_units(self, x: Tensor) -> np.ndarray:
        """Return vectors ``(n, features)`` in the user's units, as plain numbers."""
        return np.asarray(self.model.adapter_.inverse_transform(x)).astype(np.float64)

    def in_series(self, x: Tensor) -> np.ndarray:
        """Return series ``(n, channels, steps)`` in the user's units, as plain numbers.

        Of sounds those are what a step holds; of texts, which have no units, their tokens.
        """
        if isinstance(self.model.adapter_, Texts):
            return x.double().numpy()
        adapter = getattr(self.model.adapter_, "series_", self.model.adapter_)
        values = np.asarray(adapter.inverse_transform(x), dtype=np.float64)
        _, channels, steps = x.shape
        return values.reshape(len(x), steps, channels).swapaxes(1, 2)

    def condition(self, which: np.ndarray) -> Tensor | None:
        """Return what the rows at these places are conditioned on, ``(n, C)``."""
        if self.context is None:
            return None
        return self.context[torch.from_numpy(self.survey.places[which])]

    def generator(self) -> np.random.Generator:
        """Return a source of randomness that is the model's own."""
        return np.random.default_rng(self.model.seed_)

    def called(self, which: int) -> str:
        """Return what a row is called: by its file, its label or its place."""
        place = int(self.survey.places[which])
        name = self.index[place] if len(self.index) else place
        return str(name) if isinstance(name, str) else f"row {name}"


def examine(model: BaseAutoencoder, X: Any, labels: Any, source: str, y: Any = None) -> Subject:
    """Look at ``X`` through ``model``, or at a random part of it where it is very large."""
    rows = model.adapter_.rows(X)
    given = _labels(labels, len(rows))
    most = min(MOST, NUMBERS // model.codec_.space.size, CODES // model.latent_size_)
    most = max(8, most)
    places = np.arange(len(rows))
    if len(rows) > most:
        chosen = np.random.default_rng(model.seed_).choice(len(rows), most, replace=False)
        places = np.sort(chosen)
    condition = None if y is None else model.condition_
    context = condition.transform(y, len(rows)) if condition else None
    survey = _survey(model, rows, places, context)
    chosen = None if given is None else given[places]
    return Subject(model, rows, source, survey, chosen, _index(X, rows), context, X)


@torch.no_grad()
def _survey(
    model: BaseAutoencoder, rows: Rows, places: np.ndarray, context: Tensor | None
) -> Survey:
    tally = Tally(model.codec_.space.shape)
    codes, scores, nats, entries = [], [], [], []
    for batch in _batches(model, rows, places, context):
        trace = _pass(model, batch)
        point = model.codec_.likelihood.point(trace.p)
        tally.add(trace.batch, point, -cells(trace))
        codes.append(trace.z.flatten(1).cpu())
        scores.append(-model.objective_(model.codec_, trace).rows.cpu())
        if isinstance(trace.q, Nearest):
            entries.append(trace.q.indices[..., None].flatten(2).cpu())
        if model.codec_.latent.has_density:
            nats.append(divergence(trace.q, model.codec_.latent.prior).flatten(1).cpu())
    return Survey(
        places=places,
        total=len(rows),
        codes=torch.cat(codes).double().numpy(),
        scores=torch.cat(scores).double().numpy(),
        kl=torch.cat(nats).double().numpy() if nats else None,
        features=tally.features(),
        entries=torch.cat(entries).numpy() if entries else None,
    )


def _batches(
    model: BaseAutoencoder, rows: Rows, places: np.ndarray, context: Tensor | None
) -> Iterator[Batch]:
    size = inference.chunk_size(model.codec_.breadth)
    for first in range(0, len(places), size):
        yield _taken(model, rows, places[first : first + size], context)


def _taken(model: BaseAutoencoder, rows: Rows, places: np.ndarray, context: Tensor | None) -> Batch:
    """Return single rows as one batch: rows can be sliced, and no more."""
    there = None if context is None else context[torch.from_numpy(places)]
    runs = np.split(places, np.flatnonzero(np.diff(places) != 1) + 1)
    slices = [slice(int(run[0]), int(run[-1]) + 1) for run in runs if len(run)]
    batches = [model.adapter_.batch(rows[each]) for each in slices]
    x = torch.cat([batch.x for batch in batches])
    if all(batch.observed is None for batch in batches):
        return Batch(x, context=there)
    known = [
        torch.ones_like(batch.x, dtype=torch.bool) if batch.observed is None else batch.observed
        for batch in batches
    ]
    return Batch(x, torch.cat(known), there)


@torch.no_grad()
def _pass(model: BaseAutoencoder, batch: Batch) -> Trace:
    """Pass a batch through the model at its mean code, undamaged."""
    there = batch.to(next(model.codec_.parameters()).device)
    return model.codec_.eval()(there, input=there.x, draw=False)


def _labels(labels: Any, rows: int) -> np.ndarray | None:
    """Return labels as plain objects, None where one is missing."""
    if labels is None:
        return None
    given = np.array(labels, dtype=object)
    if given.shape != (rows,):
        raise DataError(
            f"Labels of shape {given.shape} were given for {rows} rows; expected one for each row."
        )
    given[pd.isna(given)] = None
    return given


def _index(X: Any, rows: Rows) -> Sequence[Any]:
    """Return what the user calls the rows: files by name, a frame's by its own labels."""
    if isinstance(rows, Files):
        return [path.name for path in rows.paths]
    return list(X.index) if hasattr(X, "iloc") else []
