"""Occluded, restored, clean: an Inpainter told which part of each digit is covered.

python examples/gallery/inpainting.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, digits, figure, of_each, save, strips, training
from isthmus import DenoisingAutoencoder, Inpainter, Occlusion

ASIDE, GREY = 100, 0.35


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given)
    model = DenoisingAutoencoder(latent_dim=64, **training(given, X))
    inpainter = Inpainter(model, Occlusion((0.2, 0.5)), find=False, random_state=0)
    inpainter.fit(X[:-ASIDE])
    clean = of_each(X[-ASIDE:], y[-ASIDE:])
    size = clean.shape[1]
    block = size * 5 // 14  # 10 of MNIST's 28 pixels
    covered = np.zeros(clean.shape, bool)
    corners = np.random.default_rng(0).integers(block // 2, size - 3 * block // 2, (len(clean), 2))
    for mask, (top, left) in zip(covered, corners, strict=True):
        mask[top : top + block, left : left + block] = True

    drawn, (axes,) = figure(1, each=9, height=2.6)
    occluded = np.where(covered, GREY, clean)
    restored = inpainter.transform(occluded, covered)
    strips(axes, {"occluded": occluded, "restored": restored, "clean": clean})
    save(drawn, given, "inpainting")


if __name__ == "__main__":
    main()
