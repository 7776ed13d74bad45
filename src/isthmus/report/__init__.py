"""The report: one page that shows what a model has learnt, and needs nothing else."""

from pathlib import Path
from typing import Any

from isthmus.estimator import BaseAutoencoder
from isthmus.report.page import rendered
from isthmus.report.subject import examine
from isthmus.writing import whole_file

__all__ = ["write"]


def write(
    model: BaseAutoencoder,
    X: Any,
    path: str | Path,
    *,
    labels: Any = None,
    source: str = "",
    y: Any = None,
) -> Path:
    """Write one HTML file that shows what ``model`` makes of ``X``.

    The file holds all that it shows: no network is needed to read it. The same model and
    data give the same file. At most 10,000 rows are looked at.

    Parameters
    ----------
    model
        A fitted autoencoder.
    X
        Data of the kind that it was fitted to.
    path
        Where the file goes; it is written whole or not at all.
    labels
        One for each row, to colour by; the model never sees them.
    source
        What the data are, in words.
    y
        What each row is conditioned on, for a conditional model; None: unknown.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    DataError
        If ``X`` won't do for the model, or ``labels`` or ``y`` don't fit ``X``.
    UnwritableError
        If the file can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from isthmus import VAE
    >>> X, y = load_iris(return_X_y=True)
    >>> model = VAE(latent_dim=2, epochs=2, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write(model, X, f"{folder}/iris.html", labels=y, source="iris")
    ...     page.read_text("utf-8").startswith("<!doctype html>")
    True
    """
    page = rendered(examine(model, X, labels, source, y))
    with whole_file(Path(path)) as place:
        place.write_text(page, encoding="utf-8")
    return Path(path)
