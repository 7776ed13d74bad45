"""The figures of docs/choosing.md: held-out quarters of two real data sets, three splits each.

python examples/choosing.py     # about three minutes on one core
"""

import sys
from collections.abc import Callable, Iterable

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from isthmus import (
    VAE,
    Autoencoder,
    BaseAutoencoder,
    Conv,
    Dense,
    Laplace,
    LinearAutoencoder,
    Normal,
)

SPLITS = (0, 1, 2)
Row = tuple[float, ...]


def likelihoods(epochs: int) -> None:
    """One VAE, four likelihoods: what noise the data have is part of the model."""
    X = load_breast_cancer().data
    print("| likelihood | squared error | log p(x), nats |\n|---|---|---|")
    for likelihood in (Normal(), Normal("shared"), Normal("feature"), Laplace("feature")):

        def measured(split: int, likelihood: Normal | Laplace = likelihood) -> Row:
            train, test = train_test_split(X, random_state=split)
            model = VAE(latent_dim=8, likelihood=likelihood, epochs=epochs, random_state=split)
            model.fit(train)
            return _error(model, train, test), model.log_likelihood(test).mean()

        print(f"| `{likelihood}` | {_mean(measured, '.3f', '.1f')} |")


def sizes(epochs: int) -> None:
    """Three families, and PCA, as the code grows."""
    print("| model | code | squared error | accuracy from the code |\n|---|---|---|---|")
    for size in (2, 8, 32):
        for name, model in _models(size, epochs):

            def measured(split: int, model: BaseAutoencoder | PCA = model) -> Row:
                return _on_digits(model, split)

            print(f"| {name} | {size} | {_mean(measured, '.2f', '.3f')} |")


def networks(epochs: int) -> None:
    """Two families, two networks: what knowing which pixels are neighbours is worth."""
    print("| model | squared error | accuracy from the code |\n|---|---|---|")
    for family in (Autoencoder, VAE):
        for backbone in (Dense(), Conv()):
            model = family(latent_dim=8, backbone=backbone, epochs=epochs)

            def measured(split: int, model: BaseAutoencoder = model) -> Row:
                return _on_digits(model, split)

            print(f"| `{family.__name__}`, `{backbone}` | {_mean(measured, '.2f', '.3f')} |")


def _models(size: int, epochs: int) -> Iterable[tuple[str, BaseAutoencoder | PCA]]:
    yield "scikit-learn's PCA", PCA(size)
    yield "`LinearAutoencoder`", LinearAutoencoder(latent_dim=size, epochs=5 * epochs)
    yield "`Autoencoder`", Autoencoder(latent_dim=size, epochs=epochs)
    yield "`VAE`", VAE(latent_dim=size, epochs=epochs)


def _on_digits(model: BaseAutoencoder | PCA, split: int) -> Row:
    X, y = load_digits(return_X_y=True)
    train, test, y_train, y_test = train_test_split(X, y, random_state=split, stratify=y)
    model.set_params(random_state=split).fit(train if isinstance(model, PCA) else _pictures(train))
    if isinstance(model, PCA):
        again, codes, new = (
            model.inverse_transform(model.transform(test)),
            *map(model.transform, (train, test)),
        )
    else:
        again = model.reconstruct(_pictures(test)).reshape(test.shape)
        codes, new = model.transform(_pictures(train)), model.transform(_pictures(test))
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(codes, y_train)
    return float(((again - test) ** 2).mean()), probe.score(new, y_test)


def _pictures(X: np.ndarray) -> np.ndarray:
    return X.reshape(-1, 8, 8)


def _error(model: BaseAutoencoder, train: np.ndarray, test: np.ndarray) -> float:
    """The squared error of a column, in units of its variance."""
    return float((((model.reconstruct(test) - test) / train.std(0)) ** 2).mean())


def _mean(measured: Callable[[int], Row], *formats: str) -> str:
    columns = zip(*(measured(split) for split in SPLITS), strict=True)
    return " | ".join(
        format(float(np.mean(column)), each) for column, each in zip(columns, formats, strict=True)
    )


if __name__ == "__main__":
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    likelihoods(epochs)
    print()
    sizes(epochs)
    print()
    networks(max(1, epochs // 3))
