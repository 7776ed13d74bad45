"""The training film: codes of a VAE and of a plain autoencoder, from before training to its end.

python examples/gallery/film.py [--small] [--out FOLDER]
"""

from figures import arguments, digits, epochs, figure, save, scatter
from isthmus import VAE, Autoencoder, film

SHOWN = 4


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    how = {"latent_dim": 2, "epochs": epochs(given, 200, X), "patience": None, "random_state": 0}
    for family in (VAE, Autoencoder):
        name = family.__name__.lower()
        seen = film(family(**how), X, y, frames=6 if given.small else 30, rows=1000)
        seen.save(given.out / f"film_{name}.gif")
        seen.save(given.out / f"film_{name}.html")
        spread = seen.spread()
        print(spread.round(3).to_string(index=False))
        drawn, axes = figure(SHOWN, each=3)
        for at, each in enumerate(axes):
            frame = round(at * (len(seen) - 1) / (SHOWN - 1))
            norm = spread["norm"][frame]
            title = f"epoch {seen.epochs[frame]:.3g}, mean |z| {norm:.2f}"
            scatter(each, seen.codes[frame], y[seen.rows], title, named=at > 0)
            # The same window throughout, wide enough for the widest frame.
            reach = abs(seen.codes).max()
            each.set(xlim=(-reach, reach), ylim=(-reach, reach))
        save(drawn, given, f"film_{name}")


if __name__ == "__main__":
    main()
