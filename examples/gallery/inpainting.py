"""Occluded, restored, clean: an Inpainter told which part of each digit is covered.

python examples/gallery/inpainting.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, digits, epochs, figure, of_each, save, strips
from isthmus import DenoisingAutoencoder, Inpainter, UNet

ASIDE, GREY = 100, 0.35


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=10_000)
    model = DenoisingAutoencoder(
        backbone=UNet((16, 32)), batch_size=32, learning_rate=4e-3, epochs=epochs(given, 40, X)
    )
    inpainter = Inpainter(model, find=False, random_state=0).fit(X[:-ASIDE])
    clean = of_each(X[-ASIDE:], y[-ASIDE:])
    size = clean.shape[1]
    block = size * 5 // 14  # 10 of MNIST's 28 pixels
    covered = np.zeros(clean.shape, bool)
    corners = np.random.default_rng(0).integers(block // 2, size - 3 * block // 2, (len(clean), 2))
    for mask, (top, left) in zip(covered, corners, strict=True):
        mask[top : top + block, left : left + block] = True

    drawn, (axes,) = figure(1, each=9, height=3)
    occluded = np.where(covered, GREY, clean)
    restored = inpainter.transform(occluded, covered)
    strips(axes, {"occluded": occluded, "restored": restored, "clean": clean})
    save(drawn, given, "inpainting")


if __name__ == "__main__":
    main()
