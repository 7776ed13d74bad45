"""Inpainting: MNIST with a block of 10 x 10 hidden, beside what learns nothing, or the mean alone.

    error = mean (x' - x)^2 over the 100 hidden pixels of each image

python benchmarks/inpainting.py [--rows 10000] [--test 500] [--seed 0]
"""

import argparse
import time

import numpy as np

import machine
import mnist
from isthmus import Inpainter, Occlusion
from results import record, table

SECTION = "Inpainting: MNIST, a block of 10 x 10 hidden"
SIDE = 10
HEADER = ("filled by", "squared error in the block", "absolute error", "known pixels changed")
NOTE = """A block of {side} x {side} at a place drawn for each of {test} test images, all places
within the image as likely; grey levels in [0, 1]. `Inpainter(random_state={seed}).fit(X)` learned
from {rows:,} whole training images ({epochs} passes of the default network, {minutes:.1f} minutes
with what finds covers), blocks of all sizes and single pixels hidden; "unseen" met nothing but
blocks of 3 x 3, on half as many images. "Found" is not told where the block is: it was painted
white, or grey; {found}. Mean fill: the mean of each pixel over the training images; biharmonic:
scikit-image. Target, ahead of mean fill and biharmonic: {verdict}.

`python benchmarks/run.py inpainting`, on one thread beside other work. Measured on:
{machine}."""


def blocks(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    masks = np.zeros((n, 28, 28), bool)
    for mask, (top, left) in zip(masks, rng.integers(0, 28 - SIDE + 1, (n, 2)), strict=True):
        mask[top : top + SIDE, left : left + SIDE] = True
    return masks


def biharmonic(Y: np.ndarray, masks: np.ndarray) -> np.ndarray:
    from skimage.restoration import inpaint_biharmonic  # pyright: ignore[reportMissingImports]

    pairs = zip(Y, masks, strict=True)
    return np.clip([inpaint_biharmonic(y, mask) for y, mask in pairs], 0, 1)


def measure(rows: int, test: int, seed: int) -> None:
    X = mnist.grey_images("train").reshape(-1, 28, 28)[:rows]
    T = mnist.grey_images("t10k").reshape(-1, 28, 28)[:test]
    masks = blocks(test, seed)
    hidden = np.where(masks, np.float32(0), T)
    start = time.process_time()
    inpainter = Inpainter(random_state=seed).fit(X)
    minutes = (time.process_time() - start) / 60
    print(f"trained in {minutes:.1f} minutes", flush=True)
    small = Inpainter(occlusion=Occlusion(0.1), find=False, random_state=seed).fit(X[: rows // 2])
    painted = {"white": 1.0, "grey": 0.5}
    made = {
        "nothing (black)": hidden,
        "mean fill": np.where(masks, X.mean(0), T),
        "biharmonic": biharmonic(hidden, masks),
        "Isthmus `Inpainter`": inpainter.transform(hidden, masks),
        "the same, unseen: 3 x 3 in training": small.transform(hidden, masks),
    }
    shares = []
    for name, value in painted.items():
        covered = np.where(masks, np.float32(value), T)
        places = inpainter.covered(covered)
        shares.append(f"{places[masks].mean():.0%} of the {name} blocks' pixels were found")
        made[f"the same, found: {name} block"] = inpainter.transform(covered)
    squares = {name: float(np.square(each - T)[masks].mean()) for name, each in made.items()}
    lines = [
        [
            name,
            f"{squares[name]:.4f}",
            f"{np.abs(each - T)[masks].mean():.4f}",
            f"{(each != T)[~masks].mean():.2%}",
        ]
        for name, each in made.items()
    ]
    ahead = squares["Isthmus `Inpainter`"] < min(squares["mean fill"], squares["biharmonic"])
    note = NOTE.format(
        side=SIDE,
        test=test,
        seed=seed,
        rows=rows,
        epochs=len(inpainter.model_.history_.rows),
        minutes=minutes,
        found=", ".join(shares),
        verdict="met" if ahead else "missed",
        machine=machine.describe(),
    )
    print(*table(HEADER, lines), "", note, sep="\n", flush=True)
    record(SECTION, [*table(HEADER, lines), "", note])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Inpainting, on MNIST.")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--test", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    measure(options.rows, options.test, options.seed)


if __name__ == "__main__":
    main()
