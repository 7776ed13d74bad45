"""Ten digits through bottlenecks of 64 numbers down to one, and what PCA loses beside them.

python examples/gallery/bottlenecks.py [--data mnist] [--small] [--out FOLDER]
"""

from sklearn.decomposition import PCA

from figures import COLOURS, INK, arguments, digits, figure, of_each, plain, save, strips, training
from isthmus import Autoencoder

SIZES = (64, 32, 16, 8, 4, 2, 1)
ASIDE = 100


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=20_000)
    X, new, shown = X[:-ASIDE], X[-ASIDE:], of_each(X[-ASIDE:], y[-ASIDE:])
    flat = new.reshape(ASIDE, -1)
    rows, lost = {"the digits": shown}, {"autoencoder": [], "PCA": []}
    for size in SIZES:
        model = Autoencoder(latent_dim=size, **training(given, X, many=100)).fit(X)
        pca = PCA(size, random_state=0).fit(X.reshape(len(X), -1))
        again = pca.inverse_transform(pca.transform(flat))
        rows[f"{size} number{'s' * (size > 1)}"] = model.reconstruct(shown)
        lost["autoencoder"].append(((model.reconstruct(new) - new) ** 2).sum((1, 2)).mean())
        lost["PCA"].append(((again - flat) ** 2).sum(1).mean())

    drawn, (pictures, curves) = figure(2, each=5)
    strips(pictures, rows)
    for colour, (name, errors) in zip(COLOURS, lost.items(), strict=False):
        curves.loglog(SIZES, errors, "o-", color=colour)
        curves.text(SIZES[-2], errors[-2] * 1.08, name, color=colour, fontsize=11)
    plain(curves, "squared error a picture")
    curves.set_xticks(SIZES, [str(size) for size in SIZES])
    curves.set_xlabel("numbers in the code", color=INK)
    curves.spines[["top", "right"]].set_visible(False)
    save(drawn, given, "bottlenecks")


if __name__ == "__main__":
    main()
