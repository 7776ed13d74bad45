"""Noise becomes a torus: what a decoder makes of Gaussian noise, and of a prior fitted to codes.

python examples/gallery/torus.py [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, cloud, figure, save
from isthmus import VAE, Dense, Generator, Normal

SHOWN = 3000


def torus(n: int) -> np.ndarray:
    around, along = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, n))
    ring = 3 + np.cos(around)
    return np.stack([ring * np.cos(along), ring * np.sin(along), np.sin(around)], axis=1)


def main() -> None:
    given = arguments(__doc__)
    X = torus(400 if given.small else 8000)
    # A torus has two dimensions; since it closes on itself, a code of three shows it uncut.
    model = VAE(
        latent_dim=3,
        likelihood=Normal(0.1),
        backbone=Dense((128, 128), activation="gelu"),
        epochs=2 if given.small else 25,
        learning_rate=3e-3,
        patience=None,
        random_state=0,
    )
    generator = Generator(model, prior="mixture", random_state=0).fit(X)
    decoder = generator.model_
    noise = np.random.default_rng(1).normal(size=(SHOWN, 3))
    made = generator.sample(SHOWN, noise=False, random_state=1)
    shown = {
        "Gaussian noise": (noise, decoder.inverse_transform(noise)),
        "noise of a fitted prior": (decoder.transform(made), made),
    }
    drawn, axes = figure(4, each=2.9, projection="3d")
    for place, (name, (codes, x)) in enumerate(shown.items()):
        off = np.hypot(np.hypot(x[:, 0], x[:, 1]) - 3, x[:, 2]) - 1
        told = f"decoded: {np.sqrt((off**2).mean()):.2f} off"
        # A code has the colour of the place round the torus where it comes to lie.
        colours = np.arctan2(x[:, 1], x[:, 0])
        before, after = axes[2 * place : 2 * place + 2]
        cloud(before, codes, colours, name, cmap="hsv")
        before.set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8), zlim=(-2.5, 2.5))
        before.set_box_aspect((1, 1, 1), zoom=1.1)
        cloud(after, x, colours, told, cmap="hsv")
        after.set(xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), zlim=(-2.5, 2.5))
        after.set_box_aspect((1, 1, 0.7), zoom=1.2)
        after.view_init(elev=40)
    save(drawn, given, "torus")


if __name__ == "__main__":
    main()
