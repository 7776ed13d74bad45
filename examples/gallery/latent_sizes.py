"""Samples of VAEs whose codes have 2, 5, 10 and 20 numbers: sharper and less sure, the larger.

python examples/gallery/latent_sizes.py [--data mnist] [--small] [--out FOLDER]
"""

from figures import arguments, digits, figure, picture, save, sheet, training
from isthmus import VAE

SIDE = 9


def main() -> None:
    given = arguments(__doc__)
    X, _ = digits(given)
    drawn, axes = figure(4, each=3)
    for each, size in zip(axes, (2, 5, 10, 20), strict=True):
        model = VAE(latent_dim=size, **training(given, X, 150)).fit(X)
        fresh = model.sample(SIDE * SIDE, random_state=1)
        nats = model.history_.rows[-1]["validation_loss"]
        picture(each, sheet(fresh, SIDE), f"{size} numbers: {nats:.0f} nats")
    save(drawn, given, "latent_sizes")


if __name__ == "__main__":
    main()
