"""Salt and pepper: some numbers become the least or the greatest there is."""

import torch
from torch import Tensor

from isthmus.corruptions.base import Corruption, Strength, drawn
from isthmus.errors import CompositionError
from isthmus.ranges import spread
from isthmus.space import Table

EXTREME = 2.0
"""The extremes of real numbers, which have none: so many standard deviations either way."""


class SaltPepper(Corruption):
    """Each number becomes, with probability ``rate``, an extreme: either one as likely.

    ``x~ = x`` with probability ``1 - rate``, else the least or the greatest value: 0 or 1 for
    values from 0 to 1; -2 or 2, in standard deviations, for real ones. A category, of which
    none is extreme, becomes any other or itself, all as likely (Vincent et al., 2010, "Stacked
    denoising autoencoders", section 3.3). Of a `Table` each cell is damaged in its own kind.

    Parameters
    ----------
    rate
        From 0 to 1; or two such, ``(low, high)``, to draw one for each row from.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Batch, Vector
    >>> salted = SaltPepper(1.0).on(Vector(100, support="unit"))(Batch(torch.full((1, 100), 0.5)))
    >>> salted.unique()
    tensor([0., 1.])
    """

    kinds: Tensor

    def __init__(self, rate: Strength = 0.1) -> None:
        super().__init__()
        self.rate = spread("rate", rate, 0, 1, example="SaltPepper(0.1)")

    def build(self) -> None:
        """Take note of what each cell of a table is."""
        if isinstance(self.space, Table):
            self.register_buffer("kinds", torch.tensor(self.space.kinds))

    def damaged(self, x: Tensor) -> Tensor:
        """Return x with some values extreme."""
        if "space" not in vars(self):
            raise CompositionError(
                f"{self!r} was called before it was told what values there are, of which some are "
                f"extreme. Use {self!r}.on(space), or give it to a model, corruption={self!r}."
            )
        rate = drawn(self.rate, x)
        return torch.where(torch.rand_like(x) < rate, self._extremes(x), x)

    def _extremes(self, x: Tensor) -> Tensor:
        if self.space.support == "categories":
            return torch.randint(self.space.levels, x.shape, device=x.device).to(x.dtype)
        if self.space.support == "mixed":
            drawn = torch.rand_like(x)
            category = (drawn * self.kinds).floor().clamp(max=self.kinds - 1)
            return category.where(self.kinds > 1, EXTREME * (2 * drawn.round() - 1))
        heads = (torch.rand_like(x) < 0.5).to(x.dtype)
        return EXTREME * (2 * heads - 1) if self.space.support == "real" else heads
