"""PyOD's autoencoder and scikit-learn's regressor, to fit a table and score its rows."""

import warnings

import numpy as np
from pyod.models.auto_encoder import AutoEncoder
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler


def pyod(
    X: np.ndarray, *, widths: tuple[int, ...], epochs: int, batch_size: int, plain: bool
) -> np.ndarray:
    """Squared errors of the rows. `plain` takes out the dropout and normalisation that PyOD adds.

    PyOD's widths end with the code, and its decoder mirrors them: (64, 32) is 20-64-32-64-20.
    """
    extras = {"batch_norm": False, "dropout_rate": 0.0} if plain else {}
    detector = AutoEncoder(
        hidden_neuron_list=list(widths),
        epoch_num=epochs,
        batch_size=batch_size,
        verbose=0,
        **extras,
    )
    return np.square(detector.fit(X).decision_scores_)  # `fit` scores the rows, asked or not


def scikit_learn(
    X: np.ndarray, *, widths: tuple[int, ...], epochs: int, batch_size: int
) -> np.ndarray:
    """Squared errors of a regressor of X on X: the same layers, and no PyTorch anywhere."""
    scaled = StandardScaler().fit_transform(X)
    model = MLPRegressor(
        hidden_layer_sizes=(*widths, *widths[-2::-1]),
        batch_size=batch_size,
        max_iter=epochs,
        tol=0,  # all epochs are run, as by everybody else
        n_iter_no_change=epochs,
        random_state=0,
    )
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        model.fit(scaled, scaled)
    return np.square(model.predict(scaled) - scaled).sum(axis=1)
