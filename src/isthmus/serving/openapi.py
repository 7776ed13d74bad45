"""OpenAPI: what a request may say and what comes back, of this very model."""

from typing import Any

import torch

from isthmus.adapters import Adapter
from isthmus.serving import records
from isthmus.serving.operations import Operation

SMALL = 64
"""Up to how many numbers a row has to be shown as an example."""


def _refusal(text: str) -> dict[str, Any]:
    detail = {"type": "object", "properties": {"detail": {"type": "string"}}}
    return {"description": text, "content": {"application/json": {"schema": detail}}}


REFUSALS: dict[int | str, dict[str, Any]] = {
    408: _refusal("The body didn't arrive in time."),
    413: _refusal("The body is too long."),
    422: _refusal("The request won't do, and what to change."),
    429: _refusal("Too many requests are under way."),
    503: _refusal("It took too long, or the service is ending."),
}


def described(operation: Operation, adapter: Adapter) -> dict[str, Any]:
    """Return what FastAPI is to say of an operation."""
    needed = [name for name in ("rows",) if name in operation.fields]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": operation.fields,
        "required": needed,
        "additionalProperties": False,
    }
    example = _example(operation, adapter)
    if example is not None:
        schema["example"] = example
    content = {"application/json": {"schema": schema}}
    answer = {"type": "object", "properties": operation.schema()}
    good = {"description": "The answer.", "content": {"application/json": {"schema": answer}}}
    return {
        "summary": operation.summary,
        "responses": {200: good, **REFUSALS},
        "openapi_extra": {"requestBody": {"required": True, "content": content}},
    }


def _example(operation: Operation, adapter: Adapter) -> dict[str, Any] | None:
    """Return a request that would be answered; None where a row is too large to show."""
    if operation.name == "sample":
        return {"n": 3}
    if adapter.space_.size > SMALL:
        return None
    rows = records.told(adapter, adapter.inverse_transform(torch.zeros(1, *adapter.space_.shape)))
    return {"rows": rows}
