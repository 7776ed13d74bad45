"""Gaussian noise becomes a torus: what the decoder of a VAE makes of draws from its prior.

python examples/gallery/torus.py [--small] [--out FOLDER]
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from figures import arguments, save
from isthmus import VAE, Dense, Generator, intrinsic_dimension


def torus(n: int) -> np.ndarray:
    around, along = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, n))
    ring = 3 + np.cos(around)
    return np.stack([ring * np.cos(along), ring * np.sin(along), np.sin(around)], axis=1)


def main() -> None:
    given = arguments(__doc__)
    X = torus(400 if given.small else 4000)
    # A torus closes on itself: it has two dimensions, and needs three numbers to be told
    # without a cut.
    print(intrinsic_dimension(X))
    backbone = Dense((128, 128), activation="gelu")
    model = VAE(latent_dim=3, beta=0.4, backbone=backbone, random_state=0)
    model.set_params(epochs=2 if given.small else 120, learning_rate=3e-3, patience=None)
    generator = Generator(model, prior="mixture", random_state=0).fit(X)
    noise = generator.model_.sample(2000, random_state=1)
    fitted = generator.sample(2000, noise=False, random_state=1)
    drawn = Figure(figsize=(10, 3.6), layout="constrained")
    FigureCanvasAgg(drawn)
    shown = {"data": X[:2000], "decoded noise": noise, "fitted prior": fitted}
    for at, (name, points) in enumerate(shown.items(), start=1):
        axes = drawn.add_subplot(1, 3, at, projection="3d")
        off = np.hypot(np.hypot(*points[:, :2].T) - 3, points[:, 2]) - 1
        axes.scatter(*points.T, c=points[:, 2], s=2, cmap="viridis")
        axes.set(
            title=f"{name}: off by {np.sqrt((off**2).mean()):.2f}",
            zlim=(-2.8, 2.8),
            xlim=(-4, 4),
            ylim=(-4, 4),
        )
        axes.set_box_aspect((1, 1, 0.7), zoom=1.35)
        axes.set_axis_off()
    save(drawn, given, "torus")


if __name__ == "__main__":
    main()
