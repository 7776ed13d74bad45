"""Noisy, denoised, clean: what a Denoiser makes of digits that it has never seen.

python examples/gallery/denoising.py [--data mnist] [--small] [--out FOLDER]
"""

import numpy as np

from figures import arguments, digits, epochs, figure, of_each, save, strips
from isthmus import Denoiser, DenoisingAutoencoder, UNet, psnr

ASIDE, NOISE = 100, 0.5


def main() -> None:
    given = arguments(__doc__)
    X, y = digits(given, rows=10_000)
    model = DenoisingAutoencoder(
        backbone=UNet((16, 32)), batch_size=32, learning_rate=4e-3, epochs=epochs(given, 40, X)
    )
    denoiser = Denoiser(model, random_state=0).fit(X[:-ASIDE])
    clean = of_each(X[-ASIDE:], y[-ASIDE:])
    noisy = clean + np.random.default_rng(0).normal(0, NOISE, clean.shape)
    denoised = denoiser.transform(noisy)

    drawn, (axes,) = figure(1, each=9, height=2.6)
    rows = {
        f"noisy: {psnr(clean, noisy).mean():.1f} dB": noisy,
        f"denoised: {psnr(clean, denoised).mean():.1f} dB": denoised,
        "clean": clean,
    }
    strips(axes, rows)
    save(drawn, given, "denoising")


if __name__ == "__main__":
    main()
