"""Layout: rows as points between which distances mean something."""

import torch
from torch import Tensor, nn

from isthmus.space import Batch, Space, Table

NAMED = 64
"""How many categories of a cell have a number of their own: the commonest."""


class Layout(nn.Module):
    """Numbers in units of their spread; a category as ½ at its own place, 0 at the others'.

    Two rows of different categories are then as far apart, in the sum of absolute differences,
    as two whose numbers differ by one standard deviation.
    """

    shift: Tensor
    spread: Tensor
    owner: Tensor
    category: Tensor

    def learn(self, batch: Batch, space: Space) -> None:
        """Learn the spread of the numbers, and the commonest categories."""
        x = batch.x.flatten(1)
        seen = observed(batch)
        names = categories(space)
        numbers = [place for place in range(x.shape[1]) if place not in set(names)]
        rows = seen[:, numbers].sum(0).clamp(min=1)
        shift = x[:, numbers].double().sum(0) / rows
        off = (x[:, numbers] - shift).where(seen[:, numbers], 0.0)
        spread = (off.square().sum(0) / rows).sqrt()
        owners, held = list(numbers), [-1] * len(numbers)
        for place in names:
            values, counts = x[seen[:, place], place].unique(return_counts=True)
            kept = values[counts.argsort(descending=True, stable=True)[:NAMED]].long().tolist()
            owners += [place] * len(kept)
            held += kept
        made: dict[str, Tensor] = {
            "shift": shift.float(),
            "spread": spread.where(spread > 1e-6, 1.0).float(),
            "owner": torch.tensor(owners),
            "category": torch.tensor(held),
        }
        for name, tensor in made.items():
            self.register_buffer(name, tensor)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the points ``(B, F)``, 0 where unknown, and which of them are known."""
        x = batch.x.flatten(1)[:, self.owner]
        numbers = len(self.shift)
        points = torch.cat(
            [
                (x[:, :numbers] - self.shift) / self.spread,
                0.5 * (x[:, numbers:] == self.category[numbers:]),
            ],
            dim=1,
        )
        if batch.observed is None:
            return points, None
        known = batch.observed.flatten(1)[:, self.owner]
        return points.where(known, 0.0), known

    def by_cell(self, amounts: Tensor, cells: int) -> Tensor:
        """Add ``(B, F)`` up by the cell that each belongs to: ``(B, cells)``."""
        return amounts.new_zeros(len(amounts), cells).index_add_(1, self.owner, amounts)


def observed(batch: Batch) -> Tensor:
    """Return which cells are known: ``(B, cells)``."""
    if batch.observed is None:
        return torch.ones_like(batch.x, dtype=torch.bool).flatten(1)
    return batch.observed.flatten(1)


def categories(space: Space) -> list[int]:
    """Return the cells that hold categories."""
    if isinstance(space, Table):
        return list(space.categories)
    return list(range(space.size)) if space.support == "categories" else []


def told(batch: Batch) -> Tensor:
    """Return the cells, ``(B, cells)``: NaN where they are unknown."""
    return batch.x.flatten(1).where(observed(batch), torch.nan)


def consensus(opinions: Tensor, space: Space) -> Tensor:
    """Return what ``(opinions, B, cells)`` come to: ``(B, cells)``, NaN where none has a say.

    Of numbers the mean, of categories the commonest.
    """
    middle, names = opinions.nanmean(0), categories(space)
    middle[:, names] = _commonest(opinions[:, :, names])
    return middle


def _commonest(opinions: Tensor) -> Tensor:
    unknown = opinions.isnan()
    # Opinions that are missing all differ, so that they never are the commonest.
    missing = -1.0 - torch.arange(len(opinions), dtype=opinions.dtype)
    common = opinions.where(~unknown, missing[:, None, None]).mode(0).values
    any_known = opinions.nan_to_num(-1.0).amax(0).where(~unknown.all(0), torch.nan)
    return common.where(common >= 0, any_known)
