"""The training film: codes of a VAE and of a plain autoencoder, from before training to its end.

python examples/gallery/film.py [--data mnist] [--small] [--out FOLDER]
"""

from matplotlib.patches import Circle

from figures import INK, arguments, digits, figure, save, scatter, training
from isthmus import VAE, Autoencoder, film

SHOWN = 5


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=10_000)
    how = training(given, X, 100)
    drawn, axes = figure(SHOWN, each=2.4, down=2)
    for place, family in enumerate((VAE, Autoencoder)):
        seen = film(family(latent_dim=2, **how), X, y, frames=6 if given.small else 33, rows=2000)
        seen.save(given.out / f"film_{family.__name__.lower()}.gif")
        # One window for all frames, wide enough for the last.
        reach = 1.1 * abs(seen.codes[-1]).max()
        for at, each in enumerate(axes[place * SHOWN : (place + 1) * SHOWN]):
            frame = round(at * (len(seen) - 1) / (SHOWN - 1))
            name = f"{family.__name__}, epoch {seen.epochs[frame]:.2g}"
            scatter(each, seen.codes[frame], y[seen.rows], name, named=at == SHOWN - 1)
            # The prior: 95 % of it lies within this circle.
            each.add_patch(Circle((0, 0), 2.45, fill=False, color=INK, linestyle=":"))
            each.set(xlim=(-reach, reach), ylim=(-reach, reach))
    save(drawn, given, "film")


if __name__ == "__main__":
    main()
