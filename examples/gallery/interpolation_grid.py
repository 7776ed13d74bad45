"""Ten by ten codes between four digits in the corners, decoded.

python examples/gallery/interpolation_grid.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, digits, figure, picture, save, sheet, training
from isthmus import VAE

SIDE = 10
CORNERS = (0, 1, 7, 4)


def typical(model: VAE, pictures: np.ndarray) -> np.ndarray:
    """The picture whose code is nearest to the mean of all."""
    z = model.transform(pictures)
    return pictures[((z - z.mean(0)) ** 2).sum(1).argmin()]


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    model = VAE(latent_dim=10, **training(given, X, 150)).fit(X)
    ends = np.stack([typical(model, X[y == digit][:500]) for digit in CORNERS])
    top, bottom = model.transform(ends).reshape(2, 2, -1)

    # First down the left and the right edge, then across from one to the other.
    share = np.linspace(0, 1, SIDE)[:, None, None]
    edges = (1 - share) * top + share * bottom
    share = share.reshape(1, SIDE, 1)
    z = (1 - share) * edges[:, :1] + share * edges[:, 1:]

    drawn, (corners, grid) = figure(2, each=5)
    picture(corners, sheet(ends, 2), "four digits")
    between = model.inverse_transform(z.reshape(SIDE * SIDE, -1))
    picture(grid, sheet(between, SIDE), "what lies between their codes")
    save(drawn, given, "interpolation_grid")


if __name__ == "__main__":
    main()
