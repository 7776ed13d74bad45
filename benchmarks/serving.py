"""The service on loopback: 1,000 requests at once, joined and not, refusals, sudden death.

    a VAE of MNIST pictures, 784-400-20 and back; each request is one picture to be encoded.

python benchmarks/serving.py [--requests 1000] [--rounds 5] [--seed 0]
"""

import argparse
import asyncio
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import httpx2
import numpy as np

import machine
import mnist
from isthmus import VAE, Dense, load
from results import record, table

SECTION = "Serving: 1,000 requests at once"
PATIENCE = 120.0
MOST = 2**20
WAYS = {"joined (2 ms, up to 256 rows)": (), "each by itself": ("--batch-rows", "1")}
HEADER = (
    "requests",
    "sent at once",
    "answered",
    "lost",
    "as in Python",
    "median",
    "99th percentile",
    "last",
    "requests a second",
    "one alone",
)


class Round(NamedTuple):
    seconds: list[float]  # of each request, from its start
    whole: float
    wrong: int
    lost: int


class Service:
    """`isthmus serve` as a process of its own."""

    def __init__(self, folder: Path, port: int = 0, more: Sequence[str] = ()) -> None:
        command = [sys.executable, "-m", "isthmus", "serve", str(folder), "--port", str(port)]
        self.process = subprocess.Popen(
            [*command, "--max-bytes", str(MOST), *more],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise RuntimeError(line + self.process.stderr.read())
        self.url, self.port = found[0], int(found[1])

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait()


async def at_once(url: str, bodies: Sequence[bytes], expected: np.ndarray) -> Round:
    """Send all bodies at the same time, each over a connection of its own."""
    # By hand: the pools of clients take longer over a thousand connections than the service.
    port = int(url.rpartition(":")[2])
    wrong = lost = 0
    seconds: list[float] = []

    async def one(place: int) -> None:
        nonlocal wrong, lost
        start = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                status, given = await posted(port, bodies[place])
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            lost += 1
            return
        seconds.append(time.perf_counter() - start)
        told = given.get("codes", np.nan)
        wrong += status != 200 or not np.allclose(told, expected[place], rtol=1e-5, atol=1e-6)

    start = time.perf_counter()
    await asyncio.gather(*(one(place) for place in range(len(bodies))))
    return Round(seconds, time.perf_counter() - start, wrong, lost)


async def posted(port: int, body: bytes) -> tuple[int, dict[str, object]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = "POST /encode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(int(each.partition(":")[2]) for each in lines if "content-length" in each)
        return int(lines[0].split()[1]), json.loads(await reader.readexactly(length))
    finally:
        writer.close()


def alone(url: str, body: bytes, times: int = 50) -> float:
    """Return the median seconds of one request after the other."""
    with httpx2.Client(timeout=PATIENCE, trust_env=False) as client:
        seconds: list[float] = []
        for _ in range(times):
            start = time.perf_counter()
            client.post(f"{url}/encode", content=body, headers={"content-type": "application/json"})
            seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def row_of(way: str, folder: Path, bodies: list[bytes], expected: np.ndarray, rounds: int) -> list:
    service = Service(folder, more=WAYS[way])
    try:
        single = alone(service.url, bodies[0])
        asyncio.run(at_once(service.url, bodies[:50], expected))  # warm
        found = [asyncio.run(at_once(service.url, bodies, expected)) for _ in range(rounds)]
    finally:
        service.end()
    seconds = np.concatenate([each.seconds for each in found])
    sent, lost = len(bodies) * rounds, sum(each.lost for each in found)
    rate = float(np.median([len(bodies) / each.whole for each in found]))
    return [
        way,
        f"{len(bodies):,}, {rounds} times",
        f"{len(seconds):,} of {sent:,}",
        f"{lost}",
        f"{len(seconds) - sum(each.wrong for each in found):,}",
        f"{np.quantile(seconds, 0.5) * 1000:,.0f} ms",
        f"{np.quantile(seconds, 0.99) * 1000:,.0f} ms",
        f"{seconds.max() * 1000:,.0f} ms",
        f"{rate:,.0f}",
        f"{single * 1000:.1f} ms",
    ]


def refused(folder: Path, good: bytes, expected: np.ndarray) -> list[str]:
    """Return what became of bodies that won't do, sent amid good ones."""
    service = Service(folder)
    pixels = json.loads(good)["rows"]
    bad: dict[str, tuple[bytes, int]] = {
        "no JSON": (good[:-5], 422),
        "a row too short": (json.dumps({"rows": [[[0.5] * 27] * 28]}).encode(), 422),
        "texts for numbers": (json.dumps({"rows": [[["a"] * 28] * 28]}).encode(), 422),
        "a path for rows": (b'{"rows": "/etc/passwd"}', 422),
        "10,001 rows": (json.dumps({"rows": [0] * 10_001}).encode(), 422),
        f"{MOST + 1:,} bytes": (json.dumps({"rows": pixels}).encode().ljust(MOST + 1), 413),
        "20,000,000 bytes": (b" " * 20_000_000, 413),
    }
    lines: list[str] = []
    try:
        with httpx2.Client(timeout=PATIENCE, trust_env=False) as client:
            for name, (body, status) in bad.items():
                headers = {"content-type": "application/json"}
                given = client.post(f"{service.url}/encode", content=body, headers=headers)
                after = client.post(f"{service.url}/encode", content=good, headers=headers).json()
                fine = np.allclose(after["codes"], expected, rtol=1e-5, atol=1e-6)
                right = given.status_code == status and bool(given.json()["detail"])
                lines.append(f"{name}: {given.status_code}{'' if right and fine else ' (WRONG)'}")
    finally:
        service.end()
    return lines


def killed(folder: Path, bodies: list[bytes], expected: np.ndarray) -> str:
    """Kill the service with requests under way, start it again, and compare."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    service = Service(folder)

    async def struck() -> Round:
        waiting = asyncio.create_task(at_once(service.url, bodies, expected))
        await asyncio.sleep(0.5)
        service.process.kill()
        return await waiting

    cut = asyncio.run(struck())
    service.process.wait()
    start = time.perf_counter()
    again = Service(folder, service.port)
    seconds = time.perf_counter() - start
    after = asyncio.run(at_once(again.url, bodies, expected))
    code = again.end()
    same = before == {path.name: path.read_bytes() for path in folder.iterdir()}
    files = "unchanged" if same else "CHANGED"
    return (
        f"Killed (-9) half a second into {len(bodies):,} requests: {len(cut.seconds)} had been "
        f"answered, {cut.wrong} of them wrongly. Started again on the same port in {seconds:.1f} "
        f"s: {len(after.seconds):,} of {len(bodies):,} answered, {after.wrong} wrongly, "
        f"{after.lost} lost; the model's files {files}; ended by SIGTERM with {code}."
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    pictures = mnist.grey_images("train")[:5_000].reshape(-1, 28, 28)
    how = {"epochs": 1, "batch_size": 128, "learning_rate": 1e-3, "random_state": given.seed}
    model = VAE(latent_dim=20, backbone=Dense((400,)), **how)
    chosen = [pictures[at % len(pictures)] for at in range(given.requests)]
    bodies = [json.dumps({"rows": [each.tolist()]}).encode() for each in chosen]
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / "model"
        model.fit(pictures).save(folder)
        expected = load(folder).transform(np.stack(chosen))
        rows = [row_of(way, folder, bodies, expected, given.rounds) for way in WAYS]
        bad = refused(folder, bodies[0], expected[:1])
        struck = killed(folder, bodies, expected)
    record(
        SECTION,
        [
            *table(HEADER, rows),
            "",
            f"Refused, each with words, and the next request answered right: {'; '.join(bad)}.",
            "",
            struck,
            "",
            "`python benchmarks/run.py serving`: `isthmus serve` with its defaults, a process of "
            "its own; one client sends all requests at the same moment, each over a new "
            "connection, and times each from then until its answer is read, connecting and "
            "waiting included. "
            f"A request is one picture of 28 x 28 in {len(bodies[0]):,} bytes of JSON; the model a "
            "VAE of 784-400-20, which works on 256 rows a pass, filled or not. Client and server "
            "share the cores, on one torch thread each. Target: 1,000 at once, none "
            f"lost. Measured on: {machine.describe()}.",
        ],
    )


if __name__ == "__main__":
    main()
