"""The manifold of digits: a plane of codes, decoded place by place at the prior's quantiles.

python examples/gallery/manifold.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np
from scipy.stats import norm

from figures import arguments, digits, figure, picture, save, scatter, sheet, training
from isthmus import VAE

SIDE, SHOWN = 20, 6000


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    model = VAE(latent_dim=2, **training(given, X, widths=(512, 256))).fit(X)
    steps = norm.ppf(np.linspace(0.01, 0.99, SIDE))
    across, upward = np.meshgrid(steps, steps[::-1])
    decoded = model.inverse_transform(np.stack([across.ravel(), upward.ravel()], axis=1))

    drawn, (codes, plane) = figure(2, each=5)
    scatter(codes, model.transform(X[:SHOWN]), y[:SHOWN], "where digits lie")
    codes.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), aspect="equal")
    picture(plane, sheet(decoded, SIDE, gap=0), "what the plane decodes to")
    save(drawn, given, "manifold")


if __name__ == "__main__":
    main()
