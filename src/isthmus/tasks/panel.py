"""Panel: scores of several kinds, brought to one scale and added up."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from isthmus.space import Batch, Space
from isthmus.tasks.scores.base import Models, Score
from isthmus.tasks.scores.layout import consensus, told
from isthmus.tasks.scores.residual import deviance

CHUNK = 256
MEASURED = 10_000
"""From how many rows it is told how high a score usually is, at most."""
TINY = 1e-12


class Panel:
    """The sum of ``w_i log(1 + s_i / m_i)``, ``m_i`` the mean of score ``s_i`` in training.

    A logarithm, since scores differ in how far out they call the same row: none is to drown the
    others. What a score says of a row is shared out among the cells as it blames them.

    Parameters
    ----------
    scores
        Templates, made anew here.
    models
        The fitted models, if a score needs any.
    space
        What the rows are.
    own
        Whether rows that are scored may be among those that were learned from.
    """

    usual: Tensor
    middle: Tensor

    def __init__(
        self, scores: Sequence[Score], models: Models, space: Space, own: bool = False
    ) -> None:
        self.scores = [each.fresh() for each in scores]
        self.weights = torch.tensor([each.weight for each in scores])
        self.models = list(models)
        self.space = space
        self.own = own

    @torch.no_grad()
    def learn(self, batch: Batch) -> None:
        """Let each score learn from ``batch``, and learn how high it usually is."""
        for each in self.scores:
            each.learn(self.models, batch, self.space)
        some = batch[torch.linspace(0, len(batch) - 1, min(len(batch), MEASURED)).long()]
        sums = _over(some, lambda part: _sums(self._raw(part, own=True)))
        self.usual = sums.double().mean(0).float().clamp(min=TINY)
        self.middle = consensus(told(some)[:, None], self.space)[0].nan_to_num(0.0)

    @torch.no_grad()
    def total(self, batch: Batch, own: bool | None = None) -> Tensor:
        """Return the sum for each row, ``(n,)``: higher is stranger.

        ``own`` says whether the rows may be among those that were learned from, if that is not
        as it was set up.
        """
        among = self.own if own is None else own
        scaled = _over(batch, lambda part: self._scaled(self._raw(part, among)))
        return scaled.double().sum(1)

    @torch.no_grad()
    def blame(self, batch: Batch) -> Tensor:
        """Return what each cell adds to `total`, ``(n, cells)``."""
        return _over(batch, self._blame)

    @torch.no_grad()
    def expected(self, batch: Batch) -> Tensor:
        """Return what would not have been strange, ``(n, *E)``, as the first that knows has it.

        Where none knows, it is what is usual in the column.
        """
        return _over(batch, self._expected).unflatten(1, self.space.shape)

    def tensors(self) -> dict[str, Tensor]:
        """Return what was learned."""
        scores = enumerate(self.scores)
        learned = {f"{i}.{name}": each for i, s in scores for name, each in s.named_buffers()}
        return {"usual": self.usual, "middle": self.middle, **learned}

    def take(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` returned; a `ValueError` if it isn't all there."""
        if lacking := {"usual", "middle"} - set(tensors):
            raise ValueError(f"it lacks {', '.join(sorted(lacking))}")
        for name, tensor in tensors.items():
            place, _, inner = name.partition(".")
            if not inner:
                setattr(self, place, tensor)
                continue
            owner, _, leaf = inner.rpartition(".")
            self.scores[int(place)].get_submodule(owner).register_buffer(leaf, tensor)

    def _raw(self, batch: Batch, own: bool) -> list[Tensor]:
        return [each.blame(self.models, batch, own) for each in self.scores]

    def _scaled(self, raw: list[Tensor]) -> Tensor:
        return self.weights * (_sums(raw) / self.usual).log1p()

    def _blame(self, batch: Batch) -> Tensor:
        raw = self._raw(batch, self.own)
        scaled = self._scaled(raw).unbind(1)
        return sum(
            (of_row[:, None] * self._shares(each, batch))
            for of_row, each in zip(scaled, raw, strict=True)
        ) + torch.zeros(())

    def _shares(self, cells: Tensor, batch: Batch) -> Tensor:
        """Return which share of a score is each cell's: rows add up to 1."""
        if cells.shape[1] != self.space.size:  # one number for the row: as the model has it
            cells = cells.new_zeros(len(batch), self.space.size)
            for each in self.models:
                cells = cells + deviance(each, batch)
        known = torch.ones_like(cells) if batch.observed is None else batch.observed.flatten(1)
        cells = cells.where(cells.sum(1, keepdim=True) > 0, known.to(cells.dtype))
        return cells / cells.sum(1, keepdim=True).clamp(min=TINY)

    def _expected(self, batch: Batch) -> Tensor:
        for each in self.scores:
            opinions = each.expected(self.models, batch, self.own)
            if opinions is not None:
                found = consensus(opinions, self.space)
                return found.where(found.isfinite(), self.middle)
        return self.middle.expand(len(batch), -1)


def _sums(raw: list[Tensor]) -> Tensor:
    """Return each score of each row: ``(B, scores)``."""
    return torch.stack([each.sum(1) for each in raw], dim=1)


def _over(batch: Batch, function: Callable[[Batch], Tensor]) -> Tensor:
    """Return ``function`` over all rows, a chunk of one size at a time: see `inference`."""

    def results() -> Iterator[Tensor]:
        for first in range(0, len(batch), CHUNK):
            places = torch.arange(first, first + CHUNK).clamp(max=len(batch) - 1)
            yield function(batch[places])[: len(batch) - first]

    return torch.cat(list(results()))
