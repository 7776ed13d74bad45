"""Codes of ten digits in two numbers: PCA, a plain autoencoder, and a VAE, side by side.

python examples/gallery/codes_in_2d.py [--data mnist] [--small] [--out FOLDER]
"""

from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from figures import arguments, digits, figure, save, scatter, training
from isthmus import VAE, Autoencoder

SHOWN = 5000


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    how = training(given, X, widths=(512, 256))
    places = {
        "PCA": PCA(2, random_state=0).fit_transform(X.reshape(len(X), -1)),
        "plain autoencoder": Autoencoder(latent_dim=2, **how).fit(X).transform(X),
        "VAE": VAE(latent_dim=2, **how).fit(X).transform(X),
    }
    drawn, axes = figure(3, each=4)
    half = len(X) // 2
    for each, (name, codes) in zip(axes, places.items(), strict=True):
        neighbours = KNeighborsClassifier(15).fit(codes[:half], y[:half])
        told = neighbours.score(codes[half:], y[half:])
        scatter(each, codes[:SHOWN], y[:SHOWN], f"{name}: neighbours tell {told:.0%}")
    save(drawn, given, "codes_in_2d")


if __name__ == "__main__":
    main()
