"""Generator: new rows of the kind that a model was fitted to."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from isthmus import inference
from isthmus.adapters import Tables, adapter_for
from isthmus.backbones import Dense
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.families import VAE
from isthmus.formula import read
from isthmus.likelihoods import Mixed
from isthmus.pace import STEADY
from isthmus.randomness import RandomState, seed_from, seeded
from isthmus.ranges import whole
from isthmus.run import under
from isthmus.space import Table, Vector
from isthmus.tasks.aggregate import MEASURED, log_likelihoods, looks, over, posterior_draws, scores
from isthmus.tasks.base import Kept, Task, trained
from isthmus.tasks.given import codes_given, partial_row, with_given
from isthmus.tasks.marginals import Marginals
from isthmus.tasks.priors import Autoregressive, Discrete, Mixture, Prior, Standard
from isthmus.tasks.priors.choice import candidates, check
from isthmus.tasks.privacy import Privacy, closeness
from isthmus.tasks.walks import Walks


class Generator(Walks, Task):
    """New rows: a model, and a density fitted to its codes to draw new codes from.

    A model's own prior is what training pulled codes towards, not where they ended up; decoded
    draws from it look wrong by as much as the two differ. Here a prior is fitted to draws of the
    aggregate posterior, ``z ~ q(z | x)``, ``x`` from the data (Ghosh et al., 2020,
    arXiv:1903.12436), so that the codes themselves need to be held only loosely, ``beta`` can be
    low, and models that were never matched to any prior generate as well. A row is then
    ``z ~ p(z)``, ``x ~ p(x | z)``.

    Parameters
    ----------
    model
        Any model; one that is fitted already is taken as it is. None: a `VAE`, for tables of
        several kinds with ``beta=0.2, likelihood=Mixed(0.5)``.
    prior
        ``"mixture"`` (of Gaussians, as many as codes of rows kept aside ask for), the quicker;
        ``"autoregressive"``, the likelier where there are many rows; ``"auto"``, whichever codes
        of rows kept aside are likelier under; ``"standard"``, the prior of a VAE; ``"discrete"``,
        over the entries of a `VQVAE`'s codebooks, which ``"auto"`` takes there; or a `Prior`, such
        as ``Mixture(50)``.
    random_state
        A seed for equal results; None: another one each time.

    Attributes
    ----------
    model_
        The fitted model.
    prior_ : Prior
        The density of its codes.
    prior_scores_ : dict
        The mean log-density of codes kept aside, in nats, under each prior that was tried.
    marginals_ : Marginals or None
        What each column of numbers looks like, drawn and real: draws are brought to it.
    usual_ : ndarray
        How rows of training score: the 101 percentiles of ``log p(x)``, of ``log p(z)`` at their
        codes, and of the lower of a row's two places among these, ``(3, 101)``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from isthmus import VAE, Generator
    >>> X = load_iris(as_frame=True).frame
    >>> model = VAE(latent_dim=2, beta=0.1, epochs=5, random_state=0)
    >>> generator = Generator(model, prior="mixture", random_state=0).fit(X)
    >>> generator.sample(3).shape
    (3, 5)
    >>> generator.sample(3, where={"petal width (cm)": 0.2})["petal width (cm)"].tolist()
    [0.2, 0.2, 0.2]
    """

    parts = (Autoregressive, Discrete, Mixture, Standard)

    model_: BaseAutoencoder
    prior_: Prior
    prior_scores_: dict[str, float]
    marginals_: Marginals | None
    usual_: np.ndarray
    seed_: int

    def __init__(
        self,
        model: BaseAutoencoder | None = None,
        *,
        prior: str | Prior = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.prior = prior
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the model unless it is fitted already, then fit the prior to its codes.

        Parameters
        ----------
        X
            Rows of any kind that the model takes.
        y
            Their conditions, for a conditional model.

        Raises
        ------
        DataError, SupportError, CompositionError, DivergedError
            As in the model's own ``fit``; and `CompositionError` if there is no such prior.
        """
        template: Any = _default(X) if self.model is None else self.model
        latent = template.recipe().latent if isinstance(template, BaseAutoencoder) else None
        check(self.prior, latent)  # what is wrong with it is said before any training
        seed = seed_from(self.random_state)
        model = trained(template, X, y, seed, "VAE(beta=0.1)")
        with seeded(seed):
            codes, aside = posterior_draws(model, X, y)
        tried = [each.fitted(codes, aside, seed) for each in candidates(self.prior, model.codec_)]
        reached = [float(each.log_prob(aside).mean()) for each in tried]
        self.model_, self.seed_ = model, seed
        self.prior_ = tried[int(np.argmax(reached))]
        self.prior_scores_ = dict(zip(map(repr, tried), reached, strict=True))
        with seeded(seed):
            self.marginals_ = looks(model, self.prior_, X, y) if self._draws(model) else None
        self.usual_ = self._usual(X, y)
        return self

    def sample(
        self,
        n: int = 1,
        *,
        where: Mapping[Any, Any] | None = None,
        y: Any = None,
        near: Any = None,
        radius: float = 1.0,
        noise: bool | None = None,
        random_state: RandomState = None,
    ) -> Any:
        """Return ``n`` new rows, of the kind and the dtypes that were fitted, without holes.

        Parameters
        ----------
        n
            How many.
        where
            Columns and their values, such as ``{"country": "RU"}``: rows that have them. Codes
            are drawn by ``p(z | x_o)``, in proportion to ``p(x_o | z) p(z)``, by weighing
            proposals of the prior and of the encoder, which is shown the partial row; the rest
            of the row is decoded, and the given cells are put in as they were given.
        y
            What the rows are conditioned on, in a conditional model: one for all, or one each.
        near
            One row: codes are drawn round its code instead of from the prior.
        radius
            How far round it, in standard deviations of the training data's codes.
        noise
            Draw from ``p(x | z)``; else the point that stands for it is taken. None: tables are
            drawn, whose cells differ by chance; pictures and series are not, of which what the
            code doesn't tell is grain.
        random_state
            A seed for this call; None: the generator's own.

        Raises
        ------
        DataError, CompositionError
            If the count, the columns or their values won't do.
        """
        model = self._fitted()
        whole("n", n, 1, example="sample(100)")
        drawn = self._draws(model) if noise is None else noise
        seed = seed_from(self.random_state if random_state is None else random_state)
        if near is not None:
            if where is not None:
                raise CompositionError("where and near were both given: give one of them.")
            return model.sample(n, y=y, near=near, radius=radius, noise=drawn, random_state=seed)
        with seeded(seed):
            return self._made(model, n, where, y, drawn)

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Return ``log p(x)`` of each row under the fitted prior, estimated: ``(n,)`` nats.

        ``log (1/k) sum_i p(x | z_i) p(z_i) / q(z_i | x)``, ``z_i ~ q(z | x)``, k = 20, where the
        latent has a density; else ``log p(x | z) + log p(z)`` at its code. Nats are those of the
        scaled data, over the known cells. Low is what the model holds for nonsense:
        `plausibility` says how low. The draws are those of the generator's seed, row after row,
        so that the same table gets the same scores.
        """
        return self._scores(X, y)[0]

    def log_likelihood(self, X: Any, samples: int = 100, y: Any = None) -> np.ndarray:
        """Estimate ``log p(x)`` of each row under the fitted prior, ``(n,)`` nats, in X's units.

        It is as the model's own ``log_likelihood``, but of what `sample` draws from: by importance
        sampling; of a `VQVAE` ``log p(x | e_k) + log P(k)`` at its code, which is a bound from
        below, since other codes can only add to it.

        Raises
        ------
        CompositionError
            If codes have neither a density nor a probability.
        """
        model = self._fitted()
        whole("samples", samples, 1, example="log_likelihood(X, samples=100)")
        with seeded(self.seed_):
            return log_likelihoods(model, self.prior_, X, y, samples)

    def plausibility(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the share of training's rows that are less plausible than each row: ``(n,)``.

        A row can be implausible in two ways: the model can't tell it by any code, ``log p(x)`` is
        low; or it can, but its code lies where no data are, ``log p(z)`` is low, as of a picture
        that was made from a code far out. The worse of the two counts, each by its place among
        the rows of training. Near 0 is nonsense, or at least unlike all that was seen.
        """
        return _place(self._lower(self._scores(X, y)), self.usual_[2])

    def privacy(self, synthetic: Any, real: Any, held_out: Any = None) -> Privacy:
        """Return how close synthetic rows come to the real ones that were learned from.

        Parameters
        ----------
        synthetic
            Rows that `sample` made.
        real
            The rows that `fit` learned from.
        held_out
            Real rows that it didn't: what closeness is innocent.

        Raises
        ------
        DataError
            If there are no rows, or they are not like those that were fitted.
        """
        adapter = self._fitted().adapter_
        known = adapter.transform(real)
        told = [
            closeness(adapter.transform(each), known, adapter.space_)
            for each in (synthetic, held_out)
            if each is not None
        ]
        return Privacy(*told)

    def kept(self) -> Kept:
        """Return the model, the prior's tensors, and what columns and scores look like."""
        model = self._fitted()
        tensors = {f"prior.{name}": each for name, each in self.prior_.state_dict().items()}
        if self.marginals_ is not None:
            tensors |= {
                f"marginals.{name}": each for name, each in self.marginals_.tensors().items()
            }
        tensors["usual"] = torch.from_numpy(self.usual_)
        facts = {
            "prior": repr(self.prior_),
            "prior_scores": self.prior_scores_,
            "seed": self.seed_,
        }
        return Kept([model], facts, tensors)

    def take(self, kept: Kept) -> Self:
        """Take over what `kept` returned."""
        (self.model_,) = kept.models
        self.seed_ = int(kept.facts["seed"])
        self.prior_scores_ = dict(kept.facts["prior_scores"])
        known = {each.__name__: each for each in self.parts}
        prior: Prior = read(kept.facts["prior"], known)
        self.prior_ = prior.on(self.model_.codec_).restored(under("prior", kept.tensors))
        if self.prior_.size != self.model_.latent_size_:
            raise ValueError(
                f"the prior's codes hold {self.prior_.size} numbers, and the model's "
                f"{self.model_.latent_size_}"
            )
        looks = under("marginals", kept.tensors)
        self.marginals_ = Marginals(**looks) if looks else None
        self.usual_ = kept.tensors["usual"].numpy()
        return self

    def _usual(self, X: Any, y: Any) -> np.ndarray:
        """Return how rows of training score."""
        percents, found = np.arange(101), self._scores(X, y, MEASURED)
        self.usual_ = np.percentile(found, percents, axis=1).T
        return np.vstack([self.usual_, np.percentile(self._lower(found), percents)])

    def _lower(self, found: np.ndarray) -> np.ndarray:
        """Return the lower of the two places that rows have among those of training."""
        return np.minimum(*(_place(*each) for each in zip(found, self.usual_[:2], strict=True)))

    def _scores(self, X: Any, y: Any, most: int | None = None) -> np.ndarray:
        """Return ``log p(x)`` and ``log p(z)`` at the code: ``(2, n)``."""
        model = self._fitted()
        with seeded(self.seed_):
            found = over(model, X, y, lambda batch: scores(model, self.prior_, batch), most)
        return found.T.numpy()

    def _fitted(self) -> BaseAutoencoder:
        check_is_fitted(self, "prior_")
        return self.model_

    def _draws(self, model: BaseAutoencoder) -> bool:
        space = model.codec_.space
        # A Normal of scale 1, that no term weighed against a prior, is an error and no noise.
        learned = model.objective_.bounds_density
        return isinstance(space, Table) or (isinstance(space, Vector) and learned)

    def _made(
        self, model: BaseAutoencoder, n: int, where: Mapping[Any, Any] | None, y: Any, noise: bool
    ) -> Any:
        codec, adapter = model.codec_, model.adapter_
        model._check_condition(y)  # pyright: ignore[reportPrivateUsage]
        context = model._context(y, n)  # pyright: ignore[reportPrivateUsage]
        if where is None:
            return adapter.inverse_transform(self._drawn(self.prior_.sample(n), noise, context))
        row = partial_row(adapter, where)
        z = codes_given(codec, self.prior_, row, n, _one(context))
        x = self._drawn(z, noise, context)
        assert row.observed is not None
        rows = adapter.inverse_transform(torch.where(row.observed, row.x, x))
        return with_given(rows, adapter, where)

    def _drawn(self, z: Tensor, noise: bool, context: Tensor | None) -> Tensor:
        """Return x for codes: drawn cells look as the columns do, points stay as they are."""
        x = inference.decoded(self.model_.codec_, z, noise, context)
        return self.marginals_(x) if noise and self.marginals_ is not None else x


def _place(scores: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return where scores lie among percentiles, from 0 to 1."""
    return np.asarray(np.interp(scores, usual, np.arange(101) / 100))


def _default(X: Any) -> VAE:
    """Return the model where none was chosen: of a table, one that holds its codes loosely."""
    if not isinstance(adapter_for(X), Tables):
        return VAE(**STEADY._asdict())
    # Where a code is cheap, a learned scale of numbers would fall until they drown categories.
    return VAE(
        latent_dim=16,
        beta=0.2,
        likelihood=Mixed(0.5),
        backbone=Dense((256, 256)),
        batch_size=256,
        learning_rate=STEADY.learning_rate,
    )


def _one(context: Tensor | None) -> Tensor | None:
    """Return the one condition of all rows, ``(1, C)``."""
    if context is None or not len(context):
        return None
    if not bool((context == context[:1]).all()):
        raise CompositionError(
            "where was given with several conditions y; expected one for all rows. Call sample "
            "once for each."
        )
    return context[:1]
