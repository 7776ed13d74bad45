"""Any trained VAE as a lossless codec: bits, beside other codecs on the same data, and speed.

python benchmarks/compression.py [binary|grey|fashion|adult|random] [--models FOLDER] [--rows N]
    [--epochs N] [--draws N]

Models are trained once and kept in FOLDER; a training that was cut off goes on from there.
"""

import argparse
import gzip
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import machine
import mnist
from isthmus import VAE, Bernoulli, Compressor, Dense, DiscretisedLogistic, load
from isthmus.errors import DataError
from isthmus.tasks.coding.rivals import sizes
from results import record, record_row, table

MODELS = Path(tempfile.gettempdir()) / "isthmus-benchmarks"
COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
]


class Plan(NamedTuple):
    section: str
    epochs: int
    draws: int  # of each training picture's pixels
    target: float | None
    note: str


PLANS = {
    "binary": Plan(
        "Compression: binarised MNIST",
        10,
        6,
        0.17,
        f"""VAE 784-512-512-40, batch normalisation, `Bernoulli`, all 60,000 training pictures, each
in several draws of its pixels, batch 250, Adam from 3e-3 along half a cosine, bfloat16. The 10,000
test pictures are binarised once (seed {mnist.BINARISATION_SEED}); they are one file to each
codec.""",
    ),
    "grey": Plan(
        "Compression: grey MNIST",
        12,
        1,
        1.35,
        """VAE 784-512-512-40, batch normalisation, `DiscretisedLogistic(3)`, all 60,000 training
pictures, batch 250, Adam from 3e-3 along half a cosine, bfloat16. Published: BB-ANS 1.41
(Townsend et al., 2019), Bit-Swap 1.29 (Kingma et al., 2019).""",
    ),
    "fashion": Plan(
        "Compression: Fashion-MNIST",
        8,
        1,
        None,
        "The network of grey MNIST, on Fashion-MNIST.",
    ),
}


def pictures(name: str, folder: str = "mnist") -> np.ndarray:
    raw = gzip.decompress(
        (mnist.data_folder() / folder / f"{name}-images-idx3-ubyte.gz").read_bytes()
    )
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)


