"""Anomaly scores: a detector that knows one digit alone, and what it makes of the others.

python examples/gallery/anomalies.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import COLOURS, INK, arguments, digits, figure, picture, plain, save, sheet, training
from isthmus import AnomalyDetector, DenoisingAutoencoder, Noise

NORMAL, SIDE = 4, 6


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=20_000)
    usual, others = X[y == NORMAL], X[y != NORMAL][:1000]
    # Rows to learn from and new ones by the same hands, or a threshold promises nothing.
    learn, new = np.concatenate([usual[::3], usual[1::3]]), usual[2::3]
    alarms = 0.5 if given.small else 0.05
    model = DenoisingAutoencoder(corruption=Noise(0.2), **training(given, learn, 100))
    detector = AnomalyDetector(model, clean=True, members=2, false_alarms=alarms, random_state=0)
    detector.fit(learn)
    shown = {f"other {NORMAL}s": new, "other digits": others}
    scores = {name: detector.score_samples(rows) for name, rows in shown.items()}
    bins = np.histogram_bin_edges(np.concatenate(list(scores.values())), 50)

    drawn, (axes, *strange) = figure(3, each=3.6)
    for (name, found), colour, sheets in zip(scores.items(), COLOURS, strange, strict=False):
        told = f"{name}: {(found < detector.offset_).mean():.0%} called so"
        axes.hist(found, bins, density=True, color=colour, alpha=0.6, label=told)
        strangest = shown[name][found.argsort()[: SIDE * SIDE]]
        picture(sheets, sheet(strangest, SIDE), f"the strangest {name}")
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
    axes.axvline(detector.offset_, color=INK, linewidth=1, linestyle="--", label="threshold")
    axes.legend(frameon=False, fontsize=9)
    plain(axes, "score: low is an anomaly")
    save(drawn, given, "anomalies")


if __name__ == "__main__":
    main()
