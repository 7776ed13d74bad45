"""The pages of tasks: anomalies, holes that were filled, synthetic rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isthmus.report import detection, imputation, synthesis
from isthmus.tasks.anomaly import AnomalyDetector
from isthmus.tasks.generation import Generator
from isthmus.tasks.imputation import Imputer
from isthmus.tasks.privacy import Privacy
from isthmus.writing import whole_file


def write_detection(
    detector: AnomalyDetector,
    X: Any,
    path: str | Path,
    *,
    labels: Any = None,
    source: str = "",
    score: Any = None,
) -> Path:
    """Write a page on which rows of ``X`` are strange, with the worst cells marked.

    Parameters
    ----------
    detector
        A fitted detector.
    X
        A table of the kind that it was fitted to.
    path
        Where the file goes; it is written whole or not at all.
    labels
        One for each row, to colour a second map by.
    source
        What the data are, in words.
    score
        ``detector.score_samples(X)``, where it is at hand.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from isthmus import AnomalyDetector
    >>> X = load_iris(as_frame=True).data
    >>> detector = AnomalyDetector(random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_detection(detector, X, f"{folder}/strange.html", source="iris")
    ...     "expected" in page.read_text("utf-8")
    True
    """
    return _written(path, detection.page(detector, X, labels, source, score))


def write_imputation(
    imputer: Imputer,
    X: Any,
    filled: Any,
    path: str | Path,
    *,
    source: str = "",
    draws: Sequence[Any] = (),
) -> Path:
    """Write a page on what was put into the holes of ``X``.

    Parameters
    ----------
    imputer
        A fitted imputer.
    X, filled
        A table before and after.
    path
        Where the file goes; it is written whole or not at all.
    source
        What the data are, in words.
    draws
        What ``imputer.sample(X)`` made, to show how sure it is.
    """
    return _written(path, imputation.page(imputer, X, filled, source, draws))


def write_synthesis(
    generator: Generator,
    synthetic: Any,
    real: Any,
    path: str | Path,
    *,
    source: str = "",
    privacy: Privacy | None = None,
) -> Path:
    """Write a page on how synthetic rows compare with real ones.

    Parameters
    ----------
    generator
        A fitted generator, of tables.
    synthetic, real
        The rows that it made, and those that it learned from.
    path
        Where the file goes; it is written whole or not at all.
    source
        What the data are, in words.
    privacy
        ``generator.privacy(synthetic, real)``, where it is at hand.
    """
    return _written(path, synthesis.page(generator, synthetic, real, source, privacy))


def _written(path: str | Path, page: str) -> Path:
    with whole_file(Path(path)) as place:
        place.write_text(page, encoding="utf-8")
    return Path(path)
