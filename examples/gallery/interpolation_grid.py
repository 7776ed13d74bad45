"""Ten by ten codes between four digits in the corners, decoded.

python examples/gallery/interpolation_grid.py [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, digits, epochs, figure, picture, save, sheet
from isthmus import VAE

SIDE = 10
CORNERS = (0, 1, 7, 4)


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    model = VAE(latent_dim=16, beta=0.5, epochs=epochs(given, 300, X), random_state=0).fit(X)
    ends = np.stack([X[np.flatnonzero(y == digit)[0]] for digit in CORNERS])
    z = model.transform(ends)
    share = np.linspace(0, 1, SIDE)
    # Weights of the corners: those of a plane that bends as little as can be.
    down, right = np.meshgrid(1 - share, share, indexing="ij")
    weights = np.stack(
        [down * (1 - right), down * right, (1 - down) * (1 - right), (1 - down) * right]
    )
    between = model.inverse_transform(np.einsum("khw,kd->hwd", weights, z).reshape(-1, z.shape[1]))
    drawn, (corners, grid) = figure(2, each=5)
    picture(corners, sheet(ends, 2), "four digits")
    picture(grid, sheet(between, SIDE), "what lies between their codes")
    save(drawn, given, "interpolation_grid")


if __name__ == "__main__":
    main()
