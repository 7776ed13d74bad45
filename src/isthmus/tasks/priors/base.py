"""Prior: a density fitted to the codes of a trained model, to draw new codes from."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from torch import Tensor

from isthmus.codec import Codec
from isthmus.errors import DataError
from isthmus.latents import Latent
from isthmus.part import Part
from isthmus.randomness import seeded

ASIDE = 0.1
"""The share of codes to choose by, where none were given for that."""
DRAWN = 2**16
"""How many codes are drawn at once, at most."""
NARROWEST = 1e-4
"""A dimension narrower than this share of the widest tells nothing: it is not stretched."""


class Prior(Part, ABC):
    """A density over flat codes, ``p(z)`` for z of shape ``(n, D)``, fitted to draws of them.

    What it is fitted to are draws of the aggregate posterior, ``z ~ q(z | x)``, ``x ~`` the
    data: decoded, draws of it look as the data do, also where the latent's own prior was never
    met (Ghosh et al., 2020, arXiv:1903.12436). Members see codes of mean 0 and deviation 1.

    Attributes
    ----------
    size
        D, once it is fitted or sized.
    standardised
        Whether codes are brought to mean 0 and deviation 1 first.
    """

    standardised: ClassVar[bool] = True
    centre: Tensor
    width: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", None)
        self.register_buffer("width", None)

    @property
    def size(self) -> int:
        """How many numbers a code holds."""
        return len(self.centre)

    def check(self, latent: Latent) -> None:
        """Raise `CompositionError` if codes of this latent are not of the kind that it is for."""

    def on(self, codec: Codec) -> Self:
        """Return the prior made anew for codes of this codec: as it is, where only size counts."""
        self.check(codec.latent)
        return self.fresh()

    def sized(self, size: int) -> Self:
        """Return the prior made anew for codes of ``size`` numbers, its tensors still to be set."""
        made = self.fresh()
        made.centre, made.width = torch.zeros(size), torch.ones(size)
        made.build(size)
        return made

    def fitted(self, codes: Tensor, aside: Tensor | None = None, seed: int = 0) -> Self:
        """Return the prior made anew and fitted.

        Parameters
        ----------
        codes
            ``(n, D)``, draws of ``q(z | x)``.
        aside
            Codes of other rows, to choose by and to stop by; None: a tenth of the codes.
        seed
            Of what is drawn on the way; equal seeds make equal priors.

        Raises
        ------
        DataError
            If there are fewer than 2 codes, or one isn't finite.
        """
        codes, aside = _checked(codes, aside)
        with seeded(seed):
            made = self.sized(codes.shape[1])
            if self.standardised:
                made.centre, spread = codes.mean(0), codes.std(0)
                made.width = spread.clamp(min=max(float(spread.max()) * NARROWEST, 1e-12))
            made.learn(made._scaled(codes), made._scaled(aside), seed)
        return made.requires_grad_(False).eval()

    def restored(self, tensors: Mapping[str, Tensor]) -> Self:
        """Return the prior made anew with the tensors of one that was fitted."""
        made = self.sized(len(tensors["centre"]))
        for name, buffer in made._buffers.items():
            if buffer is None and name in tensors:  # its shape is told by the fit alone
                setattr(made, name, torch.empty_like(tensors[name]))
        made.load_state_dict(dict(tensors))
        return made.requires_grad_(False).eval()

    @torch.no_grad()
    def log_prob(self, z: Tensor) -> Tensor:
        """Return ``log p(z)`` of codes ``(n, D)``: ``(n,)`` nats."""
        return self.density(self._scaled(z)) - self.width.log().sum()

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        """Return ``n`` draws, ``(n, D)``, by torch's random state."""
        parts = [self.draw(min(DRAWN, n - first)) for first in range(0, n, DRAWN)]
        return torch.cat(parts) * self.width + self.centre

    def build(self, size: int) -> None:
        """Make the tensors that depend on the size of a code."""

    def learn(self, u: Tensor, aside: Tensor, seed: int) -> None:
        """Fit to standardised codes ``u``, ``(n, D)``; choose by those kept aside."""

    @abstractmethod
    def density(self, u: Tensor) -> Tensor:
        """Return ``log p(u)`` of standardised codes: ``(n,)``."""

    @abstractmethod
    def draw(self, n: int) -> Tensor:
        """Return ``n`` standardised draws, ``(n, D)``."""

    def _scaled(self, z: Tensor) -> Tensor:
        return (z - self.centre) / self.width


def _checked(codes: Tensor, aside: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the codes to learn from, and those to choose by."""
    if codes.dim() != 2 or len(codes) < 2:
        raise DataError(
            f"Codes of shape {tuple(codes.shape)} were given; expected (n, D), n of 2 or more."
        )
    if not bool(codes.isfinite().all()):
        raise DataError("Some codes are not finite: the model diverged. Fit it again.")
    if aside is not None and len(aside):
        return codes, aside
    kept = max(1, int(len(codes) * ASIDE)) if len(codes) > 2 else 0
    return (codes[kept:], codes[:kept]) if kept else (codes, codes)
