"""Server: a service on a port, until it is told to end."""

import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from isthmus.serving.app import application
from isthmus.serving.limits import Limits

WAITING = 2_048
"""How many connections wait to be taken."""


def serve(
    served: Any,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    limits: Limits | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve a fitted model or task over HTTP, until SIGTERM or SIGINT.

    Requests that were let in are answered before it ends.

    Parameters
    ----------
    served
        A model, an `AnomalyDetector`, an `Imputer` or a `Generator`, fitted.
    host, port
        Where to listen; port 0: at any that is free. Nobody is asked who they are: listen to
        other machines only behind something that does.
    limits
        How much it takes on; None: the usual.
    announce
        What to do with the address, once it listens.

    Raises
    ------
    CompositionError
        If it can't be served.
    OSError
        If it can't listen there.
    """
    limits = limits or Limits()
    app = application(served, limits)
    _allow_many()
    with _listening(host, port) as here, _ended_quietly():
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{here.getsockname()[1]}")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=int(limits.timeout) + 1,
        )
        uvicorn.Server(config).run(sockets=[here])


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        here = socket.create_server((host, port), family=family, backlog=WAITING)
    except (OSError, OverflowError) as error:
        raise OSError(
            f"Can't listen at {host}:{port}: {error}. Name another place with --host and --port."
        ) from error
    # Inherited by each connection: else the second half of an answer waits until the caller has
    # acknowledged the first, which on a connection that is kept open takes 40 ms.
    here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with here:
        yield here


@contextmanager
def _ended_quietly() -> Generator[None]:
    """Let a signal that ended the server be no error: uvicorn raises it anew once it is done."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: None) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _allow_many() -> None:
    """Let this process have as many connections as the system lets it have."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
