"""The aggregate posterior: codes of all the data, and rows weighed under a density of them."""

from collections.abc import Callable
from math import ceil, log
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus import inference
from isthmus.estimator import BaseAutoencoder
from isthmus.latents import Sparse
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


def over(model: BaseAutoencoder, X: Any, y: Any, function: Callable[[Batch], Tensor]) -> Tensor:
    """Return ``function`` over the rows of ``X``, a chunk at a time: ``(n, …)``."""
    rows = model.adapter_.rows(X)
    context = model._context(y, len(rows))  # pyright: ignore[reportPrivateUsage]
    return inference.over(model.codec_, model.adapter_, rows, function, context)


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
    """Return ``log p(x)`` under the fitted prior, estimated: ``(B,)`` nats."""
    codec = model.codec_
    q = codec.encode(batch.x, batch.context, batch.observed)
    if not codec.latent.has_density:
        z = _value(q, draw=False)
        return _log_likelihood(model, batch, z) + _log_prior(prior, z)
    weights: list[Tensor] = []
    for _ in range(WEIGHED):
        z = q.sample()
        ratio = _log_prior(prior, z) - q.log_prob(z).flatten(1).sum(1)
        weights.append(_log_likelihood(model, batch, z) + ratio)
    return torch.stack(weights).double().logsumexp(0) - log(WEIGHED)


def some_scores(model: BaseAutoencoder, prior: Prior, X: Any, y: Any) -> np.ndarray:
    """Return the scores of rows of training, of about 2,000 of them where there are more."""
    rows = model.adapter_.rows(X)
    context = model._context(y, len(rows))  # pyright: ignore[reportPrivateUsage]
    step = ceil(len(rows) / MEASURED)
    found = inference.over(
        model.codec_,
        model.adapter_,
        rows[::step],
        lambda batch: scores(model, prior, batch),
        None if context is None else context[::step],
    )
    return found.double().numpy()


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


def _drawn(model: BaseAutoencoder, batch: Batch) -> Tensor:
    q = model.codec_.encode(batch.x, batch.context, batch.observed)
    return _value(q, draw=model.codec_.latent.has_density).flatten(1)


def _value(q: Any, draw: bool) -> Tensor:
    if isinstance(q, Sparse):
        return q.value
    return q.sample() if draw else q.mean
