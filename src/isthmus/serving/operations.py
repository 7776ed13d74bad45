"""Operations: what can be asked of a model or a task, one class for each."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd
import torch
from torch import Tensor

from isthmus import inference
from isthmus.adapters import Adapter
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.ranges import whole
from isthmus.serving import records
from isthmus.serving.limits import Limits
from isthmus.space import Batch

NUMBERS = 2**22
"""At most how many numbers an answer of made rows holds."""
NUMBER: dict[str, Any] = {"type": "number"}
CONDITION: dict[str, Any] = {
    "description": "What the rows are conditioned on: one for all, or a list of one for each."
}


@dataclass(frozen=True)
class Ready:
    """A request, read and checked.

    Attributes
    ----------
    rows
        How many rows it is about.
    asked
        Its fields.
    X
        Its rows, as the model's own kind of data.
    batch
        The same, brought to torch.
    """

    rows: int
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any])
    X: Any = None
    batch: Batch | None = None


class Operation(ABC):
    """One thing that can be asked.

    Attributes
    ----------
    name, summary
        What it is called, and what it does, in words.
    batched
        Whether several requests can be answered in one pass.
    fields
        What a request may say: the JSON schema of each field.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    batched: ClassVar[bool] = True
    fields: dict[str, dict[str, Any]]

    @abstractmethod
    def prepare(self, asked: dict[str, Any]) -> Ready:
        """Check a request by itself.

        Raises
        ------
        DataError, CompositionError
            If it won't do.
        """

    @abstractmethod
    def answers(self, many: Sequence[Ready]) -> list[dict[str, Any]]:
        """Return the answer of each, whatever others are beside it."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an answer's fields."""

    def check(self, asked: Mapping[str, Any], needed: Sequence[str] = ()) -> None:
        """Raise `DataError` for a field that is missing, or that there is not."""
        strange = [name for name in asked if name not in self.fields]
        missing = [name for name in needed if name not in asked]
        if strange or missing:
            said = f"has no field {strange[0]!r}" if strange else f"needs the field {missing[0]!r}"
            raise DataError(
                f"/{self.name} {said}; its fields are {', '.join(map(repr, self.fields))}."
            )


