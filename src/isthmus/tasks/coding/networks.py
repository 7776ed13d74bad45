"""Networks in whole numbers: the same output on every processor, thread count and batch size.

Weights and activations become integers, held in double precision. Every product and every
partial sum of a layer stays below 2^53, where doubles hold integers exactly: then it doesn't
matter in what order, or fused how, they are added up.
"""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, unfold

from isthmus.backbones.channels_last import Finer
from isthmus.backbones.conv import Convolutions
from isthmus.backbones.dense import Perceptron
from isthmus.backbones.tying import Transposed
from isthmus.errors import CompositionError
from isthmus.tasks.coding import fixed

Step = Callable[[Tensor], Tensor]
LIMIT = 30
"""Activations lie between ``-2^LIMIT`` and ``2^LIMIT``, in units of ``1 / fixed.ONE``."""
EXACT = 53
"""Bits that a double holds exactly."""
SETTINGS = ("kernel_size", "stride", "padding", "sides", "unflattened_size", "negative_slope")
"""What tells one layer from another of its kind, beside its weights."""
FINEST, COARSEST = 24, 4
"""How many bits after the point weights have: as many as their size allows."""


class Network:
    """An encoder or a decoder in integers.

    Parameters
    ----------
    module
        A network that a `Dense` or a `Conv` backbone made.
    device
        Where it works.

    Raises
    ------
    CompositionError
        If it has a layer that can't be told in integers.

    Examples
    --------
    >>> from isthmus import Dense, Vector
    >>> made = Dense((8,)).encoder(Vector(4), out=2)
    >>> Network(made)(torch.full((3, 4), 65536.0)).shape
    torch.Size([3, 2])
    """

    def __init__(self, module: nn.Module, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.digest = hashlib.blake2b(digest_size=16)
        self.steps: list[Step] = [self._step(each) for each in _layers(module)]
        shape: tuple[int, ...] = module.shape  # pyright: ignore[reportAssignmentType]
        self.shape = shape

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        """Return integers ``(B, *shape)`` of integers ``(B, *)``, all in double precision."""
        h = held(x.to(self.device, torch.float64, copy=True))
        for step in self.steps:
            h = step(h)
        return h.reshape(len(h), *self.shape)

    def _step(self, layer: nn.Module) -> Step:
        # Not as torch prints it, which another version may do otherwise.
        told = [str(getattr(layer, name)) for name in SETTINGS if hasattr(layer, name)]
        self.digest.update(" ".join([type(layer).__name__, *told]).encode())
        match layer:
            case nn.Linear() | Transposed():
                return self._product(layer.weight, layer.bias, _dense)
            case nn.Conv1d() | nn.Conv2d():
                return self._product(layer.weight, layer.bias, _convolution(layer))
            case Finer():
                return self._finer(layer)
            case nn.BatchNorm1d() | nn.BatchNorm2d():
                return self._normalisation(layer)
            case nn.Flatten():
                return lambda h: h.flatten(1)
            case nn.Unflatten():
                return layer
            case _:
                return _activation(layer)

    def _product(self, weight: Tensor, bias: Tensor | None, layer: "Layer") -> Step:
        flat = _plain(weight).reshape(len(weight), -1)
        bits = _bits(flat)
        whole = self._kept(np.rint(flat * 2.0**bits))
        offset = np.zeros(len(flat)) if bias is None else _plain(bias)
        added = self._kept(np.rint(offset * 2.0 ** (bits + fixed.BITS)))
        _check_offset(added)
        return lambda h: _divided(layer(h, whole, added), bits)

    def _finer(self, layer: Finer) -> Step:
        conv = self._step(layer.conv)

        def step(h: Tensor) -> Tensor:
            h = _laid_out(conv(h), layer.stride)
            for axis, side in enumerate(layer.sides, start=2):
                h = h.narrow(axis, 0, side)
            return h

        return step

    def _normalisation(self, layer: nn.BatchNorm1d | nn.BatchNorm2d) -> Step:
        assert layer.running_mean is not None
        assert layer.running_var is not None
        scale = _plain(layer.weight) / np.sqrt(_plain(layer.running_var) + layer.eps)
        offset = _plain(layer.bias) - _plain(layer.running_mean) * scale
        bits = _bits(scale[:, None])
        whole = self._kept(np.rint(scale * 2.0**bits))
        added = self._kept(np.rint(offset * 2.0 ** (bits + fixed.BITS)))
        _check_offset(added)

        def step(h: Tensor) -> Tensor:
            beside = (-1, *(1 for _ in h.shape[2:]))
            return _divided(h.mul_(whole.reshape(beside)).add_(added.reshape(beside)), bits)

        return step

    def _kept(self, values: np.ndarray) -> Tensor:
        """Return integers as a tensor, and have them in the digest."""
        self.digest.update(values.astype("<i8").tobytes())
        return torch.from_numpy(values).to(self.device)


Layer = Callable[[Tensor, Tensor, Tensor], Tensor]


def held(h: Tensor) -> Tensor:
    """Bring ``h`` between the limits, in place."""
    return h.clamp_(-(2.0**LIMIT), 2.0**LIMIT)


def _divided(h: Tensor, bits: int) -> Tensor:
    """Bring ``h`` back to units of ``1 / fixed.ONE``, in place: new memory takes longer."""
    return held(h.mul_(2.0**-bits).floor_())


def _laid_out(h: Tensor, stride: int) -> Tensor:
    """Return ``(B, C, *(stride n))`` from ``(B, C stride^dim, *n)``."""
    if h.dim() == 4:
        return pixel_shuffle(h, stride)
    return h.unflatten(1, (-1, stride)).transpose(2, 3).flatten(2)


def _dense(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.addmm(bias, h.flatten(1), weight.T)


def _convolution(layer: nn.Conv1d | nn.Conv2d) -> Layer:
    # As a product of matrices: a library's own convolution may go through fractions.
    kernel, stride, padding = (
        tuple(int(each) for each in value)  # pyright: ignore[reportGeneralTypeIssues]
        for value in (layer.kernel_size, layer.stride, layer.padding)
    )
    if len(kernel) == 1:
        kernel, stride, padding = (1, *kernel), (1, *stride), (0, *padding)

    def apply(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        picture = h if h.dim() == 4 else h[:, :, None]
        sides = [
            (side + 2 * p - k) // s + 1
            for side, k, s, p in zip(picture.shape[2:], kernel, stride, padding, strict=True)
        ]
        columns = unfold(picture, kernel, padding=padding, stride=stride)
        made = (weight @ columns).add_(bias[:, None])
        return made.unflatten(2, sides if h.dim() == 4 else sides[1:])

    return apply


def _activation(layer: nn.Module) -> Step:
    one = float(fixed.ONE)
    match layer:
        case nn.ReLU():
            return lambda h: h.clamp_(min=0)
        case nn.LeakyReLU(negative_slope=slope):
            leak = round(slope * fixed.ONE)
            return lambda h: torch.where(h < 0, (h * leak / one).floor(), h)
        case nn.Sigmoid():
            return _tabled(lambda x: fixed.sigmoid(x) >> 16)
        case nn.Tanh():
            return _tabled(lambda x: (fixed.sigmoid(2 * x) >> 15) - fixed.ONE)
        case nn.SiLU():
            return _tabled(lambda x: (x * (fixed.sigmoid(x) >> 8)) >> 24)
        case nn.GELU():
            return _tabled(lambda x: (x * (fixed.normal(x) >> 8)) >> 24)
        case nn.ELU():
            return _tabled(
                lambda x: np.where(x < 0, (fixed.exp(np.minimum(x, 0)) >> 16) - fixed.ONE, x)
            )
        case _:
            raise CompositionError(
                f"{layer} has no form in whole numbers, which a code that is to be read elsewhere "
                "needs. Compress with a model of Dense() or Conv() layers, of any activation but "
                "softplus, and without layer or group normalisation."
            )


def _tabled(function: Callable[[np.ndarray], np.ndarray]) -> Step:
    def step(h: Tensor) -> Tensor:
        found = function(h.cpu().numpy().astype(np.int64)).astype(np.float64)
        return torch.from_numpy(found).to(h.device)

    return step


def _layers(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the layers of a network, one after the other."""
    if not isinstance(module, Perceptron | Convolutions):
        raise CompositionError(
            f"A {type(module).__name__} has no form in whole numbers, which a code that is to be "
            "read elsewhere needs. Compress with a model whose backbone is Dense() or Conv()."
        )
    for layer in module.layers:
        if not isinstance(layer, nn.Dropout):
            yield layer


def _bits(weight: np.ndarray) -> int:
    """Return how many bits after the point weights ``(out, in)`` may have.

    Sums of products with activations must stay below ``2^(EXACT - 1)``; the offset takes as much.
    """
    if not np.isfinite(weight).all() or np.abs(weight).max(initial=0.0) >= 2.0**32:
        raise CompositionError("The model has weights beyond 2^32: it can't be told in integers.")
    # Integers again, whose sum has no order.
    most = int(np.abs(np.rint(weight * 2.0**FINEST)).astype(np.int64).sum(1).max(initial=1))
    room = EXACT - 1 - LIMIT - (most.bit_length() + 1 - FINEST)
    if room < COARSEST:
        raise CompositionError(
            "The model has a layer whose weights add up to more than a coder's integers hold. Fit "
            "it with a smaller learning rate, or scale the data down."
        )
    return min(FINEST, room)


def _check_offset(added: Tensor) -> None:
    if bool((added.abs() >= 2.0 ** (EXACT - 1)).any()):
        raise CompositionError("The model has an offset that a coder's integers don't hold.")


def _plain(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()
