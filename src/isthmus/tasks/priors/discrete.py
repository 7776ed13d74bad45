"""A prior over entries of codebooks: which one each part of a code is, given those before it."""

from copy import deepcopy
from math import prod
from typing import Self

import torch
from torch import Tensor, nn

from isthmus.codec import Codec
from isthmus.errors import CompositionError
from isthmus.latents import Latent, Quantised
from isthmus.latents.quantised import Nearest
from isthmus.ranges import number, whole
from isthmus.tasks.priors.base import Prior
from isthmus.tasks.priors.masked import MaskedNetwork, descend

EMBEDDED = 16
"""How many numbers an entry is told to the network by."""


class Discrete(Prior):
    """Which entry of its codebook each part of a code is, given those before it.

    ``P(k) = prod_n P(k_n | k_1 … k_(n-1))`` over the groups and the positions of a code, each a
    softmax by a masked network: the prior of a vector-quantised model (van den Oord et al., 2017,
    arXiv:1711.00937, section 3.3), dense instead of convolutional, since the parts of a code
    need not lie on a grid. What `log_prob` tells is a probability; a draw takes as many passes as
    a code has parts.

    Parameters
    ----------
    width
        Of the two hidden layers.
    steps
        Of Adam, at most, as in `Autoregressive`.
    learning_rate
        At the start; it falls along half a cosine wave.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import VQVAE, Generator
    >>> X = load_digits().images
    >>> model = VQVAE(latent_dim=4, codes=16, epochs=2, random_state=0)
    >>> generator = Generator(model, prior=Discrete(32, steps=50), random_state=0).fit(X)
    >>> generator.sample(3).shape
    (3, 8, 8)
    """

    standardised = False
    network: MaskedNetwork
    tables: nn.Parameter

    def __init__(self, width: int = 256, steps: int = 3000, learning_rate: float = 2e-3) -> None:
        super().__init__()
        self.breadth = whole("width", width, 1, example="Discrete(256)")
        self.steps = whole("steps", steps, 0, example="steps=3000")
        self.rate = number("learning_rate", learning_rate, 0, example="learning_rate=2e-3")
        self._codebook: _Codebook | None = None

    def check(self, latent: Latent) -> None:
        """Raise `CompositionError` if codes of this latent are no entries of codebooks."""
        if not isinstance(latent, Quantised):
            raise CompositionError(
                f"prior={self!r} was given for codes by {latent!r}; expected entries of codebooks. "
                "Use Autoregressive() or Mixture(), or a VQVAE."
            )

    def on(self, codec: Codec) -> Self:
        """Return the prior made anew for the codebooks of this codec."""
        made = super().on(codec)
        made._codebook = _Codebook(codec)
        return made

    def fresh(self) -> Self:
        """Return the prior made anew, for the same codebooks."""
        made = super().fresh()
        made._codebook = self._codebook
        return made

    def build(self, size: int) -> None:
        """Make the table that entries are told by, and the masked layers."""
        book = self._book
        self.tables = nn.Parameter(torch.randn(book.parts, book.entries, EMBEDDED))
        self.network = MaskedNetwork(book.parts, EMBEDDED, book.entries, self.breadth)

    def learn(self, u: Tensor, aside: Tensor, seed: int) -> None:
        """Take steps of Adam; keep the weights that the codes kept aside liked best."""
        u, aside = (self._book.indices(each) for each in (u, aside))
        descend(self, self._log_p, u, aside, self.steps, self.rate)

    def density(self, u: Tensor) -> Tensor:
        """Return ``sum_n log P(k_n | k_1 … k_(n-1))`` of the entries nearest to ``u``."""
        return self._log_p(self._book.indices(u))

    def draw(self, n: int) -> Tensor:
        """Draw one entry after the other, and look them up."""
        k = torch.zeros(n, self._book.parts, dtype=torch.long)
        for place in range(self._book.parts):
            logits = self.network(self._embedded(k), place)
            k[:, place] = torch.multinomial(logits.softmax(1), 1)[:, 0]
        return self._book.codes(k)

    def _log_p(self, k: Tensor) -> Tensor:
        logits = self.network(self._embedded(k)).log_softmax(2)
        return logits.gather(2, k[..., None])[..., 0].sum(1)

    def _embedded(self, k: Tensor) -> Tensor:
        """Return what tells the network of entries ``(n, parts)``: ``(n, parts * 16)``."""
        return self.tables[torch.arange(k.shape[1]), k].flatten(1)

    @property
    def _book(self) -> "_Codebook":
        if self._codebook is None:
            raise CompositionError(
                f"{self!r} knows no codebooks yet. Use Generator(VQVAE(), prior={self!r}), or "
                "on(codec)."
            )
        return self._codebook


class _Codebook:
    """The way from flat codes ``(n, D)`` to whole numbers ``(n, parts)``, and back."""

    def __init__(self, codec: Codec) -> None:
        assert isinstance(codec.latent, Quantised)
        self.latent = deepcopy(codec.latent).cpu().eval()
        self.shape = codec.code_shape
        self.told = (self.latent.groups, *codec.code_shape[1:])
        self.parts, self.entries = prod(self.told), self.latent.codes

    @torch.no_grad()
    def indices(self, z: Tensor) -> Tensor:
        found = self.latent(z.reshape(-1, *self.shape))
        assert isinstance(found, Nearest)
        return found.indices.flatten(1)

    @torch.no_grad()
    def codes(self, k: Tensor) -> Tensor:
        return self.latent.looked_up(k.reshape(-1, *self.told)).flatten(1)