class OnRows(Operation):
    """An operation on rows: requests are joined, worked on in one pass, and parted again.

    Parameters
    ----------
    adapter
        What stands between rows and the model.
    limits
        How many rows a request may bring.
    """

    def __init__(self, adapter: Adapter, limits: Limits) -> None:
        self.adapter, self.limits = adapter, limits
        rows = {"type": "array", "items": records.schema(adapter), "maxItems": limits.max_rows}
        self.fields = {"rows": rows | {"minItems": 1}}

    def prepare(self, asked: dict[str, Any]) -> Ready:
        self.check(asked, ["rows"])
        check_rows(asked["rows"], self.limits)
        X = records.taken(self.adapter, asked["rows"])
        return Ready(len(asked["rows"]), asked, X, self.adapter.transform(X))

    def answers(self, many: Sequence[Ready]) -> list[dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for places in _alike(many):
            some = [many[place] for place in places]
            whole = self.of(_joined([each.batch for each in some if each.batch is not None]))
            parts = whole.split([each.rows for each in some])
            for place, each, part in zip(places, some, parts, strict=True):
                found[place] = self.told(each, part)
        return [found[place] for place in range(len(many))]

    @abstractmethod
    def of(self, batch: Batch) -> Tensor:
        """Return what is found of each row, ``(n, …)``, on the CPU."""

    @abstractmethod
    def told(self, ready: Ready, found: Tensor) -> dict[str, Any]:
        """Return the answer to a request, from what was found of its rows."""


class OnModel(OnRows):
    """An operation of a model, on rows and their conditions."""

    def __init__(self, model: BaseAutoencoder, limits: Limits) -> None:
        super().__init__(model.adapter_, limits)
        self.model = model
        if model.condition_ is not None:
            self.fields["y"] = CONDITION

    def prepare(self, asked: dict[str, Any]) -> Ready:
        ready = super().prepare(asked)
        y, known = condition(asked), self.model.condition_
        if y is None or known is None or ready.batch is None:
            return ready
        context = known.transform(y, ready.rows)
        batch = Batch(ready.batch.x, ready.batch.observed, context)
        return Ready(ready.rows, asked, ready.X, batch)

    def over(self, batch: Batch, function: Callable[[Batch], Tensor]) -> Tensor:
        """Return ``function`` over all rows, in the chunks in which the model itself takes them."""
        codec = self.model.codec_.eval()
        device, size = next(codec.parameters()).device, inference.chunk_size(codec.breadth)
        parts: list[Tensor] = []
        with torch.no_grad():
            for first in range(0, len(batch), size):
                places = torch.arange(first, first + size).clamp(max=len(batch) - 1)
                found = function(batch[places].to(device))
                parts.append(found[: len(batch) - first].cpu())
        return torch.cat(parts)


class Encode(OnModel):
    """Rows to codes."""

    name = "encode"
    summary = "Turn each row into its code."

    def of(self, batch: Batch) -> Tensor:
        return self.over(batch, lambda some: inference.codes(self.model.codec_, some).flatten(1))

    def told(self, ready: Ready, found: Tensor) -> dict[str, Any]:
        return {"codes": records.numbers(found.double().numpy())}

    def schema(self) -> dict[str, Any]:
        size = self.model.latent_size_
        code = {"type": "array", "items": NUMBER, "minItems": size, "maxItems": size}
        return {"codes": {"type": "array", "items": code}}


class Reconstruct(OnModel):
    """Rows to what the model makes of them."""

    name = "reconstruct"
    summary = "Encode and decode each row: what the model makes of it."

    def of(self, batch: Batch) -> Tensor:
        return self.over(batch, lambda some: inference.reconstructions(self.model.codec_, some))

    def told(self, ready: Ready, found: Tensor) -> dict[str, Any]:
        # Series come back as long as they were; other rows in the dtypes of training.
        like = ready.X if isinstance(ready.X, list) else None
        made = self.adapter.inverse_transform(found, like=like)
        return {"rows": records.told(self.adapter, made)}

    def schema(self) -> dict[str, Any]:
        return {"rows": {"type": "array", "items": records.schema(self.adapter)}}


class Score(OnModel):
    """Rows to how normal they are."""

    name = "score"
    summary = "Say how normal each row is, in nats: higher is more normal."

    def of(self, batch: Batch) -> Tensor:
        codec, objective = self.model.codec_, self.model.objective_
        return self.over(batch, lambda some: inference.scores(codec, objective, some))

    def told(self, ready: Ready, found: Tensor) -> dict[str, Any]:
        return {"scores": records.numbers(found.double().numpy())}

    def schema(self) -> dict[str, Any]:
        return {"scores": {"type": "array", "items": NUMBER}}


class OneByOne(Operation):
    """An operation that answers each request by itself, since it draws at random."""

    batched = False

    def answers(self, many: Sequence[Ready]) -> list[dict[str, Any]]:
        return [self.answer(each) for each in many]

    @abstractmethod
    def answer(self, ready: Ready) -> dict[str, Any]:
        """Return the answer to one request."""


def check_rows(rows: Any, limits: Limits) -> None:
    """Raise `DataError` for more rows than a request may have."""
    if isinstance(rows, list) and len(rows) > limits.max_rows:
        raise DataError(
            f"{len(rows):,} rows were given; this service takes {limits.max_rows:,} a request. "
            "Send them in several."
        )


def count(asked: Mapping[str, Any], name: str, usual: int, most: int) -> int:
    """Return a whole number of a request, from 1 up to ``most``."""
    return whole(name, asked.get(name, usual), 1, most, example=f'"{name}": {usual}')


def condition(asked: Mapping[str, Any]) -> Any:
    """Return the condition that a request tells of: a list of objects is a table."""
    y = asked.get("y")
    if isinstance(y, list) and y and all(isinstance(each, dict) for each in y):
        return pd.DataFrame(y)
    if isinstance(y, list) and not y:
        raise DataError('"y" is empty; expected one condition for all rows, or one for each.')
    return y


def check_size(rows: int, adapter: Adapter) -> None:
    """Raise `CompositionError` for more made rows than an answer can hold."""
    most = max(1, NUMBERS // adapter.space_.size)
    if rows > most:
        raise CompositionError(
            f"{rows:,} rows of {adapter.space_.size:,} numbers were asked for; an answer holds "
            f"{most:,} of them. Ask several times."
        )


def _alike(many: Sequence[Ready]) -> list[list[int]]:
    """Return the places of the requests that can be joined: with and without holes, conditions."""
    groups: dict[tuple[bool, bool], list[int]] = {}
    for place, each in enumerate(many):
        assert each.batch is not None
        key = (each.batch.observed is None, each.batch.context is None)
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _joined(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    parts = [each.tensors() for each in batches]
    first = batches[0]
    tensors = iter([torch.cat(each) for each in zip(*parts, strict=True)])
    x = next(tensors)
    observed = next(tensors) if first.observed is not None else None
    return Batch(x, observed, next(tensors) if first.context is not None else None)
