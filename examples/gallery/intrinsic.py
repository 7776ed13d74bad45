"""A rolled-up sheet: PCA and an autoencoder through two numbers, with the intrinsic dimension.

python examples/gallery/intrinsic.py [--small] [--out FOLDER]
"""

from sklearn.datasets import make_swiss_roll
from sklearn.decomposition import PCA

from figures import arguments, cloud, figure, save
from isthmus import Autoencoder, Dense, intrinsic_dimension

SHOWN = 3000


def main() -> None:
    given = arguments(__doc__)
    X, along = make_swiss_roll(400 if given.small else 6000, random_state=0)
    found = intrinsic_dimension(X)
    size = found.latent_dim
    pca = PCA(size).fit(X)
    model = Autoencoder(
        latent_dim=size,
        backbone=Dense((256, 256), activation="gelu"),
        epochs=2 if given.small else 100,
        learning_rate=2e-3,
        patience=None,
        random_state=0,
    ).fit(X)
    shown = {
        f"data: {found.estimate:.1f} ± {found.spread:.1f} dimensions": X,
        "PCA": pca.inverse_transform(pca.transform(X)),
        "autoencoder": model.reconstruct(X),
    }
    drawn, axes = figure(3, each=3.6, projection="3d")
    for each, (name, points) in zip(axes, shown.items(), strict=True):
        lost = ((points - X) ** 2).sum() / ((X - X.mean(0)) ** 2).sum()
        title = name if points is X else f"{name}, {size} numbers: {lost:.1%} lost"
        cloud(each, points[:SHOWN], along[:SHOWN], title, cmap="viridis")
        each.view_init(elev=14, azim=-72)
        each.set(xlim=(-10, 13), ylim=(0, 21), zlim=(-12, 14))
        each.set_box_aspect((1, 1, 1), zoom=1.45)
    save(drawn, given, "intrinsic")


if __name__ == "__main__":
    main()
