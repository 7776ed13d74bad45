"""A rolled-up sheet: PCA and an autoencoder through two numbers, with the intrinsic dimension.

python examples/gallery/intrinsic.py [--small] [--out FOLDER]
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.datasets import make_swiss_roll
from sklearn.decomposition import PCA

from figures import arguments, save
from isthmus import Autoencoder, Dense, intrinsic_dimension


def main() -> None:
    given = arguments(__doc__)
    X, along = make_swiss_roll(400 if given.small else 6000, random_state=0)
    told = {how: intrinsic_dimension(X, how) for how in ("twonn", "mle")}
    for how, found in told.items():
        print(f"{how}: {found.estimate:.2f} ± {found.spread:.2f}, so latent_dim={found.latent_dim}")
    pca = PCA(2).fit(X)
    backbone = Dense((256, 256), activation="gelu")
    model = Autoencoder(latent_dim=told["twonn"].latent_dim, backbone=backbone, random_state=0)
    model.set_params(epochs=2 if given.small else 300, learning_rate=2e-3, patience=None).fit(X)
    shown = {
        "data": X,
        "PCA": pca.inverse_transform(pca.transform(X)),
        "autoencoder": model.reconstruct(X),
    }
    drawn = Figure(figsize=(10, 3.6), layout="constrained")
    FigureCanvasAgg(drawn)
    for at, (name, points) in enumerate(shown.items(), start=1):
        axes = drawn.add_subplot(1, 3, at, projection="3d")
        missed = ((points - X) ** 2).sum() / ((X - X.mean(0)) ** 2).sum()
        axes.scatter(*points[:2000].T, c=along[:2000], s=2, cmap="viridis")
        axes.view_init(elev=12, azim=-80)
        axes.set_box_aspect((1, 1, 1), zoom=1.35)
        axes.set(title=name if name == "data" else f"{name}: {missed:.1%} of the variance lost")
        axes.set_axis_off()
    save(drawn, given, "intrinsic")
    assert np.isfinite(shown["autoencoder"]).all()


if __name__ == "__main__":
    main()
