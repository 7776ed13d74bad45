"""Sampling: new rows, from a model or a generator."""

import secrets
from collections.abc import Mapping
from typing import Any

from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.ranges import number, whole
from isthmus.serving import records
from isthmus.serving.limits import Limits
from isthmus.serving.operations import CONDITION, OneByOne, Ready, check_size, condition, count
from isthmus.tasks.generation import Generator

SEEDS = 2**31 - 1


class Sample(OneByOne):
    """Rows that nobody wrote; the answer names the seed that makes the same ones again."""

    name = "sample"
    summary = "Make new rows."

    def __init__(self, source: BaseAutoencoder | Generator, limits: Limits) -> None:
        self.source, self.limits = source, limits
        self.model = source.model_ if isinstance(source, Generator) else source
        row = records.schema(self.model.adapter_)
        self.fields = {
            "n": {"type": "integer", "minimum": 1, "maximum": limits.max_rows, "default": 1},
            "near": row | {"description": "One row: codes are drawn round its code."},
            "radius": {"type": "number", "minimum": 0, "default": 1.0},
            "noise": {"type": "boolean", "description": "Draw from p(x | z) as well."},
            "random_state": {"type": "integer", "minimum": 0, "maximum": SEEDS},
        }
        if self.model.condition_ is not None:
            self.fields["y"] = CONDITION
        if isinstance(source, Generator) and records.columns_of(self.model.adapter_):
            told = "Columns and the values that all rows are to have."
            self.fields["where"] = {"type": "object", "description": told}

    def prepare(self, asked: dict[str, Any]) -> Ready:
        self.check(asked)
        n = count(asked, "n", 1, self.limits.max_rows)
        check_size(n, self.model.adapter_)
        if not isinstance(asked.get("noise"), bool | None):
            raise DataError(f'"noise" is {asked["noise"]!r}; expected true or false.')
        number("radius", asked.get("radius", 1.0), 0, example='"radius": 1.0')
        seed = asked.get("random_state")
        if seed is not None:
            whole("random_state", seed, 0, SEEDS, example='"random_state": 1')
        near = asked.get("near")
        X = None if near is None else records.taken(self.model.adapter_, [near])
        return Ready(n, asked, X)

    def answer(self, ready: Ready) -> dict[str, Any]:
        asked, given = ready.asked, dict[str, Any]()
        seed = asked.get("random_state")
        seed = secrets.randbelow(SEEDS) if seed is None else seed
        if isinstance(self.source, Generator) and asked.get("where") is not None:
            given["where"] = self._where(asked["where"])
        if asked.get("noise") is not None:
            given["noise"] = asked["noise"]
        made = self.source.sample(
            ready.rows,
            y=condition(asked),
            near=ready.X,
            radius=float(asked.get("radius", 1.0)),
            random_state=seed,
            **given,
        )
        return {"rows": records.told(self.model.adapter_, made), "random_state": seed}

    def schema(self) -> dict[str, Any]:
        row = records.schema(self.model.adapter_)
        return {"rows": {"type": "array", "items": row}, "random_state": {"type": "integer"}}

    def _where(self, where: Any) -> dict[str, Any]:
        if not isinstance(where, Mapping):
            raise DataError(f'"where" is {where!r}; expected an object of columns and values.')
        adapter = self.model.adapter_
        return {name: records.value_of(adapter, name, each) for name, each in where.items()}
