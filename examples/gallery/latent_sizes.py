"""Samples of VAEs whose codes have 2, 5, 10 and 20 numbers: sharper and less sure, the larger.

python examples/gallery/latent_sizes.py [--small] [--out FOLDER]
"""

from figures import arguments, digits, epochs, figure, picture, save, sheet
from isthmus import VAE

SIDE = 8


def main() -> None:
    given = arguments(__doc__)
    X, _ = digits(given)
    drawn, axes = figure(4)
    for each, size in zip(axes, (2, 5, 10, 20), strict=True):
        model = VAE(latent_dim=size, epochs=epochs(given, 300, X), random_state=0).fit(X)
        nats = model.history_.rows[model.history_.best - 1]["validation_loss"]
        fresh = model.sample(SIDE * SIDE, random_state=1)
        picture(each, sheet(fresh, SIDE), f"{size} numbers: {nats:.1f} nats")
    save(drawn, given, "latent_sizes")


if __name__ == "__main__":
    main()
