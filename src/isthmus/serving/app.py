"""Application: end points over HTTP, and a page that describes them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources import files
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from isthmus.errors import IsthmusError
from isthmus.serving.asking import NAMES, about, adapter_of, operations, refusal
from isthmus.serving.batching import Batcher
from isthmus.serving.gate import Entry, Gate, RefusedError
from isthmus.serving.limits import Limits
from isthmus.serving.meters import Meters
from isthmus.serving.openapi import REFUSALS, described

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
PLACES = ("/health", "/ready", "/metrics", "/model", "/docs", "/openapi.json")
TEXT = """Rows go in as JSON, and come out as JSON: objects by column where the model was fitted
to a table with names, else lists; `null` is a value that is not known. Each row's answer is what
Python gives, whatever rows travel with it: a product may round its last bit by a row's place."""


def application(served: Any, limits: Limits | None = None) -> FastAPI:
    """Return a service of a fitted model or task, for any server of ASGI.

    Parameters
    ----------
    served
        A model, an `AnomalyDetector`, an `Imputer` or a `Generator`, fitted.
    limits
        How much it takes on; None: the usual.

    Raises
    ------
    CompositionError
        If it can't be served.

    Examples
    --------
    >>> import numpy as np
    >>> from fastapi.testclient import TestClient
    >>> from isthmus import Autoencoder
    >>> X = np.random.default_rng(0).normal(size=(20, 3))
    >>> model = Autoencoder(latent_dim=1, epochs=1, random_state=0).fit(X)
    >>> with TestClient(application(model)) as client:
    ...     answer = client.post("/encode", json={"rows": X[:2].tolist()}).json()
    >>> answer["codes"] == model.transform(X[:2]).tolist()
    True
    """
    return _Service(served, limits or Limits()).app


class _Service:
    """What the end points share."""

    def __init__(self, served: Any, limits: Limits) -> None:
        self.served, self.limits = served, limits
        self.known = operations(served, limits)
        self.meters = Meters()
        self.gate = Gate(limits, self.meters)
        self.batcher = Batcher(self.known, limits, self.meters)
        self.facts = {**about(served), "end_points": [f"/{name}" for name in self.known]}
        self.app = FastAPI(
            title=f"Isthmus: {type(served).__name__}",
            version=version("isthmus"),
            description=TEXT,
            lifespan=self._lifespan,
            docs_url=None,
            redoc_url=None,
        )
        for name in NAMES:
            self._add(name)
        self._add_told()
        self._add_page()
        self.app.add_exception_handler(RefusedError, _refused)
        self.app.add_exception_handler(HTTPException, self._lost)
        self.app.add_middleware(_Measured, meters=self.meters)

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncGenerator[None]:
        self.batcher.start()
        yield
        # The server has let those in go to their end; what is left is finished.
        await asyncio.to_thread(self.batcher.stop)

    def _add(self, name: str) -> None:
        able = name in self.known

        async def asked(request: Request) -> Response:
            if not able:
                raise RefusedError(409, refusal(self.served, name, self.known))
            with self.gate.entered() as entry:
                return Response(await self._answer(name, request, entry), media_type=JSON)

        extra = described(self.known[name], adapter_of(self.served)) if able else {}
        self.app.add_api_route(
            f"/{name}",
            asked,
            methods=["POST"],
            name=name,
            response_class=Response,
            include_in_schema=able,
            **extra,
        )

    async def _answer(self, name: str, request: Request, entry: Entry) -> bytes:
        late = RefusedError(408, "The body didn't arrive in time. Send it faster, or less of it.")
        try:
            async with asyncio.timeout(self.limits.timeout):
                kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
                if kind != JSON:
                    raise RefusedError(415, f"The body is {kind!r}; expected {JSON!r}.")
                length = request.headers.get("content-length")
                body = await entry.read(request.stream(), length)
                late = RefusedError(
                    503,
                    f"It took longer than {self.limits.timeout:g} seconds, and was given up. Come "
                    "again in a moment, or ask for fewer rows at a time.",
                )
                return await asyncio.wrap_future(self.batcher.submit(name, body, entry.hand_on()))
        except TimeoutError:
            raise late from None
        except ClientDisconnect:  # no failure of ours, though nobody will read it
            raise RefusedError(499, "Whoever asked hung up before the body was whole.") from None
        except IsthmusError as error:
            raise RefusedError(422, str(error)) from error

    def _get(self, path: str, **about: Any) -> Callable[[Endpoint], Endpoint]:
        """Return what adds an end point for GET, and for HEAD, which asks for no more than that."""

        def added(endpoint: Endpoint) -> Endpoint:
            self.app.get(path, **about)(endpoint)
            self.app.head(path, include_in_schema=False)(endpoint)
            return endpoint

        return added

    def _add_told(self) -> None:
        get = self._get

        @get("/health", summary="Whether the service is alive.")
        async def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
            return {"status": "ok"}

        @get("/ready", summary="Whether it takes requests.", responses={503: REFUSALS[503]})
        async def ready() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
            if not self.batcher.alive or self.gate.full:
                raise RefusedError(
                    503, "Not ready: it is ending, or has as much to do as it takes."
                )
            return {"status": "ready"}

        @get("/model", summary="What is served.")
        async def model() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
            return self.facts

        @get("/metrics", summary="Counts, for Prometheus.", response_class=Response)
        async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
            return Response(self.meters.text(), media_type=CONTENT_TYPE_LATEST)

    def _add_page(self) -> None:
        # Swagger's own files, from a package: the page asks nothing of the internet.
        folder = files("fastapi_offline") / "static"
        self.app.mount("/docs/static", StaticFiles(directory=str(folder)), name="static")

        @self._get("/docs", include_in_schema=False)
        async def page() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
            return get_swagger_ui_html(
                openapi_url="openapi.json",
                title=self.app.title,
                swagger_js_url="docs/static/swagger-ui-bundle.js",
                swagger_css_url="docs/static/swagger-ui.css",
                swagger_favicon_url="docs/static/favicon.png",
            )

        @self._get("/", include_in_schema=False)
        async def root() -> RedirectResponse:  # pyright: ignore[reportUnusedFunction]
            return RedirectResponse("docs")

    async def _lost(self, request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        said = error.detail
        if error.status_code == 404:
            there = ", ".join([*(f"/{name}" for name in self.known), *PLACES])
            said = f"There is no {request.url.path} here; there are {there}."
        elif error.status_code == 405:
            said = f"{request.method} can't be done to {request.url.path}; see /docs."
        return JSONResponse({"detail": _shown(said)}, error.status_code, error.headers)


JSON = "application/json"
ENDS = 500
"""How many characters are shown of a long refusal, at its beginning and at its end."""


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return JSONResponse({"detail": _shown(error.why)}, error.status, error.headers)


def _shown(why: str) -> str:
    """Return a refusal as it can be sent: it quotes what was asked, which may be of any kind."""
    short = why if len(why) <= 2 * ENDS else f"{why[:ENDS]} … {why[-ENDS:]}"
    return short.encode("utf-8", "backslashreplace").decode()


class _Measured:
    """Counts each request, and the seconds that it took."""

    def __init__(self, app: Callable[..., Awaitable[None]], meters: Meters) -> None:
        self.app, self.meters = app, meters
        self.places = {*PLACES, *(f"/{name}" for name in NAMES)}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            place = scope["path"] if scope["path"] in self.places else "other"
            self.meters.answered(place, status, time.perf_counter() - began)
