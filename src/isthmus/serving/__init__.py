"""Serving: a fitted model or task behind HTTP, which answers what Python would."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isthmus.serving.app import application
    from isthmus.serving.server import serve

from isthmus.errors import require
from isthmus.serving.limits import Limits

__all__ = ["Limits", "application", "serve"]


def __getattr__(name: str) -> Any:
    # Only these need FastAPI, which is an extra.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for package in ("fastapi", "uvicorn", "prometheus_client", "fastapi_offline"):
        require(package, "serve")
    from isthmus.serving.app import application
    from isthmus.serving.server import serve

    return {"application": application, "serve": serve}[name]
