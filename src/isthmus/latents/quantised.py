"""The code is made of entries of learned codebooks: vector quantisation."""

from math import inf
from typing import Any, Self

import torch
from torch import Tensor

from isthmus.errors import CompositionError
from isthmus.latents.base import Latent
from isthmus.latents.point import Delta
from isthmus.ranges import number, whole

MOST = 2**20
"""At most how many entries a codebook has."""
DEAD = 10.0
"""How many uses an entry of average luck would have had, when one without any counts as dead."""
NUMBERS = 2**24
"""At most how many distances are held at once."""

LEAST = 1e-30
"""What is divided by instead of nothing."""


class Nearest(Delta):
    """All probability on the entries nearest to what the encoder said.

    Attributes
    ----------
    value
        The entries, ``(B, d, *G)``; gradients pass straight through to ``encoded``.
    encoded
        What the encoder said, ``(B, d, *G)``.
    indices
        Which entry of its codebook each group took, ``(B, groups, *G)``.
    """

    def __init__(self, value: Tensor, encoded: Tensor, indices: Tensor) -> None:
        self.encoded, self.indices = encoded, indices
        super().__init__(value)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """Return the same points, broadcast; what they were made from stays as it is."""
        return type(self)(self.value.expand(batch_shape), self.encoded, self.indices)


