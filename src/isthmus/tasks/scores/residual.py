"""What the model can't give back."""

import torch
from torch import Tensor

from isthmus import inference
from isthmus.estimator import BaseAutoencoder
from isthmus.space import Batch, Space
from isthmus.tasks.scores.base import Models, Score


class Residual(Score):
    """The deviance from the reconstruction: ``log p(x^ | z) - log p(x | z)``, ``z = E q(z | x)``.

    ``x^`` is the point that stands for ``p(x | z)``, so that each cell costs 0 where the model
    gives it back exactly, in nats. With a `Normal` of fixed scale 1 that is half the squared
    error. The row itself is encoded, undamaged, whatever training did to it; of several models
    the mean is taken.

    Of a denoiser that saw ``x + s eps`` the residual is ``s^2 grad log p(x)``, the gradient of
    the density of rows smoothed by that noise (Alain and Bengio, 2014, arXiv:1211.4246): it is
    long where rows are few. A corruption of small ``s`` looks closely.

    Parameters
    ----------
    weight
        What it counts for beside other scores.

    Examples
    --------
    >>> Residual(weight=2)
    Residual(2)
    """

    asks_models = True

    def learn(self, models: Models, batch: Batch, space: Space) -> None:
        """Learn nothing: all is in the models."""

    def blame(self, models: Models, batch: Batch, own: bool) -> Tensor:
        """Return the deviance of each cell: ``(B, cells)`` nats."""
        return torch.stack([deviance(each, batch) for each in models]).mean(0)

    def expected(self, models: Models, batch: Batch, own: bool) -> Tensor | None:
        """Return the reconstruction of each model: ``(members, B, cells)``."""
        return reconstructions(models, batch)


def reconstructions(models: Models, batch: Batch) -> Tensor:
    """Return what each model gives back: ``(members, B, cells)``."""
    points = [inference.reconstructions(each.codec_, batch) for each in models]
    return torch.stack(points).flatten(2)


def deviance(model: BaseAutoencoder, batch: Batch, codes: Tensor | None = None) -> Tensor:
    """Return how much likelier the reconstruction is than the row, ``(B, cells)`` nats.

    The rows' ``codes``, where they are at hand, need not be found again.
    """
    codec = model.codec_
    p = codec.decode(inference.codes(codec, batch) if codes is None else codes, batch.context)
    point = codec.likelihood.point(p)
    if codec.likelihood.support in ("unit", "binary"):
        point = point.round()  # the likeliest value, where the mean lies between
    lost = (p.log_prob(point) - p.log_prob(batch.x)).clamp(min=0)
    if batch.observed is not None:
        lost = lost.where(batch.observed, 0.0)
    return lost.flatten(1)
