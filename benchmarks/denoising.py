"""Denoising: MNIST under Gaussian noise of three levels, beside filters that learn nothing.

    y = x + s eps,   eps ~ N(0, 1),   s = 0.1, 0.25, 0.5,   x from 0 to 1

python benchmarks/denoising.py [--rows 20000] [--test 200] [--seed 0]
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

import machine
import mnist
from isthmus import Denoiser
from isthmus.tasks.quality import psnr, snr, ssim
from results import record, table

SECTION = "Denoising: MNIST at three noise levels"
LEVELS = (0.1, 0.25, 0.5)
HEADER = ("denoiser", *(f"PSNR / SSIM / SNR at {s}" for s in LEVELS), "seconds a picture")
TV = (0.5, 1.0, 1.5)
NOTE = """`Denoiser(random_state={seed}).fit(X)`: {rows:,} clean training images, one network for
all levels, which isn't told the level ({epochs} passes of the default network, {parameters:,}
parameters, {minutes:.1f} minutes). The others are told it. Grey levels in [0, 1], noise not
clipped; what comes back is clipped to [0, 1] for all. Means over {test} test images of peak
signal-to-noise ratio (dB), structural similarity, and signal-to-noise ratio (dB). Median: scipy,
3 x 3; Wiener: scipy, 3 x 3; wavelet shrinkage (BayesShrink) and total variation (Chambolle, the
best of three weights at each level, chosen on these very images): scikit-image; BM3D: the
authors' own.
Target, ahead at each level in PSNR and SNR: {verdict}.

`python benchmarks/run.py denoising`, on one thread beside other work. Measured on:
{machine}."""


def rivals(s: float) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    from scipy.ndimage import median_filter
    from scipy.signal import wiener
    from skimage.restoration import (  # pyright: ignore[reportMissingImports]
        denoise_tv_chambolle,
        denoise_wavelet,
    )

    found = {
        "nothing": lambda y: y,
        "median": lambda y: median_filter(y, 3),
        "Wiener": lambda y: wiener(y, 3, noise=s * s),
        "wavelet shrinkage": lambda y: denoise_wavelet(y, sigma=s),
        **{f"TV {w}": lambda y, w=w: denoise_tv_chambolle(y, weight=w * s) for w in TV},
    }
    try:
        from bm3d import bm3d  # pyright: ignore[reportMissingImports]
    except ImportError:
        return found
    return {**found, "BM3D": lambda y: bm3d(y, s)}


def figures(clean: np.ndarray, found: np.ndarray) -> tuple[float, float, float]:
    each = (psnr(clean, found, 1.0), ssim(clean, found, 1.0), snr(clean, found))
    return tuple(float(values.mean()) for values in each)  # pyright: ignore[reportReturnType]


def measure(rows: int, test: int, seed: int) -> None:
    X = mnist.grey_images("train").reshape(-1, 28, 28)[:rows]
    T = mnist.grey_images("t10k").reshape(-1, 28, 28)[:test].astype(np.float64)
    start = time.process_time()
    denoiser = Denoiser(random_state=seed).fit(X)
    minutes = (time.process_time() - start) / 60
    print(f"trained in {minutes:.1f} minutes", flush=True)
    scores: dict[str, list[tuple[float, float, float]]] = {}
    seconds: dict[str, float] = {}
    for at, s in enumerate(LEVELS):
        Y = T + s * np.random.default_rng([seed, at]).standard_normal(T.shape)
        methods = {**rivals(s), "Denoiser": None}
        for name, method in methods.items():
            start = time.process_time()
            found = denoiser.transform(Y) if method is None else np.stack([method(y) for y in Y])
            seconds[name] = (time.process_time() - start) / len(Y)
            scores.setdefault(name, []).append(figures(T, np.clip(found, 0, 1)))
            print(s, name, scores[name][-1], flush=True)
    weights = [scores.pop(f"TV {w}") for w in TV]
    scores["total variation"] = [max(each) for each in zip(*weights, strict=True)]
    seconds["total variation"] = seconds["TV 1.0"]
    ours = scores.pop("Denoiser")
    ahead = all(
        mine[at] > max(each[level][at] for each in scores.values())
        for level, mine in enumerate(ours)
        for at in (0, 2)
    )
    scores["Isthmus `Denoiser`"], seconds["Isthmus `Denoiser`"] = ours, seconds["Denoiser"]
    lines = [
        [name, *(f"{p:.2f} / {c:.3f} / {r:.2f}" for p, c, r in each), f"{seconds[name]:.4f}"]
        for name, each in scores.items()
    ]
    model = denoiser.model_
    note = NOTE.format(
        seed=seed,
        rows=rows,
        test=test,
        minutes=minutes,
        epochs=len(model.history_.rows),
        parameters=sum(each.numel() for each in model.codec_.parameters()),
        verdict="met" if ahead else "missed",
        machine=machine.describe(),
    )
    print(*table(HEADER, lines), "", note, sep="\n", flush=True)
    record(SECTION, [*table(HEADER, lines), "", note])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Denoising, on MNIST.")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--test", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    measure(options.rows, options.test, options.seed)


if __name__ == "__main__":
    main()
