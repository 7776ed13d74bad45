"""Anomaly scores: a detector that knows one digit alone, and what it makes of the others.

python examples/gallery/anomalies.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import COLOURS, INK, arguments, digits, figure, picture, plain, save, sheet, training
from isthmus import AnomalyDetector, DenoisingAutoencoder, Noise

NORMAL = 4


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=20_000)
    usual, others = X[y == NORMAL], X[y != NORMAL][:2000]
    learn, new = np.split(usual, [len(usual) * 2 // 3])
    alarms = 0.5 if given.small else 0.05
    model = DenoisingAutoencoder(corruption=Noise(0.2), **training(given, learn, many=100))
    detector = AnomalyDetector(model, clean=True, members=2, false_alarms=alarms, random_state=0)
    detector.fit(learn)
    scores = {f"other {NORMAL}s": (new, COLOURS[0]), "other digits": (others, COLOURS[1])}

    drawn, (axes, *strange) = figure(3, each=3.6)
    for name, (rows, colour) in scores.items():
        found = detector.score_samples(rows)
        called = (detector.predict(rows) < 0).mean()
        axes.hist(found, 40, density=True, color=colour, alpha=0.6, label=f"{name}: {called:.0%}")
    axes.axvline(detector.offset_, color=INK, linewidth=1, linestyle="--", label="threshold")
    axes.legend(frameon=False, fontsize=9)
    plain(axes, "score: called an anomaly")
    for each, (name, (rows, _)) in zip(strange, scores.items(), strict=True):
        order = detector.score_samples(rows).argsort()
        picture(each, sheet(rows[order[:36]], 6), f"the strangest {name}")
    save(drawn, given, "anomalies")


if __name__ == "__main__":
    main()
