"""Sampling near a reference: the further from its code, the less like it, and the less plausible.

python examples/gallery/near.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, digits, figure, of_each, save, strips, training
from isthmus import VAE, Generator

RADII = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
DRAWN, SHOWN = 100, 12


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    model = VAE(latent_dim=10, **training(given, X, 150)).fit(X)
    generator = Generator(model, prior="standard", random_state=0).fit(X[:5000])
    reference = of_each(X, y)[3:4]
    rows = {"the reference": np.pad(reference, ((0, SHOWN - 1), (0, 0), (0, 0)))}
    for radius in RADII:
        near = generator.sample(DRAWN, near=reference, radius=radius, random_state=0)
        likely = np.median(generator.plausibility(near))
        rows[f"radius {radius:g}: plausible {likely:.0%}"] = near[:SHOWN]
    drawn, (axes,) = figure(1, each=9, height=4.4)
    strips(axes, rows)
    save(drawn, given, "near")


if __name__ == "__main__":
    main()
