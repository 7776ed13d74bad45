"""Atlas: the latent space as a map."""

import tempfile
import webbrowser
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from isthmus import inference
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import VAE
from isthmus.randomness import RandomState, seed_from
from isthmus.ranges import number
from isthmus.tasks import faithful, intrinsic
from isthmus.tasks.aggregate import over
from isthmus.tasks.base import Kept, Task, trained
from isthmus.tasks.intrinsic import Dimension
from isthmus.tasks.placing import Neighbourhoods, Placer, Plane
from isthmus.writing import whole_file

METHODS = ("tsne", "codes")
FLAT = 1e-9
"""Codes that vary less are one code."""


class Atlas(Task):
    """The latent space as a map: every row at a place in the plane.

    New rows are put on the map that there is. `save_html` makes a page to look around in, which
    needs no network: points coloured by what is known of them, each with its picture or its
    cells, and behind them what the plane decodes to.

    Parameters
    ----------
    model
        Any model; one that is fitted already is taken as it is. None: a `VAE`.
    method
        ``"tsne"``: near codes stay near, and far ones mean little; by openTSNE, which
        ``pip install 'isthmus[maps]'`` brings. ``"codes"``: the codes themselves where they are
        of two numbers, else their two principal components; distances mean what they say.
    perplexity
        About how many neighbours a row keeps, with t-SNE.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    model_
        The fitted model.
    embedding_ : ndarray
        The places of the rows of ``fit``, ``(n, 2)``.
    codes_ : ndarray
        Their codes, ``(n, d)``.
    intrinsic_dimension_ : Dimension or None
        How many dimensions the data have, whatever the size of the code; None of too few rows.
    n_features_in_, feature_names_in_
        The columns seen in fit, where the data have columns.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import VAE, Atlas
    >>> digits = load_digits()
    >>> X, labels = digits.images[:500], digits.target[:500]
    >>> atlas = Atlas(VAE(latent_dim=2, epochs=30, random_state=0), method="codes").fit(X)
    >>> atlas.transform(digits.images[500:510]).shape
    (10, 2)
    >>> 0.5 < atlas.trustworthiness(X) < 1  # half is chance
    True
    """

    model_: BaseAutoencoder
    embedding_: np.ndarray
    codes_: np.ndarray
    intrinsic_dimension_: Dimension | None
    seed_: int
    _placer: Placer

    def __init__(
        self,
        model: BaseAutoencoder | None = None,
        *,
        method: str = "tsne",
        perplexity: float = 30.0,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.method = method
        self.perplexity = perplexity
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the model unless it is fitted already, and draw the map of ``X``.

        Parameters
        ----------
        X
            Rows of any kind that the model takes.
        y
            Their conditions, for a conditional model; others ignore it.

        Raises
        ------
        DataError, SupportError, CompositionError, DivergedError
            As in the model's own ``fit``; `DataError` also if all rows have one code.
        MissingExtraError
            If openTSNE is asked for and not installed.
        """
        seed = seed_from(self.random_state)
        placer = self._checked(seed)
        template = VAE() if self.model is None else self.model
        model = trained(template, X, y, seed, "VAE(latent_dim=2)")
        codes = _codes(model, X, y)
        different, first = np.unique(codes, axis=0, return_inverse=True)
        if np.ptp(codes, axis=0).max() < FLAT:
            raise DataError(
                f"The model gives all {len(codes)} rows the same code: there is no map to draw. "
                "Give more rows, or a model that tells them apart: a VAE whose codes have "
                "collapsed needs a lower beta."
            )
        self.embedding_ = placer.fit(different)[first.ravel()]
        self.model_, self.codes_, self.seed_, self._placer = model, codes, seed, placer
        try:
            self.intrinsic_dimension_ = intrinsic.of_rows(model.adapter_, X)
        except DataError:  # a map of few rows is still a map
            self.intrinsic_dimension_ = None
        return self._named()

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Draw the map of ``X``, and return the places of its rows, ``(n, 2)``."""
        return self.fit(X, y).embedding_

    def transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the places of rows on the map that there is: ``(n, 2)``.

        A row whose code is on the map already gets the place that it has there; each other is
        placed as if it came alone.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from isthmus import VAE, Atlas
        >>> X = load_iris().data
        >>> atlas = Atlas(VAE(latent_dim=3, epochs=5, random_state=0), random_state=0).fit(X)
        >>> bool((atlas.transform(X[:9]) == atlas.embedding_[:9]).all())
        True
        """
        check_is_fitted(self, "embedding_")
        codes = _codes(self.model_, X, y)
        known = {code.tobytes(): place for place, code in enumerate(self.codes_)}
        found = np.array([known.get(code.tobytes(), -1) for code in codes], dtype=np.intp)
        places = self.embedding_[found]
        places[found < 0] = self._placer.place(codes[found < 0])
        return places

    def trustworthiness(self, X: Any = None, n_neighbors: int = 5) -> float:
        """Return how far rows that are near on the map are near indeed, at most 1.

        By the places of the ``n_neighbors`` nearest on the map among the neighbours in the data
        (Venna and Kaski, 2001), as `sklearn.manifold.trustworthiness` has it. Of more than 4,000
        rows 2,000 are asked about all the others.

        Parameters
        ----------
        X
            The rows that were fitted: near is then what is near in the data, as the model sees
            them scaled. None: what is near among their codes.
        n_neighbors
            How many.
        """
        return faithful.trustworthiness(self._near_in(X), self.embedding_, n_neighbors, self.seed_)

    def continuity(self, X: Any = None, n_neighbors: int = 5) -> float:
        """Return how far rows that are near are near on the map as well, at most 1.

        As `trustworthiness`, with map and data exchanged: this one falls where the map tears
        neighbours apart, the other where it puts strangers together.
        """
        return faithful.continuity(self._near_in(X), self.embedding_, n_neighbors, self.seed_)

    def save_html(
        self,
        path: str | Path,
        X: Any = None,
        *,
        labels: Any = None,
        y: Any = None,
        source: str = "",
    ) -> Path:
        """Write one HTML file to look around in, which holds all that it shows.

        Drag to move, turn the wheel to come nearer, rest on a point to see its row. Tens of
        thousands of points stay quick.

        Parameters
        ----------
        path
            Where the file goes; it is written whole or not at all.
        X
            Rows to show, with their pictures or cells, coloured by their score; such as were not
            fitted are placed. None: the places of those that were fitted.
        labels
            What to colour by: one for each row, or a mapping from names to such.
        y
            What the rows are conditioned on, for a conditional model.
        source
            What the data are, in words.

        Raises
        ------
        DataError
            If ``X`` won't do for the model, or ``labels`` don't fit the rows.
        UnwritableError
            If the file can't be written.
        """
        from isthmus.tasks.pages.maps import map_page

        check_is_fitted(self, "embedding_")
        places = self.embedding_ if X is None else self.transform(X, y)
        page = map_page(self, places, X, labels, y, source)
        with whole_file(Path(path)) as place:
            place.write_text(page, encoding="utf-8")
        return Path(path)

    def show(self, X: Any = None, *, labels: Any = None, y: Any = None, source: str = "") -> Path:
        """Write the page of `save_html` to a temporary file, and open it in a browser."""
        folder = Path(tempfile.mkdtemp(prefix="isthmus-map-"))
        path = self.save_html(folder / "map.html", X, labels=labels, y=y, source=source)
        webbrowser.open(path.as_uri())
        return path

    def plane(self) -> Plane | None:
        """Return how places become codes, where they do: not with t-SNE."""
        return self._placer if isinstance(self._placer, Plane) else None

    def kept(self) -> Kept:
        """Return what was learned, as `save` writes it."""
        check_is_fitted(self, "embedding_")
        found = self.intrinsic_dimension_
        facts = {"seed": self.seed_, "dimension": None if found is None else list(found)}
        arrays = {"embedding": self.embedding_, "codes": self.codes_}
        tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
        return Kept([self.model_], facts, tensors)

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        self.model_ = kept.models[0]
        self.seed_, found = int(kept.facts["seed"]), kept.facts["dimension"]
        self.intrinsic_dimension_ = None if found is None else Dimension(*found)
        self.embedding_, self.codes_ = (
            kept.tensors[name].numpy() for name in ("embedding", "codes")
        )
        self._placer = self._checked(self.seed_)
        different, first = np.unique(self.codes_, axis=0, return_index=True)
        self._placer.take(different, self.embedding_[first])
        return self._named()

    def _checked(self, seed: int) -> Placer:
        if self.method not in METHODS:
            raise CompositionError(f"method={self.method!r} was given; expected 'tsne' or 'codes'.")
        least = number("perplexity", self.perplexity, 1, example="perplexity=30")
        return Plane() if self.method == "codes" else Neighbourhoods(least, seed)

    def _near_in(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "embedding_")
        if X is None:
            return self.codes_
        adapter = self.model_.adapter_
        found = intrinsic.points(adapter.transform(X), adapter.space_)
        if len(found) != len(self.embedding_):
            raise DataError(
                f"{len(found)} rows were given; expected the {len(self.embedding_)} that the map "
                "was drawn of."
            )
        return found

    def _named(self) -> Self:
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if (value := getattr(self.model_, name, None)) is not None:
                setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _codes(model: BaseAutoencoder, X: Any, y: Any) -> np.ndarray:
    found = over(model, X, y, lambda batch: inference.codes(model.codec_, batch).flatten(1))
    return found.double().numpy()
