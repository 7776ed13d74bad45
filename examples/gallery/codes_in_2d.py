"""Codes of ten digits in two numbers: a plain autoencoder, a VAE, and PCA, side by side.

python examples/gallery/codes_in_2d.py [--small] [--out FOLDER]
"""

from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from figures import arguments, digits, epochs, figure, save, scatter
from isthmus import VAE, Autoencoder

SHOWN = 4000


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    flat = X.reshape(len(X), -1)
    how = {"latent_dim": 2, "epochs": epochs(given, 300, X), "random_state": 0}
    places = {
        "PCA": PCA(2, random_state=0).fit_transform(flat),
        "plain autoencoder": Autoencoder(**how).fit(X).transform(X),
        "VAE": VAE(**how).fit(X).transform(X),
    }
    drawn, axes = figure(3, each=4)
    for each, (name, codes) in zip(axes, places.items(), strict=True):
        half = len(X) // 2
        known = KNeighborsClassifier(15).fit(codes[:half], y[:half]).score(codes[half:], y[half:])
        scatter(each, codes[:SHOWN], y[:SHOWN], f"{name}: {known:.0%} told by 15 neighbours")
    save(drawn, given, "codes_in_2d")


if __name__ == "__main__":
    main()
