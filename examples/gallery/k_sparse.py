"""Dictionaries of k-sparse autoencoders: whole digits at k = 10, single strokes at k = 70.

python examples/gallery/k_sparse.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, digits, epochs, figure, picture, save, sheet
from isthmus import KSparseAutoencoder

CODES, SIDE = 1000, 9


def main() -> None:
    given = arguments(__doc__)
    X, _ = digits(given, rows=20_000)
    drawn, axes = figure(4, each=3)
    for each, k in zip(axes, (70, 40, 25, 10), strict=True):
        model = KSparseAutoencoder(
            latent_dim=CODES, k=k, tied=True, epochs=epochs(given, 100, X), random_state=0
        ).fit(X)
        # What single codes draw, those that most pictures use, each on a scale of its own.
        often = (model.transform(X[:1000]) > 0).sum(0).argsort()[::-1][: SIDE * SIDE]
        atoms = model.codec_.decoder.weight.detach().numpy()[often].reshape(-1, *X.shape[1:])
        atoms = atoms / np.abs(atoms).max((1, 2), keepdims=True)
        picture(each, sheet((1 + atoms) / 2, SIDE), f"k = {k}")
    save(drawn, given, "k_sparse")


if __name__ == "__main__":
    main()