class Quantised(Latent):
    """A code made of entries of learned codebooks: the vector-quantised latent.

    The encoder's numbers are cut into groups, and each group gives way to the nearest entry
    of its own codebook: ``z_g = e_gk``, ``k = argmin_j |f(x)_g - e_gj|^2`` (van den Oord et
    al., 2017, arXiv:1711.00937), at each position of a latent grid. Several groups, a product
    code, make ``codes ^ groups`` different codes of ``codes * groups`` entries (Jegou et al.,
    2011, "Product quantization for nearest neighbor search"). Gradients pass straight through.

    Entries follow the mean of what falls to them, a moving average in training. Each begins
    as a row of an early batch, and one that nothing falls to any more begins anew as a row of
    the batch at hand.

    Parameters
    ----------
    dim
        The code size, ``d``.
    codes
        Entries of each codebook.
    groups
        Into how many parts the code is cut; they must come out equal. None: one part on a
        latent grid, whose positions cut the code already; elsewhere pairs of numbers where
        ``dim`` is even, else single numbers.
    decay
        What share of the moving averages stays at each step of training.

    Examples
    --------
    >>> import torch
    >>> latent = Quantised(2, codes=3, groups=1)
    >>> q = latent(torch.tensor([[3.0, -1.0], [0.0, 5.0], [1.0, 1.0]]))
    >>> q.indices.shape, latent.entries.shape
    (torch.Size([3, 1]), torch.Size([1, 3, 2]))
    >>> latent.eval()(torch.tensor([[2.8, -1.0]])).mean
    tensor([[ 3., -1.]])
    """

    has_density = False
    entries: Tensor
    counts: Tensor
    idle: Tensor

    def __init__(
        self, dim: int, codes: int = 512, groups: int | None = None, decay: float = 0.99
    ) -> None:
        super().__init__(dim)
        self.codes = whole("codes", codes, 1, MOST, example="Quantised(16, codes=512)")
        self.groups = _groups(self.dim, groups)
        self.decay = number("decay", decay, 0, 1, without=(1,), example="Quantised(16, decay=0.99)")
        width = self.dim // self.groups
        self.register_buffer("entries", torch.zeros(self.groups, self.codes, width))
        # How often each was used at a step, on a moving average, and since when it wasn't:
        # one that never was is endlessly idle.
        self.register_buffer("counts", torch.zeros(self.groups, self.codes))
        self.register_buffer("idle", torch.full((self.groups, self.codes), inf))

    def on(self, grid: tuple[int, ...]) -> Self:
        """Return the latent made anew for a latent grid, where by default it is in one part."""
        made = self.fresh()
        return made.set_params(groups=1) if grid and self.arguments["groups"] is None else made

    @property
    def raw(self) -> int:
        """One number for each code: ``d``."""
        return self.dim

    def forward(self, raw: Tensor) -> Nearest:
        """Return the nearest entries: ``(B, d, *G)``; in training, learn them."""
        x = self._cut(raw.detach())
        if self.training:
            self._revive(x)
        indices = self._nearest(x)
        found = self._joined(self._looked_up(indices), raw)
        if self.training:
            self._follow(x, indices)
        # Adding nothing, with the encoder's gradient, leaves the entries exact.
        value = found + (raw - raw.detach())
        return Nearest(value, raw, self._joined(indices[..., None], raw))

    def project(self, z: Tensor) -> Tensor:
        """Return the nearest entries, ``(B, d, *G)``."""
        return self._joined(self._looked_up(self._nearest(self._cut(z))), z)

    def looked_up(self, indices: Tensor) -> Tensor:
        """Return the codes that ``indices``, ``(B, groups, *G)``, name: ``(B, d, *G)``."""
        return self._joined(self._looked_up(self._cut(indices).squeeze(-1)), indices)

    @property
    def variance(self) -> Tensor:
        """How far entries lie from their mean, as they were used lately, squared: ``(d,)``.

        It is shared by the numbers of a group, and 1 where there is but one entry to speak of.
        """
        share = self._shares()[..., None]
        mean = (share * self.entries).sum(1, keepdim=True)
        variance = (share * (self.entries - mean).square()).sum(1).mean(-1)
        variance = variance.where(variance > 0, 1.0)
        return variance.repeat_interleave(self.dim // self.groups)

    def figures(self) -> dict[str, float]:
        """Return how many entries are dead, and how many a codebook effectively uses.

        The latter is ``exp(-sum_k p_k log p_k)`` of the shares ``p_k`` in which entries were
        used lately, the perplexity, averaged over groups.
        """
        perplexity = torch.special.entr(self._shares()).sum(1).exp().mean()
        return {"dead": float((self.idle >= DEAD).sum()), "perplexity": float(perplexity)}

    def _shares(self) -> Tensor:
        """Return how often each entry was used lately, ``(groups, codes)``: they sum to 1."""
        return self.counts / self.counts.sum(1, keepdim=True).clamp(min=LEAST)

    def _cut(self, z: Tensor) -> Tensor:
        """Return ``(groups, N, d / groups)`` of ``(B, d, *G)``, ``N`` being all positions."""
        return z.unflatten(1, (self.groups, -1)).movedim((1, 2), (0, -1)).flatten(1, -2)

    def _joined(self, x: Tensor, like: Tensor) -> Tensor:
        """Return ``(B, groups * width, *G)`` of ``(groups, N, width)``: undo the cut."""
        whole = x.unflatten(1, (like.shape[0], *like.shape[2:]))
        return whole.movedim((0, -1), (1, 2)).flatten(1, 2)

    @torch.no_grad()
    def _nearest(self, x: Tensor) -> Tensor:
        """Return the index of the entry nearest to each of ``(groups, N, width)``."""
        # |x - e|^2 = |x|^2 + 2 (|e|^2 / 2 - x.e), from a middle that keeps the squares small.
        # In half precision near entries would be mistaken for one another.
        with torch.autocast(x.device.type, enabled=False):
            middle = self.entries.mean(1, keepdim=True)
            entries = self.entries - middle
            half = (entries.square().sum(-1) / 2).masked_fill(self.idle == inf, inf)
            size = max(1, NUMBERS // (self.groups * self.codes))
            # An exported graph is for any number of rows, and can't be cut by it.
            parts = [x] if torch.compiler.is_compiling() else x.split(size, dim=1)
            found = [
                _least(torch.baddbmm(half[:, None], part - middle, entries.mT, alpha=-1))
                for part in parts
            ]
        return torch.cat(found, dim=1)

    def _looked_up(self, indices: Tensor) -> Tensor:
        """Return the entries, ``(groups, N, width)``, that ``(groups, N)`` names."""
        return self.entries.gather(1, indices[..., None].expand(-1, -1, self.entries.shape[-1]))

    @torch.no_grad()
    def _revive(self, x: Tensor) -> None:
        """Put rows of the batch, no two the same, in the place of dead entries."""
        rows = x.shape[1]
        dead = self.idle >= DEAD
        rank = dead.cumsum(1) - 1
        chosen = dead & (rank < rows)  # the others wait for the next batch
        order = torch.randperm(rows, device=x.device)
        place = order[rank.clamp(0, rows - 1)]
        fresh = x.gather(1, place[..., None].expand_as(self.entries))
        self.entries.copy_(torch.where(chosen[..., None], fresh, self.entries))
        # As if used once, by that row.
        self.counts.masked_fill_(chosen, 1 - self.decay)
        self.idle.masked_fill_(chosen, 0.0)

    @torch.no_grad()
    def _follow(self, x: Tensor, indices: Tensor) -> None:
        """Move the averages along: ``c <- g c + (1 - g) n``, ``c e <- g c e + (1 - g) sum x``."""
        first = torch.arange(self.groups, device=x.device)[:, None] * self.codes
        one = torch.cat([x, torch.ones_like(x[..., :1])], dim=-1).flatten(0, 1)
        sums = one.new_zeros(self.groups * self.codes, one.shape[1])
        sums.index_add_(0, (indices + first).flatten(), one)
        sums = sums.unflatten(0, (self.groups, self.codes))
        used = sums[..., -1]
        self.counts.mul_(self.decay).add_(used, alpha=1 - self.decay)
        change = sums[..., :-1] - used[..., None] * self.entries
        weight = (1 - self.decay) / self.counts.clamp(min=LEAST)
        self.entries.add_(weight[..., None] * change)
        expected = min(1.0, x.shape[1] / self.codes)
        self.idle.add_(expected).masked_fill_(used > 0, 0.0)


def _least(distances: Tensor) -> Tensor:
    """Return where the least of each row is, the first of equals."""
    # On a CPU numpy's argmin is many times as fast as torch's.
    if distances.device.type == "cpu" and not torch.compiler.is_compiling():
        return torch.from_numpy(distances.numpy().argmin(-1))
    return distances.argmin(-1)


def _groups(dim: int, groups: int | None) -> int:
    if groups is None:
        return dim // 2 if dim % 2 == 0 else dim
    groups = whole("groups", groups, 1, example="Quantised(16, groups=8)")
    if dim % groups:
        even = [each for each in range(1, dim + 1) if dim % each == 0]
        raise CompositionError(
            f"groups={groups} was given for codes of {dim} numbers; expected equal groups. Use "
            f"one of {', '.join(map(str, even))}, or another size of code."
        )
    return groups
