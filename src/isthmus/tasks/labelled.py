"""Labelled: what networks learn from a few labels, and from many rows without."""

# pyright: reportPrivateUsage=false

from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus import inference, training
from isthmus.backbones import Backbone, Stem
from isthmus.codec import Codec, Trace
from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder, State
from isthmus.objectives import NLL, Objective, Term
from isthmus.objectives.kl import divergence
from isthmus.objectives.nll import cells
from isthmus.pace import Pace
from isthmus.progress import bar
from isthmus.randomness import seeded
from isthmus.run import Plan, start
from isthmus.space import Batch, Space
from isthmus.tasks.spreading import guessed

SHARE = 1 / 3
"""The share of the rows of an epoch that are labelled: few ones come round often."""
ROUNDS = 2
"""How often labels are spread, each time over the codes that the last ones made."""
RARE = 0.01
"""Classes less likely than this are not asked what they would make of a row."""


class CodeHead(nn.Module):
    """Log-odds of the classes, linear in the code: ``(B, K)``."""

    def __init__(self, codec: Codec, classes: int) -> None:
        super().__init__()
        size = 1
        for each in codec.code_shape:
            size *= each
        self.linear = nn.Linear(size, classes)

    def forward(self, codec: Codec, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return log-odds from what the encoder sees."""
        return self.of(codec.encode(x, None, observed).mean)

    def of(self, code: Tensor) -> Tensor:
        """Return the log-odds of codes ``(B, d, *G)``."""
        return self.linear(code.flatten(1))


class RowHead(nn.Module):
    """Log-odds of the classes, by a network of their own: ``(B, K)``."""

    def __init__(self, space: Space, backbone: Backbone, classes: int) -> None:
        super().__init__()
        self.stem = Stem(space)
        self.network = backbone.encoder(self.stem.space, classes)

    def forward(self, codec: Codec, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return log-odds from what the encoder sees; the codec has no say."""
        odds = self.network(self.stem(x, observed))
        return odds.flatten(2).mean(2) if odds.dim() > 2 else odds


Head = CodeHead | RowHead


class CrossEntropy(Term):
    """``-log q(y | z)`` of the rows whose label is known, zero of the others.

    Labels come as the batch's context: one-hot, times what they count, all zero where unknown.
    """

    def __init__(self, head: CodeHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``."""
        odds = self.head.of(trace.q.mean)
        return -(_targets(trace, odds) * odds.log_softmax(1)).sum(1)


class M2(Term):
    """The bound of a conditional VAE whose condition is seldom known, and the classifier in it.

    With ``L(x, y) = E_{z ~ q(z|x,y)} [-log p(x | z, y)] + KL(q(z | x, y) || p(z)) - log p(y)``,
    ``p(y) = 1/K``: of a row whose y is known ``L(x, y) - weight log q(y | x)``, of others
    ``sum_y q(y | x) (L(x, y) + log q(y | x))`` (Kingma, Rezende, Mohamed and Welling, 2014,
    arXiv:1406.5298, model M2). Classes to which ``q(y | x)`` gives less than one in a hundred are
    left out of the sum, the others made up for them: that saves most of the passes.
    """

    bounds_density = True

    def __init__(self, head: nn.Module, weight: float) -> None:
        super().__init__()
        self.head = head
        self.weight = weight

    def forward(self, codec: Codec, trace: Trace) -> Tensor:
        """Return ``(B,)``."""
        log_q = self.head(codec, trace.input, trace.seen).log_softmax(1)
        targets = _targets(trace, log_q)
        known = targets.sum(1) > 0
        kept = torch.where(known[:, None], targets > 0, log_q.exp() >= RARE)
        shares = (log_q.exp() * kept) / (log_q.exp() * kept).sum(1, keepdim=True)
        shares = torch.where(known[:, None], targets, shares)
        row, label = kept.nonzero(as_tuple=True)
        bound = self._bound(codec, trace, row, label) + np.log(log_q.shape[1])
        share = shares[row, label]
        unsure = share.clamp(min=1e-12).log() * ~known[row]
        total = torch.zeros(len(log_q), device=log_q.device, dtype=log_q.dtype)
        total = total.index_add(0, row, share * (bound + unsure))
        return total - self.weight * (targets * log_q).sum(1)

    def _bound(self, codec: Codec, trace: Trace, row: Tensor, label: Tensor) -> Tensor:
        """Return ``-log p(x | z, y) + KL`` of pairs of a row and a class."""
        batch = Batch(trace.batch.x, trace.batch.observed)[row]
        context = nn.functional.one_hot(label, codec.context).to(batch.x.dtype)
        seen = None if trace.seen is None else trace.seen[row]
        q = codec.encode(trace.input[row], context, seen)
        z = q.rsample() if trace.drawn else q.mean
        p = codec.decode(z, context)
        log_p = cells(Trace(batch, batch.x, q, z, p)).flatten(1).sum(1)
        return divergence(q, codec.latent.prior).flatten(1).sum(1) - log_p


def tuned(
    model: BaseAutoencoder, data: Batch, targets: Tensor, weight: float, epochs: int
) -> CodeHead:
    """Go on training a fitted model to tell classes too; return what tells them by the code."""
    codec = model.codec_
    device = next(codec.parameters()).device
    with seeded(model.seed_ + 1):
        head = CodeHead(codec, targets.shape[1]).to(device)
    # Reconstruction in nats a number: a picture has hundreds of them, and one label.
    objective = (1 / codec.space.size) * NLL() + weight * CrossEntropy(head)
    pace = Pace(model.batch_size_, model.learning_rate_)
    plan = _plan(model, pace, model.seed_ + 2, epochs)
    _train(codec, objective, data, targets, plan, model.verbose)
    codec.eval()
    model.spread_ = inference.spread(codec, data)
    return head.eval()


def spread_and_tuned(model: BaseAutoencoder, rows: Any, given: Tensor, weight: float) -> CodeHead:
    """Spread labels over the codes, go on training with all, and so again; return the last head.

    So do Iscen, Tolias, Avrithis and Chum (2019, arXiv:1904.04717), after each pass.
    """
    data, head = model.adapter_.transform(rows), None
    for _ in range(ROUNDS):
        targets = torch.from_numpy(guessed(model.transform(rows), given.numpy())).to(given)
        head = tuned(model, data, targets, weight, ceil(model.epochs / ROUNDS))
    assert head is not None
    return head


def semi_supervised(
    model: BaseAutoencoder, X: object, y: object, backbone: Backbone, weight: float
) -> RowHead:
    """Fit a conditional VAE to rows of which few have a label; return what tells the labels."""
    state, data = model._begun(X, y)
    targets = data.context if isinstance(data, Batch) else None
    if not isinstance(data, Batch) or targets is None:
        raise DataError(
            "Rows larger than memory were given with method='m2'; expected such as fit into it: "
            "use method='frozen'."
        )
    device = next(state.codec.parameters()).device
    with seeded(state.seed + 1):
        head = RowHead(state.codec.space, backbone, targets.shape[1]).to(device)
    objective = 1 * M2(head, weight)
    state = state._replace(pace=model._pace(len(data)))
    plan = _plan(model, state.pace, state.seed + 2, model.epochs)
    history = _train(state.codec, objective, data, targets, plan, model.verbose)
    bare = replace(data, context=None)
    told: State = state._replace(history=history, spread=inference.spread(state.codec, bare))
    model._learned(told)
    return head.eval()


def _train(
    codec: Codec,
    objective: Objective,
    data: Batch,
    targets: Tensor,
    plan: Plan,
    verbose: bool | None,
) -> training.History:
    rows = often(targets.sum(1) > 0)
    whole = replace(data, context=targets)[rows]
    run = start(codec, objective, plan, len(whole))
    with bar(verbose) as watch:
        return training.fit(run, whole.to(run.ledger.device), watch=watch)


def _plan(model: BaseAutoencoder, pace: Pace, seed: int, epochs: int) -> Plan:
    return Plan(**pace._asdict(), epochs=epochs, precision=model.precision, seed=seed)


def often(known: Tensor) -> Tensor:
    """Return the rows of an epoch: all of them, and those that are ``known`` as often as needed."""
    rows, labelled = torch.arange(len(known)), known.cpu().nonzero()[:, 0]
    short = SHARE / (1 - SHARE) * (len(rows) - len(labelled)) - len(labelled)
    times = max(0, round(short / len(labelled)))
    return torch.cat([rows, labelled.repeat(times)])


def _targets(trace: Trace, odds: Tensor) -> Tensor:
    """Return the labels of the rows, one-hot, all zero where there is none."""
    told = trace.batch.context
    return torch.zeros_like(odds) if told is None else told.to(odds.dtype)
