"""The service as a process of its own: real requests on a real port, signals, and sudden death."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus import VAE, Dense, load
from isthmus.serving.server import _listening

X = np.random.default_rng(0).normal(size=(50, 4))
JSON = {"Content-Type": "application/json"}
MOST = 50_000
LONGEST = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "model"
    small = {"latent_dim": 2, "epochs": 1, "backbone": Dense((8,)), "verbose": False}
    VAE(**small, random_state=0).fit(X).save(folder)
    return folder


def started(folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    """A service that listens, and its address."""
    command = [sys.executable, "-m", "isthmus", "serve", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--max-bytes", str(MOST)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line + process.stderr.read()
    return process, found[0]


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, errors = process.communicate(timeout=LONGEST)
    return process.returncode, out, errors


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process, address = started(folder)
    yield process, address
    process.kill()
    ended(process)


@pytest.fixture
def address(service: tuple[subprocess.Popen[str], str]) -> str:
    return service[1]


def asked(url: str, body: bytes | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(url, data=body, headers=JSON)
    try:
        with urllib.request.urlopen(request, timeout=LONGEST) as given:
            return given.status, json.load(given)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def rows(at: int) -> bytes:
    return json.dumps({"rows": X[at % 50][None].tolist()}).encode()


def test_many_at_once_are_all_answered(folder: Path, address: str) -> None:
    expected = load(folder).transform(X)
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda at: asked(f"{address}/encode", rows(at)), range(200)))
    assert {status for status, _ in found} == {200}
    for at, (_, given) in enumerate(found):
        np.testing.assert_allclose(given["codes"][0], expected[at % 50], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("body", "status"), [(b"{", 422), (b"x" * (MOST + 1), 413)])
def test_what_wont_do_is_refused(address: str, body: bytes, status: int) -> None:
    assert asked(f"{address}/encode", body)[0] == status
    assert asked(f"{address}/health") == (200, {"status": "ok"})


def test_a_body_far_too_long_is_refused_and_not_held(address: str) -> None:
    assert asked(f"{address}/encode", b"x" * 5_000_000)[0] == 413
    assert asked(f"{address}/ready") == (200, {"status": "ready"})


def text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=LONGEST) as given:
        return given.read().decode()


def test_killed_and_started_again_it_is_as_before_until_it_is_told_to_end(
    folder: Path, service: tuple[subprocess.Popen[str], str]
) -> None:
    process, address = service
    before = asked(f"{address}/encode", rows(1))
    files = {path: path.read_bytes() for path in folder.iterdir()}
    process.kill()
    process.wait()
    with pytest.raises(urllib.error.URLError):
        asked(f"{address}/health")
    again, same = started(folder, port=int(address.rpartition(":")[2]))
    try:
        assert same == address
        assert asked(f"{address}/encode", rows(1)) == before
        assert {path: path.read_bytes() for path in folder.iterdir()} == files
        check_end(again, address)
        assert ended(again) == (0, f"Stopped serving {folder}.\n", "")
    finally:
        again.kill()


def check_end(process: subprocess.Popen[str], address: str) -> None:
    """See that those who were let in are answered before it ends."""
    body = json.dumps({"n": 5_000, "random_state": 0}).encode()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(asked, f"{address}/sample", body) for _ in range(4)]
        while "isthmus_waiting 4.0" not in text(f"{address}/metrics"):
            time.sleep(0.005)
            if all(each.done() for each in waiting):
                break  # too quick to be caught waiting
        process.send_signal(signal.SIGTERM)
        found = [each.result() for each in waiting]
    assert [(status, len(given["rows"])) for status, given in found] == [(200, 5_000)] * 4


def test_answers_do_not_wait_to_be_acknowledged_half_by_half() -> None:
    with _listening("127.0.0.1", 0) as here, socket.create_connection(here.getsockname()):
        answering, _ = here.accept()
        with answering:
            assert answering.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
