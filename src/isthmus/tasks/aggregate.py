"""The aggregate posterior: codes of all the data, and rows weighed under a density of them."""

from collections.abc import Callable
from math import ceil, log
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus import inference
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Quantised, Sparse
from isthmus.space import Batch
from isthmus.tasks.marginals import Marginals
from isthmus.tasks.priors import Prior

ASIDE = 0.1
"""The share of rows that the prior is chosen and stopped by."""
DRAWN = 40_000
"""How many codes the prior is fitted to, where there are fewer rows than that."""
MOST = 5
"""How many of them one row gives at most."""
WEIGHED = 20
"""How many codes a row's score is estimated from."""
MEASURED = 2_000
"""From how many rows it is learned what a usual score is."""
LOOKED_AT = 20_000
"""From how many draws, and about as many rows, it is learned what columns look like."""


def over(
    model: BaseAutoencoder,
    X: Any,
    y: Any,
    function: Callable[[Batch], Tensor],
    most: int | None = None,
) -> Tensor:
    """Return ``function`` over the rows of ``X``, of about ``most`` of them: ``(n, …)``."""
    rows = model.adapter_.rows(X)
    context = model._context(y, len(rows))  # pyright: ignore[reportPrivateUsage]
    step = ceil(len(rows) / most) if most else 1
    context = None if context is None else context[::step]
    return inference.over(model.codec_, model.adapter_, rows[::step], function, context)


def posterior_draws(model: BaseAutoencoder, X: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Return draws of ``q(z | x)`` for the rows to learn from, and for those kept aside.

    Of few rows several are drawn each; of a row that tells its code exactly, one.
    """
    times = 1
    if model.codec_.latent.has_density:
        times = max(1, min(MOST, DRAWN // len(model.adapter_.rows(X))))
    draws = torch.stack(
        [over(model, X, y, lambda batch: _drawn(model, batch)) for _ in range(times)]
    )
    order = torch.randperm(draws.shape[1])
    kept = int(len(order) * ASIDE) or min(1, len(order) - 2)
    aside, learnt = order[:kept] if kept > 0 else order, order[kept:]
    return draws[:, learnt].flatten(0, 1), draws[0, aside]


def scores(model: BaseAutoencoder, prior: Prior, batch: Batch) -> Tensor:
    """Return ``log p(x)`` under the fitted prior and ``log p(z)`` at the code: ``(B, 2)`` nats."""
    codes = _encoded(model, batch).mean
    return torch.stack([estimates(model, prior, batch), _log_prior(prior, codes).double()], dim=1)


def estimates(model: BaseAutoencoder, prior: Prior, batch: Batch, samples: int = WEIGHED) -> Tensor:
    """Return ``log p(x)`` under the fitted prior, from so many draws of ``z``: ``(B,)`` nats."""
    q = _encoded(model, batch)
    if not model.codec_.latent.has_density:
        z = _value(q, draw=False)
        return (_log_likelihood(model, batch, z) + _log_prior(prior, z)).double()
    weights: list[Tensor] = []
    for _ in range(samples):
        z = q.sample()
        ratio = _log_prior(prior, z) - q.log_prob(z).flatten(1).sum(1)
        weights.append(_log_likelihood(model, batch, z) + ratio)
    return torch.stack(weights).double().logsumexp(0) - log(samples)


def log_likelihoods(
    model: BaseAutoencoder, prior: Prior, X: Any, y: Any, samples: int
) -> np.ndarray:
    """Return `estimates` in the user's units, ``(n,)`` nats.

    Raises
    ------
    CompositionError
        If codes are points: there is no ``q(z | x)`` to weigh draws by.
    """
    latent = model.codec_.latent
    if not (latent.has_density or isinstance(latent, Quantised)):
        raise CompositionError(
            f"{type(model).__name__} has no density: its latent is {latent!r}. Use score_samples, "
            "or a VAE or a VQVAE."
        )
    volume = model._volume()  # pyright: ignore[reportPrivateUsage]

    def found(batch: Batch) -> Tensor:
        return estimates(model, prior, batch, samples) + inference.volumes(batch, volume)

    return over(model, X, y, found).numpy()


def looks(model: BaseAutoencoder, prior: Prior, X: Any, y: Any) -> Marginals:
    """Return what the columns of numbers look like, drawn and real."""
    rows = model.adapter_.rows(X)
    context = model._context(y, len(rows))  # pyright: ignore[reportPrivateUsage]
    if context is not None:
        context = context[torch.randint(len(context), (LOOKED_AT,))]
    drawn = inference.decoded(model.codec_, prior.sample(LOOKED_AT), True, context)
    step = max(1, len(rows) // LOOKED_AT)
    return Marginals.fitted(drawn, model.adapter_.batch(rows[::step]), model.codec_.space)


def _log_likelihood(model: BaseAutoencoder, batch: Batch, z: Tensor) -> Tensor:
    log_p = model.codec_.decode(z, batch.context).log_prob(batch.x)
    if batch.observed is not None:
        log_p = log_p.where(batch.observed, 0.0)
    return log_p.flatten(1).sum(1)


def _log_prior(prior: Prior, z: Tensor) -> Tensor:
    return prior.log_prob(z.flatten(1).cpu()).to(z.device)


def _encoded(model: BaseAutoencoder, batch: Batch) -> Any:
    return model.codec_.encode(batch.x, batch.context, batch.observed)


def _drawn(model: BaseAutoencoder, batch: Batch) -> Tensor:
    q = _encoded(model, batch)
    return _value(q, draw=model.codec_.latent.has_density).flatten(1)


def _value(q: Any, draw: bool) -> Tensor:
    if isinstance(q, Sparse):
        return q.value
    return q.sample() if draw else q.mean
