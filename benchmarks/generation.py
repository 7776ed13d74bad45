"""Made pictures beside real ones: how far, how good, how varied, how sharp, and how likely.

python benchmarks/generation.py [mnist|fashion] [--models FOLDER] [--epochs N] [--made N]

A small classifier is trained on the data; its last hidden layer is the space of features. There

    Frechet distance  |m - m'|^2 + tr(S + S' - 2 (S S')^(1/2))      (Heusel et al., 2017)
    precision         the share of made pictures that lie within a real one's third neighbour
    recall            the share of real pictures that lie within a made one's third neighbour

(Kynkaanniemi et al., 2019, arXiv:1904.06991, k = 3), and over pixels

    sharpness         E var(Laplacian of a picture), over the same of test pictures.

Models are trained once and kept in FOLDER.
"""

import argparse
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.ndimage import laplace
from torch import Tensor, nn

import machine
import mnist
from compression import MODELS, pictures
from isthmus import VAE, VQVAE, AdversarialAutoencoder, Dense, Generator, Normal, load
from results import record, table

SECTIONS = {"mnist": "Generation: MNIST", "fashion": "Generation: Fashion-MNIST"}
FOLDERS = {"mnist": "mnist", "fashion": "fashion_mnist"}
NEIGHBOUR = 3
WEIGHED = 2_000
"""Of how many test pictures the likelihood is estimated."""
DRAWS = 100
NOTE = """10,000 made pictures of each model beside the 10,000 of the test set. Classifier: two
convolutions (16, 32 channels, stride 2) and 128 features, {reached:.2%} right on the test set.
Networks of all models: 784-512-256 and back, batch normalisation, batch 250, Adam from 1e-3 along
half a cosine, {epochs} epochs on all 60,000 training pictures, bfloat16. VAE: 16 numbers;
adversarial: 16 numbers, `weight=1`; VQ-VAE: 32 numbers in 16 groups of 64 entries each,
`Normal("shared")`. Fitted priors are those of `Generator`: {priors}. Sharpness is that of test
pictures at 1. Log-likelihoods are of the first {rows:,} test pictures, in nats a picture, as
densities over grey levels (0 to 255), by {draws} importance samples; of the VQ-VAE a bound from
below, `log p(x | e_k) + log P(k)` at the code. The adversarial autoencoder has none: its codes are
points, and nothing tells by which draws of z a picture may have come about. Trained on one thread
beside other work. Command: `python benchmarks/run.py {name}`."""


class Data(NamedTuple):
    train: np.ndarray  # (60000, 28, 28) uint8
    test: np.ndarray  # (10000, 28, 28)
    train_labels: Tensor
    test_labels: Tensor


class Row(NamedTuple):
    """A model, whatever makes its pictures, and whatever tells its likelihood."""

    name: str
    source: Any
    likely: Callable[..., np.ndarray] | None = None


def data(name: str) -> Data:
    folder = FOLDERS[name]
    return Data(
        pictures("train", folder),
        pictures("t10k", folder),
        labels("train", folder),
        labels("t10k", folder),
    )


def labels(part: str, folder: str) -> Tensor:
    path = mnist.data_folder() / folder / f"{part}-labels-idx1-ubyte.gz"
    found = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=8)
    return torch.from_numpy(found.astype(np.int64))


