"""Meters: what a service counts, for Prometheus to read."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1_000, 10_000)


class Meters:
    """Requests, their seconds, rows and errors; passes of the model, and rows in each."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        to = self.registry
        by_status, by_place = ("endpoint", "status"), ("endpoint",)
        self.requests = Counter("isthmus_requests", "Requests answered", by_status, registry=to)
        self.errors = Counter(
            "isthmus_errors", "Requests refused or failed", by_status, registry=to
        )
        self.seconds = Histogram(
            "isthmus_request_seconds",
            "Seconds from a request's head to the end of its answer",
            by_place,
            registry=to,
            buckets=SECONDS,
        )
        self.rows = Counter("isthmus_rows", "Rows worked on", by_place, registry=to)
        self.passes = Histogram(
            "isthmus_pass_rows",
            "Rows that went through the model together",
            by_place,
            registry=to,
            buckets=ROWS,
        )
        self.waiting = Gauge("isthmus_waiting", "Requests under way", registry=to)

    def answered(self, place: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(place, str(status)).inc()
        self.seconds.labels(place).observe(seconds)
        if status >= 400:
            self.errors.labels(place, str(status)).inc()

    def passed(self, place: str, rows: Sequence[int]) -> None:
        """Count a pass that answered requests of so many rows each."""
        self.rows.labels(f"/{place}").inc(sum(rows))
        self.passes.labels(f"/{place}").observe(sum(rows))

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self.registry)
