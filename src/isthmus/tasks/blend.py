"""Blend: networks and a joint normal, each weighed by what it told of held-out cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from isthmus.codec import Codec
from isthmus.corruptions.base import hidden
from isthmus.errors import DataError
from isthmus.space import Batch, Table
from isthmus.tasks.beliefs import Belief, Layout
from isthmus.tasks.joint_normal import JointNormal

LARGEST = 32
"""Up to how many categories of a cell enter the joint normal, one number each,"""
WIDEST = 150
"""which has so many numbers at most."""
TOLD = 20.0
"""With how many cells' worth of trust in the mean of all cells a cell's own weight begins."""
HELD = 1_000
"""How many rows cells are held out of, at least: the same ones several times if need be."""


@dataclass(frozen=True)
class Blend:
    """What networks, and the joint normal, think of the holes of a row.

    The networks are trained to tell hidden cells from those that are left, each cell's mean or
    odds; what they think is averaged. What is linear a `JointNormal` tells better, above all of
    few rows. For each cell ``w`` networks and ``1 - w`` normal, with the ``w`` in [0, 1] of
    least squared error (of odds: the Brier score) on cells held out of rows that neither has
    learned from, ``w = sum (x - g)(f - g) / sum (f - g)^2``, drawn towards that of all cells.

    Attributes
    ----------
    layout
        Where each cell's numbers stand.
    codecs
        The networks.
    normal
        The joint normal; None: networks alone.
    covered
        Which of the wide numbers it has, ``(W,)``: not what no one has seen.
    left
        The commonest category of each of its cells, which is what the others leave of 1: ``(W,)``.
    weight
        The networks' weight, ``(cells,)``.
    width
        By what the variance of each number was missed on the held-out cells, ``(cells,)``.
    """

    layout: Layout
    codecs: Sequence[Codec]
    normal: JointNormal | None
    covered: Tensor
    left: Tensor
    weight: Tensor
    width: Tensor

    @classmethod
    def learned(
        cls, codecs: Sequence[Codec], learnt: Batch, aside: Batch | None, hybrid: bool, seed: int
    ) -> "Blend":
        """Fit the normal, and weigh it against the networks on the rows kept ``aside``."""
        space = codecs[0].space
        assert isinstance(space, Table)
        layout = Layout(space)
        cells = _covered(space) if hybrid else torch.zeros(len(space.kinds), dtype=torch.bool)
        covered, left = _told_apart(layout, learnt, cells)
        fit = JointNormal.fit
        normal = fit(*_of(layout, learnt, covered)) if covered.any() else None
        width = torch.ones(len(cells))
        weight = width.where(~cells, 0.5)
        made = cls(layout, codecs, normal, covered, left, weight, width)
        if aside is None:
            return made
        weight, width = made._weighed(aside, cells, seed)
        if normal is not None:  # it has yet to see the rows that were kept aside
            whole = _of(layout, _joined(learnt, aside), covered)
            normal = fit(*whole, start=normal)
        return replace(made, normal=normal, weight=weight, width=width)

    @classmethod
    def of(cls, codecs: Sequence[Codec], tensors: Mapping[str, Tensor]) -> "Blend":
        """Return what `tensors` came from; a `ValueError` where they don't belong together."""
        space = codecs[0].space
        if not isinstance(space, Table) or any(each.space != space for each in codecs):
            raise DataError(f"the networks are of {[each.space for each in codecs]}.")
        cells, wide = len(space.kinds), sum(space.kinds)
        sizes = {"covered": wide, "left": wide, "weight": cells, "width": cells}
        numbers = int(tensors["covered"].sum())
        shapes = {name: (size,) for name, size in sizes.items()}
        if "mean" in tensors:
            shapes |= {"mean": (numbers,), "covariance": (numbers, numbers)}
        if {name: tuple(each.shape) for name, each in tensors.items()} != shapes:
            raise DataError(f"its tensors are of other shapes than {shapes}.")
        normal = JointNormal(tensors["mean"], tensors["covariance"]) if "mean" in tensors else None
        kept = {name: tensors[name] for name in sizes}
        return cls(Layout(space), codecs, normal, **kept)

    def tensors(self) -> dict[str, Tensor]:
        """Return what was learned beside the networks."""
        kept = {name: getattr(self, name) for name in ("covered", "left", "weight", "width")}
        if self.normal is not None:
            kept |= {"mean": self.normal.mean, "covariance": self.normal.covariance}
        return kept

    @torch.no_grad()
    def believe(self, batch: Batch, member: int | None = None) -> Belief:
        """Return what is thought of the holes; ``member``: with one of the networks alone."""
        network = self._network(batch, member)
        normal = self._normal(batch)
        if normal is None:
            mixed = network
        else:
            w = self.weight[self.layout.cell]
            wide = w * network.wide + (1 - w) * normal.wide
            # The networks' scale is one for all patterns of holes; the normal's is each its own.
            spread = normal.variance.where(self.covered[self.layout.starts], network.variance)
            mixed = Belief(wide, spread)
        return Belief(self.layout.probable(mixed.wide), mixed.variance * self.width)

    def _network(self, batch: Batch, member: int | None = None) -> Belief:
        codecs = self.codecs if member is None else [self.codecs[member]]
        told = [codec.eval()(batch, input=batch.x, draw=False).p for codec in codecs]
        return Belief.mean([self.layout.belief(p) for p in told])

    def _normal(self, batch: Batch) -> Belief | None:
        """Return what the normal says, and of what it doesn't cover nothing: zero."""
        if self.normal is None:
            return None
        means, variances = self.normal.given(*_of(self.layout, batch, self.covered))
        wide = torch.zeros(len(batch), len(self.covered))
        spread = torch.zeros_like(wide)
        wide[:, self.covered], spread[:, self.covered] = means.float(), variances.float()
        rest = 1 - self.layout.of_cells(wide)[:, self.layout.cell]
        wide = wide.where(~self.left, rest)
        numbers = torch.tensor(self.layout.space.kinds) == 1
        spread = spread[:, self.layout.starts].where(numbers, 0.0)
        return Belief(self.layout.probable(wide), spread)

    @torch.no_grad()
    def _weighed(self, aside: Batch, cells: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Return weights and widths, ``(cells,)``, from cells held out of rows kept aside."""
        batch = aside.repeat(-(-HELD // len(aside)))
        lost = _held_out(batch, seed)
        seen = hidden(batch, lost)
        truth, _ = self.layout.spread(batch.x, batch.observed)
        network, normal = self._network(seen), self._normal(seen)
        weight = self.weight
        if normal is not None:
            apart = network.wide - normal.wide
            errors = truth - normal.wide
            weight = _weights(
                (self.layout.of_cells(errors * apart) * lost).sum(0),
                (self.layout.of_cells(apart.square()) * lost).sum(0),
                lost.sum(0),
                cells,
            )
        belief = replace(self, weight=weight).believe(seen)
        off = (self.layout.points(truth) - belief.wide[:, self.layout.starts]).square()
        ratio = (off / belief.variance.clamp(min=1e-6) * lost).sum(0)
        numbers = torch.tensor(self.layout.space.kinds) == 1
        return weight, ((ratio + TOLD) / (lost.sum(0) + TOLD)).where(numbers, 1.0)


def _weights(products: Tensor, squares: Tensor, counts: Tensor, cells: Tensor) -> Tensor:
    """Return the share of the networks in each cell, ``(cells,)``: all of it outside ``cells``."""
    several = counts.clamp(min=1)
    mean = squares / several
    overall = (products / several)[cells].sum() / mean[cells].sum().clamp(min=1e-12)
    prior = TOLD * mean + 1e-12
    found = (products + prior * overall.clamp(0, 1)) / (squares + prior)
    return found.clamp(0, 1).where(cells, 1.0)


def _covered(space: Table) -> Tensor:
    """Return which cells enter the joint normal: numbers first, then what has few categories."""
    covered, width = torch.zeros(len(space.kinds), dtype=torch.bool), 0
    for cell in space.order:
        width += space.kinds[cell]
        if width > WIDEST or space.kinds[cell] > LARGEST:
            break
        covered[cell] = True
    # Half of the numbers would tell less than half of it.
    return covered if len(space.numbers) <= WIDEST else torch.zeros_like(covered)


def _told_apart(layout: Layout, data: Batch, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return which of the wide numbers of ``cells`` to model, and which follow from those."""
    wide, _ = layout.spread(data.x, data.observed)
    counts, left = wide.sum(0), torch.zeros(len(layout.cell), dtype=torch.bool)
    for cell in layout.categories.tolist():
        first, end = int(layout.starts[cell]), int(layout.ends[cell])
        left[first + int(counts[first:end].argmax())] = bool(cells[cell])
    numbers = layout.kinds[layout.cell] == 1
    return cells[layout.cell] & ~left & (numbers | (counts > 0)), left


def _held_out(batch: Batch, seed: int) -> Tensor:
    """Return which known cells to hide: about as many as are unknown already, but some."""
    assert batch.observed is not None
    share = min(max(1 - float(batch.observed.float().mean()), 0.1), 0.3)
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(batch.x.shape, generator=generator) < share) & batch.observed


def _of(layout: Layout, batch: Batch, covered: Tensor) -> tuple[Tensor, Tensor]:
    wide, known = layout.spread(batch.x, batch.observed)
    return wide[:, covered], known[:, covered]


def _joined(first: Batch, second: Batch) -> Batch:
    assert first.observed is not None
    assert second.observed is not None
    return Batch(torch.cat([first.x, second.x]), torch.cat([first.observed, second.observed]))