def data(name: str, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, and those to compress."""
    if name != "binary":
        folder = "mnist" if name == "grey" else "fashion_mnist"
        return pictures("train", folder), pictures("t10k", folder)
    grey, rng = mnist.grey_images("train"), np.random.default_rng(1)
    drawn = [rng.random(grey.shape, dtype=np.float32) < grey for _ in range(draws)]
    test = mnist.binarised().test.astype(bool).reshape(-1, 28, 28)
    return np.concatenate(drawn).reshape(-1, 28, 28), test


def trained(name: str, folder: Path, X: Any, **settings: Any) -> VAE:
    """The model, from the folder if it is there."""
    place = folder / name
    if (place / "model.json").is_file():
        found = load(place)
        assert isinstance(found, VAE)
        return found
    model = VAE(
        **settings,
        learning_rate=3e-3,
        validation_fraction=0,
        patience=None,
        random_state=0,
        verbose=False,
        checkpoint=str(folder / f"{name}-run"),
    ).fit(X)
    model.set_params(checkpoint=None).save(place)
    return model


def images(name: str, folder: Path, rows: int | None, how: dict[str, int]) -> None:
    usual = PLANS[name]
    plan = usual._replace(**how)
    train, test = data(name, plan.draws)
    test = test[:rows]
    model = trained(
        name if plan == usual else f"{name}-{plan.epochs}-{plan.draws}",
        folder,
        train,
        latent_dim=40,
        backbone=Dense((512, 512), normalisation="batch"),
        likelihood=Bernoulli() if name == "binary" else DiscretisedLogistic(3),
        epochs=plan.epochs,
        batch_size=250,
        precision="bfloat16",
    )
    compressor = Compressor(model)
    bits, (code, there, back) = compressor.bits(test), timed(compressor, test)
    count, megabytes = test.size, test.size / 1e6
    found = {
        "Isthmus, the whole file": 8 * len(code) / count,
        "Isthmus, net of the first row's codes and the container": bits.net,
        "the model's -ELBO": bits.elbo,
    } | {each: 8 * size / count for each, size in sizes(test).items()}
    lines = [[each, f"{value:.4f}", f"{value * count / 8:,.0f}"] for each, value in found.items()]
    planned = "" if plan == usual else f", where the plan has {passes(usual)}"
    aim = "" if plan.target is None else f" Target: at most {plan.target} bits a pixel."
    record(
        plan.section,
        [
            *table(("codec", "bits a pixel", "bytes"), lines),
            "",
            f"{plan.note} Trained for {passes(plan)}{planned}.{aim} "
            f"The net figure is {bits.net / bits.elbo - 1:+.2%} off the -ELBO. "
            f"{len(test):,} pictures: compressed in {there:.1f} s ({megabytes / there:.2f} MB/s of "
            f"bytes, one a pixel), decompressed in {back:.1f} s ({megabytes / back:.2f} MB/s), on "
            "one thread beside other work; published of BB-ANS: 10,000 in a few seconds. Command: "
            f"`python benchmarks/run.py compression-{name}`.",
            "",
            f"Measured on: {machine.describe()}.",
        ],
    )


def passes(plan: Plan) -> str:
    """How long a model is trained, in words."""
    return f"{plan.epochs} epochs" + (f" of {plan.draws} draws" if plan.draws > 1 else "")


def timed(compressor: Compressor, X: Any) -> tuple[bytes, float, float]:
    """The code, and the seconds there and back; what comes back is what went in."""
    start = time.perf_counter()
    code = compressor.compress(X)
    middle = time.perf_counter()
    back = compressor.decompress(code)
    end = time.perf_counter()
    same = back.equals(X) if hasattr(X, "equals") else np.array_equal(back, X)
    assert same, "what came back is not what went in"
    return code, middle - start, end - middle


def adult(folder: Path) -> None:
    place = mnist.data_folder() / "adult"
    train, test = (
        pd.read_csv(place / f"adult-{part}.csv.gz", names=COLUMNS, skipinitialspace=True)
        for part in ("train", "test")
    )
    test["income"] = test["income"].str.rstrip(".")
    model = trained(
        "adult",
        folder,
        train,
        latent_dim=8,
        backbone=Dense((128, 128), normalisation="batch"),
        epochs=15,
        batch_size=128,
    )
    compressor = Compressor(model)
    lines: list[list[str]] = []
    for part, X in (("train, 32,561 rows", train), ("test, 16,281 rows", test)):
        code, there, back = timed(compressor, X)
        found = {"Isthmus": len(code)} | sizes(X)
        csv = len(X.to_csv(index=False).encode()) / 1e6
        speed = f"{csv / there:.2f}, {csv / back:.2f}"
        cells = [f"{size:,} ({len(code) / size:.2f})" for size in found.values()]
        lines.append([part, *cells, speed])
        names = [*found]
    record(
        "Compression: adult",
        [
            *table(["rows", *(f"{each}, bytes" for each in names), "MB/s there, back"], lines),
            "",
            "In brackets: Isthmus's bytes over it. VAE with 8 codes, 128-128, `Mixed`, 15 epochs "
            "on the training rows; the model is counted nowhere. gzip, bz2 and xz are given the "
            "CSV file, Parquet the frame (zstd 19); MB/s are of the CSV file. What comes back is "
            "the frame, dtypes and all. Command: `python benchmarks/run.py compression-adult`.",
            "",
            f"Measured on: {machine.describe()}.",
        ],
    )


def random(inputs: int = 10_000) -> None:
    """Inputs that no model has seen the like of, and damage."""
    rng = np.random.default_rng(0)
    pictures = rng.random((500, 4, 4)) < 0.3
    model = VAE(latent_dim=2, backbone=Dense((8,)), epochs=3, random_state=0, verbose=False)
    compressor = Compressor(model.fit(pictures))
    wrong = 0
    for _ in range(inputs):
        X = rng.random((int(rng.integers(1, 9)), 4, 4)) < rng.random()
        wrong += not np.array_equal(compressor.decompress(compressor.compress(X)), X)
    code = compressor.compress(pictures)
    let_through = 0
    for place in rng.choice(8 * len(code), inputs, replace=inputs > 8 * len(code)):
        flipped = bytearray(code)
        flipped[place // 8] ^= 1 << int(place % 8)
        try:
            compressor.decompress(bytes(flipped))
            let_through += 1
        except DataError:
            pass
    for what, n in (
        (f"{inputs:,} random inputs that came back otherwise", wrong),
        (f"{inputs:,} flips of a single bit that were let through", let_through),
    ):
        record_row(
            "Compression: random inputs, and damage",
            ("what", "how many"),
            (what, str(n)),
            "Inputs of 1 to 8 pictures of 4 x 4 zeros and ones, of any share of ones; flips of a "
            f"code of {len(code):,} bytes, at {min(inputs, 8 * len(code)):,} places. Command: "
            f"`python benchmarks/run.py compression-random`. Measured on: {machine.describe()}.",
        )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=(*PLANS, "adult", "random"), default="binary")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--rows", type=int, help="compress but so many of the test pictures")
    parser.add_argument("--epochs", type=int, help="train for so many instead")
    parser.add_argument("--draws", type=int, help="of the pixels of each training picture")
    given = parser.parse_args(arguments)
    how = {name: getattr(given, name) for name in ("epochs", "draws") if getattr(given, name)}
    if given.what == "adult":
        adult(given.models)
    elif given.what == "random":
        random()
    else:
        images(given.what, given.models, given.rows, how)


if __name__ == "__main__":
    main()
