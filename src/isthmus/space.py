"""Space and Batch: what x is, and how a handful of it travels."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from math import prod
from typing import Any, Literal, Self

import torch
from torch import Tensor

from isthmus.errors import CompositionError

Support = Literal["real", "unit", "binary", "categories", "mixed"]
"""Which values x can take: any real number, [0, 1], {0, 1}, 0 … levels - 1, or each cell others."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Space(ABC):
    """What one x is: its shape, and the values it can take.

    Attributes
    ----------
    support
        Which values each number can take.
    levels
        How many categories there are, where the support is categories.
    holes
        Whether cells may be unknown: networks then see which ones are known.
    """

    support: Support = "real"
    levels: int = 0
    holes: bool = False

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one x, its event shape ``*E``."""

    @property
    def size(self) -> int:
        """How many numbers one x holds."""
        return prod(self.shape)

    def __repr__(self) -> str:
        """Print as the call that makes it."""
        given = [f"{getattr(self, each.name)}" for each in fields(self) if not each.kw_only]
        for each in fields(self):
            value = getattr(self, each.name)
            if each.kw_only and value != each.default:
                given.append(f"{each.name}={value!r}")
        return f"{type(self).__name__}({', '.join(given)})"


@dataclass(frozen=True, repr=False)
class Vector(Space):
    """A row of numbers, in no spatial order.

    Examples
    --------
    >>> Vector(30).shape
    (30,)
    """

    features: int

    @property
    def shape(self) -> tuple[int, ...]:
        """``(features,)``."""
        return (self.features,)


@dataclass(frozen=True, repr=False)
class Image(Space):
    """A picture: channels first, as torch has it.

    Examples
    --------
    >>> Image(1, 28, 28).size
    784
    >>> Image(1, 28, 28, support="binary")
    Image(1, 28, 28, support='binary')
    """

    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        """``(channels, height, width)``."""
        return (self.channels, self.height, self.width)


@dataclass(frozen=True, repr=False)
class Series(Space):
    """A series in time, or a text: channels first, as torch has it.

    A text is a series of one channel whose values are categories: its tokens.

    Attributes
    ----------
    ragged
        Whether some series end before the last step. The steps beyond an end are unknown
        cells; what a `Stem` makes of them has one channel more, its last, which is 1 as long
        as the series lasts and 0 after.

    Examples
    --------
    >>> Series(3, 100, ragged=True)
    Series(3, 100, ragged=True)
    """

    channels: int
    steps: int
    ragged: bool = field(default=False, kw_only=True)

    @property
    def shape(self) -> tuple[int, ...]:
        """``(channels, steps)``."""
        return (self.channels, self.steps)


@dataclass(frozen=True, repr=False)
class Table(Space):
    """A row of a table whose cells differ in kind: numbers beside categories.

    Any cell may be unknown, whether or not one was in training.

    Attributes
    ----------
    kinds
        For each cell how many categories it has, ``0 … kind - 1``; 1 where it is a real number.

    Examples
    --------
    >>> Table((1, 5, 2)).shape, Table((1, 5, 2)).numbers, Table((1, 5, 2)).categories
    ((3,), (0,), (1, 2))
    """

    kinds: tuple[int, ...]
    support: Support = field(default="mixed", kw_only=True)
    holes: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        kinds: Any = self.kinds
        whole = isinstance(kinds, tuple) and all(type(each) is int for each in kinds)
        if not (whole and kinds and min(kinds) >= 1):
            raise CompositionError(
                f"kinds={kinds!r} was given; expected for each cell its number of categories, or "
                "1 for a real number, as in Table((1, 1, 5))."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """``(cells,)``."""
        return (len(self.kinds),)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The places of the cells that hold numbers."""
        return tuple(place for place, kind in enumerate(self.kinds) if kind == 1)

    @property
    def categories(self) -> tuple[int, ...]:
        """The places of the cells that hold categories."""
        return tuple(place for place, kind in enumerate(self.kinds) if kind > 1)

    @property
    def groups(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Each number of categories that there is, least first, with the cells that have it."""
        cells: dict[int, list[int]] = {}
        for place in self.categories:
            cells.setdefault(self.kinds[place], []).append(place)
        return tuple((kind, tuple(cells[kind])) for kind in sorted(cells))

    @property
    def order(self) -> tuple[int, ...]:
        """The cells in the order that networks have them: numbers, then the `groups`."""
        return self.numbers + tuple(place for _, cells in self.groups for place in cells)


SPACES: dict[str, type[Space]] = {
    "Vector": Vector,
    "Image": Image,
    "Series": Series,
    "Table": Table,
}


@dataclass(frozen=True)
class Batch:
    """A handful of rows on their way through a codec.

    Attributes
    ----------
    x
        ``(B, *E)``; unknown cells hold zero.
    observed
        ``(B, *E)``, True where the cell is known; None where all are.
    context
        ``(B, C)``, what the model is conditioned on, or a term is told; None: nothing.

    Examples
    --------
    >>> batch = Batch(torch.arange(6.0).reshape(3, 2))
    >>> len(batch), batch[1:].x
    (3, tensor([[2., 3.],
            [4., 5.]]))
    """

    x: Tensor
    observed: Tensor | None = None
    context: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Tensor | slice) -> Self:
        if isinstance(rows, slice):
            return self._each(lambda tensor: tensor[rows])
        return self._each(lambda tensor: tensor.index_select(0, rows))

    def to(self, device: torch.device) -> Self:
        """Return the batch on ``device``."""
        return self._each(lambda tensor: tensor.to(device))

    def repeat(self, times: int) -> Self:
        """Return all rows, ``times`` times over."""
        return self._each(lambda each: each.expand(times, *each.shape).flatten(0, 1))

    def tensors(self) -> list[Tensor]:
        """Return the tensors that are there."""
        return [each for each in (self.x, self.observed, self.context) if each is not None]

    def _each(self, change: Callable[[Tensor], Tensor]) -> Self:
        observed = None if self.observed is None else change(self.observed)
        context = None if self.context is None else change(self.context)
        return type(self)(change(self.x), observed, context)


def joined(batches: Sequence[Batch]) -> Batch:
    """Return the rows of several batches as one; where one has holes, all say what is known."""
    if len(batches) == 1:
        return batches[0]
    observed, context = None, None
    if any(each.observed is not None for each in batches):
        every = [
            torch.ones_like(each.x, dtype=torch.bool) if each.observed is None else each.observed
            for each in batches
        ]
        observed = torch.cat(every)
    if batches[0].context is not None:
        context = torch.cat([each.context for each in batches if each.context is not None])
    return Batch(torch.cat([each.x for each in batches]), observed, context)


def lasting(x: Tensor, observed: Tensor | None) -> Tensor:
    """Return 1 for each step up to the last that is known, then 0: ``(B, 1, T)``."""
    if observed is None:
        return torch.ones_like(x[:, :1])
    there = observed.any(dim=1, keepdim=True).to(x.dtype)
    return there.flip(-1).cumsum(-1).clamp(max=1).flip(-1)
