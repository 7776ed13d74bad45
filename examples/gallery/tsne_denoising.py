"""t-SNE of pixels, beside t-SNE of the codes of a denoising autoencoder.

python examples/gallery/tsne_denoising.py [--small] [--out FOLDER]
"""

from figures import arguments, digits, epochs, figure, save, scatter
from isthmus import Atlas, DenoisingAutoencoder, Noise
from isthmus.tasks import faithful
from isthmus.tasks.placing import Neighbourhoods

SHOWN = 3000


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    X, y = X[:SHOWN], y[:SHOWN]
    flat = X.reshape(len(X), -1)
    model = DenoisingAutoencoder(
        latent_dim=32, corruption=Noise(0.3), epochs=epochs(given, 200, X), random_state=0
    )
    atlas = Atlas(model, random_state=0).fit(X)
    pixels = Neighbourhoods(30, seed=0).fit(flat)
    drawn, (left, right) = figure(2, each=4.5)
    kept = faithful.trustworthiness(flat, pixels)
    scatter(left, pixels, y, f"t-SNE of pixels: trustworthiness {kept:.3f}")
    kept = faithful.trustworthiness(flat, atlas.embedding_)
    scatter(right, atlas.embedding_, y, f"of denoising codes: {kept:.3f}")
    save(drawn, given, "tsne_denoising")


if __name__ == "__main__":
    main()
