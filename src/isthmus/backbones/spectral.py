"""The spectral mask: a series is turned down at the pitches and times where there is damage."""

from collections.abc import Sequence
from itertools import pairwise
from math import pi
from typing import ClassVar

import torch
from torch import Size, Tensor, nn
from torch.nn.functional import conv1d, conv_transpose1d

from isthmus.backbones.arguments import channels_of, chosen
from isthmus.backbones.base import Backbone
from isthmus.backbones.layers import ACTIVATIONS, with_context
from isthmus.backbones.unet import Pointwise, started
from isthmus.space import Series, Space

EXAMPLE = "SpectralMask((128, 128, 128))"
OVERLAP = 4
"""How many windows hold a step."""
SQUARES = 1.5
"""What the squares of their Hann windows add up to, at every step."""
KERNEL = 3
FAINT = 1e-3
"""Of a typical step: what is fainter is silence."""
OPEN = 2.0
"""What the mask starts from, before the sigmoid: most passes."""


class SpectralMask(Backbone):
    """A network that mends series, sounds above all: at each pitch and time it lets a share pass.

    ``x^ = STFT^-1(m * STFT(x))``, a mask m from 0 to 1 that convolutions over time tell from
    ``log |STFT(x)|`` (Wang and Chen, 2018, arXiv:1708.07524). The Fourier transform is of windows
    of four steps with all their channels, one after the other: where these are samples in a row, as
    in ``Sounds(representation="waveform")``, it is that of the wave. Phases stay as they are.

    The code is ``(B, d, steps)``, a linear map of what has passed, and the decoder reads it step by
    step: with ``latent_dim`` of as many as there are channels, nothing is lost. It is for undoing
    damage. Without any it learns to copy, and its codes then say nothing.

    Parameters
    ----------
    channels
        What each layer makes; each sees twice as far to both sides as the one before.
    activation
        As in `Conv`.

    Examples
    --------
    >>> import torch
    >>> from isthmus.space import Series
    >>> network = SpectralMask((8, 8)).encoder(Series(16, 20), out=16)
    >>> network(torch.zeros(5, 16, 20)).shape
    torch.Size([5, 16, 20])
    """

    spaces: ClassVar[tuple[type[Space], ...]] = (Series,)

    def __init__(self, channels: Sequence[int] = (128, 128, 128), activation: str = "relu") -> None:
        super().__init__()
        self.channels = channels_of(channels, "layer", example=EXAMPLE)
        self.activation = chosen(activation, ACTIVATIONS, "activation")

    def grid(self, space: Space) -> tuple[int, ...]:
        """Return the steps of x: each keeps a code of its own."""
        return tuple(space.shape[1:])

    def encoder(self, space: Space, out: int, context: int = 0) -> nn.Module:
        """Make a network from ``(B, C, steps)`` to ``(B, out, steps)``."""
        lasting = isinstance(space, Series) and space.ragged
        return Masked(space.shape[0] - lasting, self.channels, out, context, self.activation)

    def decoder(self, code: int, raw_shape: Size, space: Space, context: int = 0) -> nn.Module:
        """Make a linear map from ``(B, code, steps)`` to ``(B, *raw_shape)``, at each step."""
        made = Pointwise(code + context, raw_shape.numel() // space.shape[1], raw_shape, dim=1)
        nn.init.dirac_(made.map.weight.data[:, :code])
        return made


class Masked(nn.Module):
    """To the spectrum, through the mask, and back."""

    analysis: Tensor
    synthesis: Tensor

    def __init__(
        self,
        given: int,
        channels: Sequence[int],
        out: int,
        context: int,
        activation: type[nn.Module],
    ) -> None:
        super().__init__()
        analysis, synthesis = _fourier(given)
        self.register_buffer("analysis", analysis)
        self.register_buffer("synthesis", synthesis)
        self.given, pitches = given, len(analysis) // 2
        sizes = [pitches + context, *channels]
        self.hidden = nn.Sequential()
        for depth, (before, after) in enumerate(pairwise(sizes)):
            far = 2**depth
            layer = nn.Conv1d(before, after, KERNEL, padding=far, dilation=far)
            self.hidden.extend([started(layer), activation()])
        self.mask = nn.Conv1d(sizes[-1], pitches, 1)
        nn.init.constant_(self.mask.get_parameter("bias"), OPEN)
        self.code = nn.Conv1d(given, out, 1)
        nn.init.dirac_(self.code.weight.data[:given])

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, out, steps)`` from ``(B, D, steps)`` and ``(B, C)``."""
        spectra = conv1d(x[:, : self.given], self.analysis, padding=OVERLAP - 1)
        real, imaginary = spectra.chunk(2, dim=1)
        loud = (real.square() + imaginary.square() + FAINT**2).log() / 2
        mask = self.mask(self.hidden(with_context(loud, context))).sigmoid()
        passed = torch.cat([real * mask, imaginary * mask], dim=1)
        return self.code(conv_transpose1d(passed, self.synthesis, padding=OVERLAP - 1))


def _fourier(channels: int) -> tuple[Tensor, Tensor]:
    """Return the transform of a window of Hann's, and its inverse, ``(2 pitches, channels, 4)``.

    White noise of unit variance comes out so; what one makes of a series the other undoes.
    """
    length = OVERLAP * channels
    places = torch.arange(length, dtype=torch.float64)
    hann = 0.5 - 0.5 * torch.cos(2 * pi * places / length)
    pitches = torch.arange(length // 2 + 1, dtype=torch.float64)[:, None]
    angles = 2 * pi * pitches * places / length
    waves = hann * torch.cat([angles.cos(), -angles.sin()])
    shares = torch.full((len(pitches), 1), 2.0, dtype=torch.float64)
    shares[0] = shares[-1] = 1.0
    loudness = hann.square().sum().sqrt()
    back = waves * shares.repeat(2, 1) * loudness / (length * SQUARES)

    def kernel(rows: Tensor) -> Tensor:
        return rows.unflatten(1, (OVERLAP, channels)).mT.contiguous().float()

    return kernel(waves / loudness), kernel(back)