class Classifier(nn.Module):
    """Pictures to 128 features, and these to ten kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(1, 16, 5, 2, 2), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 32, 5, 2, 2), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(32 * 49, 128), nn.ReLU()),
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(128, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def scaled(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / 255)[:, None]


def classifier(place: Path, known: Data, epochs: int) -> Classifier:
    """The classifier, from disk if it is there."""
    torch.manual_seed(0)
    net = Classifier()
    if place.is_file():
        net.load_state_dict(torch.load(place))
        return net.eval()
    x, y = scaled(known.train), known.train_labels
    steps = epochs * -(-len(x) // 128)
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(128):
            loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    place.parent.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), place)
    return net.eval()


@torch.no_grad()
def features(net: Classifier, images: np.ndarray) -> Tensor:
    return torch.cat([net.features(some) for some in scaled(images).split(1000)])


@torch.no_grad()
def accuracy(net: Classifier, known: Data) -> float:
    told = torch.cat([net(some).argmax(1) for some in scaled(known.test).split(1000)])
    return float((told == known.test_labels).float().mean())


def frechet(a: Tensor, b: Tensor) -> float:
    a, b = a.double(), b.double()
    first, second = (torch.cov(each.T) for each in (a, b))
    # tr (S S')^(1/2) = tr (R S' R)^(1/2), R the root of S: symmetric, so that features which are
    # always zero do no harm.
    values, vectors = torch.linalg.eigh(first)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    shared = torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    apart = (a.mean(0) - b.mean(0)).square().sum()
    return float(apart + first.trace() + second.trace() - 2 * shared)


def within(points: Tensor, of: Tensor) -> float:
    """The share of points that lie within the third neighbour of some point of the others."""
    radius = torch.cat(
        [torch.cdist(some, of).kthvalue(NEIGHBOUR + 1).values for some in of.split(1000)]
    )
    inside = [(torch.cdist(some, of) <= radius).any(1) for some in points.split(1000)]
    return float(torch.cat(inside).float().mean())


def sharpness(images: np.ndarray) -> float:
    edges = laplace(images.astype(np.float64) / 255, axes=(1, 2))
    return float(edges.var(axis=(1, 2)).mean())


def rows(name: str, folder: Path, train: np.ndarray, epochs: int) -> Iterator[Row]:
    """What to compare, one after the other; from the folder if it is there."""
    usual: dict[str, Any] = {
        "backbone": Dense((512, 256), normalisation="batch"),
        "epochs": epochs,
        "batch_size": 250,
        "learning_rate": 1e-3,
        "precision": "bfloat16",
        "validation_fraction": 0,
        "patience": None,
        "random_state": 0,
        "verbose": False,
    }

    def kept(part: str, make: Callable[[], Any]) -> Any:
        place = folder / f"generation-{name}-{epochs}-{part}"
        if not place.is_dir():
            make().fit(train).save(place)
        return load(place)

    vae = kept("vae", lambda: VAE(latent_dim=16, **usual))
    yield Row("VAE, standard prior", vae, vae.log_likelihood)
    fitted = kept("vae-prior", lambda: Generator(vae, random_state=0))
    yield Row("VAE, prior fitted to its codes", fitted, fitted.log_likelihood)
    yield Row(
        "adversarial autoencoder",
        kept("aae", lambda: AdversarialAutoencoder(latent_dim=16, weight=1, **usual)),
    )
    groups: dict[str, Any] = {"latent_dim": 32, "codes": 64, "groups": 16}
    quantised = kept("vq", lambda: VQVAE(**groups, likelihood=Normal("shared"), **usual))
    indices = kept("vq-prior", lambda: Generator(quantised, random_state=0))
    yield Row("VQ-VAE, prior fitted to its entries", indices, indices.log_likelihood)


def figures(net: Classifier, known: Data, made: np.ndarray) -> list[str]:
    real, fake = features(net, known.test), features(net, made)
    found = [frechet(fake, real), within(fake, real), within(real, fake)]
    sharp = sharpness(made) / sharpness(known.test)
    return [f"{found[0]:.2f}", *(f"{each:.3f}" for each in (*found[1:], sharp))]


def likelihood(row: Row, test: np.ndarray) -> str:
    if row.likely is None:
        return "—"
    return f"{row.likely(test[:WEIGHED], DRAWS).mean():,.1f}"


def run(name: str, folder: Path, epochs: int, made: int) -> None:
    torch.set_num_threads(1)
    known = data(name)
    net = classifier(folder / f"generation-{name}-classifier.pt", known, 5)
    reached = accuracy(net, known)
    print(f"{name}: classifier {reached:.2%}", flush=True)
    lines = [["training pictures", *figures(net, known, known.train[:made]), "—"]]
    priors: list[str] = []
    for row in rows(name, folder, known.train, epochs):
        drawn = row.source.sample(made, random_state=1)
        lines.append([row.name, *figures(net, known, drawn), likelihood(row, known.test)])
        priors += [f"`{row.source.prior_!r}`"] if isinstance(row.source, Generator) else []
        print(lines[-1], flush=True)
        note = NOTE.format(
            reached=reached,
            epochs=epochs,
            priors=", ".join(priors),
            rows=WEIGHED,
            draws=DRAWS,
            name="generation" if name == "mnist" else "generation-fashion",
        )
        write(SECTIONS[name], lines, note)


def write(section: str, lines: list[list[str]], note: str) -> None:
    header = ("pictures", "Fréchet distance", "precision", "recall", "sharpness", "log-likelihood")
    told = [*table(header, lines), "", note, "", f"Measured on: {machine.describe()}."]
    record(section, told)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=SECTIONS, default="mnist")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--made", type=int, default=10_000)
    given = parser.parse_args(arguments)
    run(given.what, given.models, given.epochs, given.made)


if __name__ == "__main__":
    main()
