"""The manifold of digits: a plane of codes, decoded place by place at the prior's quantiles.

python examples/gallery/manifold.py [--small] [--out FOLDER]
"""

import numpy as np
from scipy.stats import norm

from figures import arguments, digits, epochs, figure, picture, save, scatter, sheet
from isthmus import VAE

SIDE = 16


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    model = VAE(latent_dim=2, epochs=epochs(given, 400, X), patience=None, random_state=0).fit(X)
    steps = norm.ppf(np.linspace(0.02, 0.98, SIDE))
    across, upward = np.meshgrid(steps, steps[::-1])
    decoded = model.inverse_transform(np.stack([across.ravel(), upward.ravel()], axis=1))
    drawn, (codes, plane) = figure(2, each=5)
    scatter(codes, model.transform(X[:5000]), y[:5000], "codes")
    picture(plane, sheet(decoded, SIDE), "what the plane decodes to")
    save(drawn, given, "manifold")


if __name__ == "__main__":
    main()
