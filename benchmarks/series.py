"""Series: LSTM and Transformer beside PCA with as many numbers, and neighbours among their codes.

    error:  E (x - x')^2 over held-out series, steps and channels,  x in standard deviations
    1-NN:   the share of test series whose nearest training series, in x or in z, has their label

python benchmarks/series.py [SET …] [--codes 8] [--steps 300] [--seed 0]
"""

import argparse
import gzip
import time
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

import machine
import mnist
from isthmus import LSTM, Autoencoder, Transformer
from isthmus.backbones import Backbone
from results import record_row, table

SECTION = "Series: LSTM and Transformer beside PCA"
HEADER = (
    "set",
    "series: train, test",
    "steps x channels",
    "codes",
    "error: PCA",
    "LSTM",
    "Transformer",
    "1-NN: raw",
    "PCA codes",
    "LSTM codes",
    "Transformer codes",
    "epochs",
    "processor time",
)
MOTIONS = "BasicMotions"
SETS = (
    "ItalyPowerDemand",
    "SyntheticControl",
    MOTIONS,
    "ECG200",
    "GunPoint",
    "Trace",
    "ECG5000",
    "SwedishLeaf",
    "FaceAll",
)
HALVED = "ECG5000"
BATCH, RATE = 32, 3e-3
NOTE = """UCR and UEA archives: the sets of at least 40 training series (the five others have 20 to
30), of 24 to 275 steps. `Autoencoder(latent_dim={codes}, backbone=LSTM())` and `…Transformer()`,
backbones as they come: width 64, one layer, or two blocks and a token a step. Batch {batch}, Adam
from {rate:g}, falling to zero along half a cosine (the default, 1e-3, learned more slowly on the
training series of SyntheticControl; nothing was chosen by set), epochs so that both take about
{steps} steps, no early stop, seed {seed}. Channels are standardised by the training series. Error:
squared, the mean over all numbers of the test series: 1 is what the training mean comes to; PCA of
the flattened series, fitted to the same ones, with as many numbers. 1-NN: Euclidean, labels of the
training series, accuracy on the test series; codes as they are. {halved} has no test part here:
half of its 500 training series, drawn by a seed, test. No target was set.

`python benchmarks/run.py series`, on one thread beside other work. Measured on:
{machine}."""


class Data(NamedTuple):
    x: np.ndarray  # (n, steps, channels), standardised
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def loaded(name: str) -> Data:
    if name == HALVED:
        x, y = ucr(name, "TRAIN")
        order = np.random.default_rng(0).permutation(len(x))
        learn, test = order[: len(x) // 2], order[len(x) // 2 :]
        return standardised(x[learn], y[learn], x[test], y[test])
    read = motions if name == MOTIONS else ucr
    return standardised(*read(name, "TRAIN"), *read(name, "TEST"))


def ucr(name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return series (n, steps, 1) and their labels."""
    path = mnist.data_folder() / "ucr" / name / f"{name}_{part}.tsv.gz"
    values = np.loadtxt(path, dtype=np.float32)
    return values[:, 1:, None], values[:, 0].astype(int)


def motions(name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return series (n, steps, 6) and their labels."""
    path = mnist.data_folder() / "uea_basic_motions" / f"{name}_{part}.ts.gz"
    lines = gzip.decompress(path.read_bytes()).decode().partition("@data")[2].split()
    cases = [line.split(":") for line in lines]
    series = [[dim.split(",") for dim in dims] for *dims, _ in cases]
    return np.array(series, dtype=np.float32).transpose(0, 2, 1), np.array([c[-1] for c in cases])


def standardised(x: np.ndarray, y: np.ndarray, test_x: np.ndarray, test_y: np.ndarray) -> Data:
    mean, spread = x.mean(axis=(0, 1)), x.std(axis=(0, 1))
    return Data((x - mean) / spread, y, (test_x - mean) / spread, test_y)


def neighbour(z: np.ndarray, y: np.ndarray, test_z: np.ndarray, test_y: np.ndarray) -> str:
    found = KNeighborsClassifier(n_neighbors=1).fit(_flat(z), y).score(_flat(test_z), test_y)
    return f"{found:.3f}"


def by_pca(data: Data, codes: int) -> tuple[str, str]:
    """Return the error, and the accuracy of neighbours."""
    pca = PCA(codes, svd_solver="full").fit(_flat(data.x))
    z, test_z = pca.transform(_flat(data.x)), pca.transform(_flat(data.test_x))
    error = np.square(pca.inverse_transform(test_z) - _flat(data.test_x)).mean()
    return f"{error:.4f}", neighbour(z, data.y, test_z, data.test_y)


def by_network(
    data: Data, backbone: Backbone, codes: int, epochs: int, seed: int
) -> tuple[str, str]:
    """Return the error, and the accuracy of neighbours."""
    model = Autoencoder(
        latent_dim=codes,
        backbone=backbone,
        epochs=epochs,
        batch_size=BATCH,
        learning_rate=RATE,
        validation_fraction=0,
        patience=None,
        random_state=seed,
        verbose=False,
    ).fit(data.x)
    error = np.square(model.reconstruct(data.test_x) - data.test_x).mean()
    z, test_z = model.transform(data.x), model.transform(data.test_x)
    return f"{error:.4f}", neighbour(z, data.y, test_z, data.test_y)


def measured(name: str, codes: int, steps: int, seed: int) -> list[str]:
    data, start = loaded(name), time.process_time()
    epochs = -(-steps // -(-len(data.x) // BATCH))
    backbones: tuple[Backbone, ...] = (LSTM(), Transformer())
    found = [by_pca(data, codes), *(by_network(data, b, codes, epochs, seed) for b in backbones)]
    errors, accuracies = zip(*found, strict=True)
    _, long, channels = data.x.shape
    return [
        name,
        f"{len(data.x)}, {len(data.test_x):,}",
        f"{long} x {channels}",
        str(codes),
        *errors,
        neighbour(*data),
        *accuracies,
        str(epochs),
        f"{(time.process_time() - start) / 60:.1f} min",
    ]


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="LSTM and Transformer beside PCA, on series.")
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    parser.add_argument("--codes", type=int, default=8)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    note = NOTE.format(
        codes=options.codes,
        batch=BATCH,
        rate=RATE,
        steps=options.steps,
        seed=options.seed,
        halved=HALVED,
        machine=machine.describe(),
    )
    for name in options.sets or SETS:
        row = measured(name, options.codes, options.steps, options.seed)
        print(*table(HEADER, [row])[-1:], flush=True)
        record_row(SECTION, HEADER, row, note)


if __name__ == "__main__":
    main()
