"""Ten digits through bottlenecks of 64 numbers down to one, and what PCA loses beside them.

python examples/gallery/bottlenecks.py [--data mnist] [--small] [--out FOLDER]
"""

from sklearn.decomposition import PCA

from figures import COLOURS, arguments, digits, figure, of_each, plain, save, strips, training
from isthmus import Autoencoder

SIZES = (64, 32, 16, 8, 4, 2, 1)
ASIDE = 100


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=20_000)
    X, new, shown = X[:-ASIDE], X[-ASIDE:], of_each(X[-ASIDE:], y[-ASIDE:])
    flat = new.reshape(ASIDE, -1)
    whole = ((flat - flat.mean(0)) ** 2).sum()
    pca = PCA(SIZES[0], random_state=0).fit(X.reshape(len(X), -1))
    components = pca.transform(flat)
    rows, lost = {"the digits": shown}, {"autoencoder": [], "PCA": []}
    for size in SIZES:
        model = Autoencoder(latent_dim=size, **training(given, X, 150)).fit(X)
        again = pca.mean_ + components[:, :size] @ pca.components_[:size]
        rows[f"{size} number{'s' * (size > 1)}"] = model.reconstruct(shown)
        lost["autoencoder"].append(((model.reconstruct(new) - new) ** 2).sum() / whole)
        lost["PCA"].append(((again - flat) ** 2).sum() / whole)

    drawn, (pictures, curves) = figure(2, each=5, height=4.4)
    strips(pictures, rows)
    for colour, (name, shares) in zip(COLOURS, lost.items(), strict=False):
        curves.semilogx(SIZES, shares, "o-", color=colour, base=2)
        curves.text(1.1, shares[-1] + 0.02, name, color=colour, fontsize=11)
    plain(curves, "share of the variance that is lost")
    curves.set_xticks(SIZES, [str(size) for size in SIZES])
    curves.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
    curves.set(xlabel="numbers in the code", ylim=(0, 1.1))
    curves.spines[["top", "right"]].set_visible(False)
    save(drawn, given, "bottlenecks")


if __name__ == "__main__":
    main()
