"""What training minimised, row by row."""

import torch
from torch import Tensor

from isthmus import inference
from isthmus.space import Batch, Space
from isthmus.tasks.scores.base import Models, Score
from isthmus.tasks.scores.residual import reconstructions


class Loss(Score):
    """The objective of a row: of a VAE the negative evidence bound, in nats.

    Measured from the lowest in training. It is one number for the row; of several models the
    mean is taken.

    Parameters
    ----------
    weight
        What it counts for beside other scores.

    Examples
    --------
    >>> Loss()
    Loss()
    """

    asks_models = True
    least: Tensor

    def learn(self, models: Models, batch: Batch, space: Space) -> None:
        """Learn how low the objective comes."""
        self.keep(least=self._losses(models, batch).min())

    def blame(self, models: Models, batch: Batch, own: bool) -> Tensor:
        """Return the objective above the lowest: ``(B, 1)`` nats."""
        return (self._losses(models, batch) - self.least).clamp(min=0)[:, None]

    def expected(self, models: Models, batch: Batch, own: bool) -> Tensor | None:
        """Return the reconstruction of each model: ``(members, B, cells)``."""
        return reconstructions(models, batch)

    def _losses(self, models: Models, batch: Batch) -> Tensor:
        rows = [-inference.scores(each.codec_, each.objective_, batch) for each in models]
        return torch.stack(rows).mean(0)
