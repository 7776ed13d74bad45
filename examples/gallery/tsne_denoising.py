"""t-SNE of noisy pixels, beside t-SNE of the codes of a denoising autoencoder.

python examples/gallery/tsne_denoising.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np
from openTSNE import TSNE
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from figures import arguments, digits, figure, save, scatter, training
from isthmus import Atlas, DenoisingAutoencoder, Noise

SHOWN, NOISE = 2000, 0.4


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=20_000)
    how = training(given, X, 100)
    model = DenoisingAutoencoder(latent_dim=32, corruption=Noise(NOISE), **how).fit(X)
    noisy = X[:SHOWN] + np.random.default_rng(0).normal(0, NOISE, X[:SHOWN].shape)
    noisy = noisy.clip(0, 1)
    places = {
        "noisy pixels": TSNE(random_state=0).fit(noisy.reshape(len(noisy), -1)),
        "denoising codes": Atlas(model, random_state=0).fit(noisy).embedding_,
    }
    drawn, axes = figure(2, each=4.6)
    for each, (name, found) in zip(axes, places.items(), strict=True):
        told = cross_val_score(KNeighborsClassifier(15), found, y[:SHOWN]).mean()
        scatter(each, found, y[:SHOWN], f"t-SNE of {name}: neighbours tell {told:.0%}")
    save(drawn, given, "tsne_denoising")


if __name__ == "__main__":
    main()
