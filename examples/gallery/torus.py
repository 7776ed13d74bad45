"""Gaussian noise becomes a torus: what a VAE's decoder makes of draws from its prior.

python examples/gallery/torus.py [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, cloud, figure, save
from isthmus import VAE, Dense

SHOWN = 3000


def torus(n: int) -> np.ndarray:
    around, along = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, n))
    ring = 3 + np.cos(around)
    return np.stack([ring * np.cos(along), ring * np.sin(along), np.sin(around)], axis=1)


def decoder(X: np.ndarray, epochs: int) -> VAE:
    # A torus is two circles; each is told without a cut by two numbers.
    model = VAE(latent_dim=4, backbone=Dense((128, 128), activation="gelu"), epochs=epochs)
    return model.set_params(learning_rate=3e-3, patience=None, random_state=0).fit(X)


def main() -> None:
    given = arguments(__doc__)
    X = torus(400 if given.small else 8000)
    noise = np.random.default_rng(1).normal(size=(SHOWN, 4))
    shown = {"noise": noise[:, :3]}
    for passes in (1, 2) if given.small else (1, 10, 100):
        shown[f"decoded after {passes} epochs"] = decoder(X, passes).inverse_transform(noise)
    # Each draw keeps the colour of the place round the torus where it comes to lie.
    *_, last = shown.values()
    colours = np.arctan2(last[:, 1], last[:, 0])
    drawn, axes = figure(len(shown), each=2.9, projection="3d")
    for each, (name, points) in zip(axes, shown.items(), strict=True):
        off = np.hypot(np.hypot(*points[:, :2].T) - 3, points[:, 2]) - 1
        told = "" if name == "noise" else f": {np.sqrt((off**2).mean()):.2f} off"
        cloud(each, points, colours, name + told, cmap="twilight_shifted")
        each.set(xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), zlim=(-2.5, 2.5))
        each.view_init(elev=40)
        each.set_box_aspect((1, 1, 0.7), zoom=1.5)
    save(drawn, given, "torus")


if __name__ == "__main__":
    main()
