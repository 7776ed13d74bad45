"""Contenders timed in turn, so that a machine's moods fall on all of them alike."""

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

Seconds = dict[str, list[float]]


def alternate(contenders: Mapping[str, Callable[[], object]], rounds: int = 5) -> Seconds:
    """Seconds of each contender in each round; a first round warms up and is thrown away."""
    names = list(contenders)
    seconds: Seconds = {name: [] for name in names}
    for turn in range(rounds + 1):
        # Each round runs the other way round: nobody always follows the same neighbour.
        for name in names if turn % 2 else reversed(names):
            seconds[name].append(_time(contenders[name]))
    return {name: times[1:] for name, times in seconds.items()}


def _time(job: Callable[[], object]) -> float:
    gc.collect()  # the last contender's rubbish is not this one's to sweep
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def medians(seconds: Seconds) -> dict[str, float]:
    return {name: median(times) for name, times in seconds.items()}


def speed_ratio(seconds: Seconds, name: str, other: str) -> float:
    """How many times as fast `name` is as `other`: the median over rounds, each paired in time."""
    return median(b / a for a, b in zip(seconds[name], seconds[other], strict=True))
