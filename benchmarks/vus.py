"""VUS-PR: the area under the precision-recall curve, for anomalies that are stretches of time.

Labels are points, and where an anomaly begins and ends is known only roughly: a score that rises a
few steps early is not wrong. So the labels are softened at both ends over a buffer of l steps,
`label = sqrt(1 - distance / l)` up to half of l away; precision, and recall times the share of
anomalies that are found at all, are those of the softened labels; and the area under the curve is
averaged over l from 0 to a longest one: the volume under the surface (Paparrizos et al., 2022,
"Volume under the surface: a new accuracy evaluation measure for time-series anomaly detection",
PVLDB 15(11), section 4). No point is adjusted: what isn't found stays lost.
"""

import numpy as np

THRESHOLDS = 250


def vus_pr(labels: np.ndarray, scores: np.ndarray, longest: int) -> float:
    """Return the volume for labels of 0 and 1 and scores, higher the stranger: both `(t,)`."""
    return float(np.mean([range_pr(labels, scores, buffer) for buffer in range(longest + 1)]))


def range_pr(labels: np.ndarray, scores: np.ndarray, buffer: int) -> float:
    """Return the average precision of the softened labels."""
    soft = softened(labels, buffer)
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    thresholds = falling[np.linspace(0, len(scores) - 1, THRESHOLDS).astype(int)]
    many = np.searchsorted(-falling, -thresholds, side="right")  # how many score as high
    found = np.cumsum(soft[order])[many - 1]
    positives = (labels.sum() + soft.sum()) / 2
    highest = np.array([scores[first:last].max() for first, last in stretches(soft > 0)])
    existing = (highest[None] >= thresholds[:, None]).mean(1)
    recall = np.minimum(found / positives, 1) * existing
    return float(np.sum(np.diff(recall, prepend=0) * found / many))


def softened(labels: np.ndarray, buffer: int) -> np.ndarray:
    """Return labels that fall off at both ends of each stretch."""
    soft = labels.astype(float)
    for first, last in stretches(labels > 0):
        for step in range(1, buffer // 2 + 1):
            for place in (first - step, last - 1 + step):
                if 0 <= place < len(soft):
                    soft[place] = min(1.0, soft[place] + np.sqrt(1 - step / buffer))
    return soft


def stretches(inside: np.ndarray) -> list[tuple[int, int]]:
    """Return where each stretch begins, and the step after its end."""
    edges = np.flatnonzero(np.diff(inside.astype(int), prepend=0, append=0))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
