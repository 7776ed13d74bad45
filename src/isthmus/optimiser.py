"""Adam, in one call for all parameters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

EPS = 1e-8
"""What keeps Adam's division finite."""


@runtime_checkable
class Optimiser(Protocol):
    """Whatever can take a step: Isthmus's `Adam`, or any of torch's own."""

    def zero_grad(self) -> None:
        """Forget the gradients."""

    def step(self) -> object:
        """Move the parameters along their gradients."""


@dataclass(frozen=True)
class Group:
    """Parameters that learn alike.

    Attributes
    ----------
    parameters
        Which.
    speed
        How fast, in learning rates.
    betas
        How much of the first and the second moment is kept at each step.
    """

    parameters: Sequence[Tensor]
    speed: float = 1.0
    betas: tuple[float, float] = (0.9, 0.999)


class Moved(NamedTuple):
    """Parameters that are moved, with their gradients and moments."""

    parameters: list[Tensor]
    grads: list[Tensor]
    first: list[Tensor]
    second: list[Tensor]


class Adam:
    """Adam (Kingma and Ba, 2015, arXiv:1412.6980), through torch's fused kernel.

    The same arithmetic as ``torch.optim.Adam(fused=True)``, without its bookkeeping, which
    costs as much as the whole forward pass of a small network.

    Parameters
    ----------
    parameters
        What is moved. Those that have no gradient in a step stay where they are.
    rate
        The learning rate; it may be changed between steps.
    eps
        What keeps the division finite.
    groups
        Further parameters, with a speed and momenta of their own.

    Examples
    --------
    >>> import torch
    >>> weight = torch.nn.Parameter(torch.tensor([1.0]))
    >>> optimiser = Adam([weight], rate=0.1)
    >>> weight.square().sum().backward()
    >>> optimiser.step()
    >>> weight
    Parameter containing:
    tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        rate: float = 1e-3,
        eps: float = EPS,
        groups: Sequence[Group] = (),
    ) -> None:
        self.rate, self.eps = rate, eps
        self.groups = [
            replace(group, parameters=[each for each in group.parameters if each.requires_grad])
            for group in (Group(list(parameters)), *groups)
        ]
        self.parameters = [each for group in self.groups for each in group.parameters]
        self.first = [torch.zeros_like(each) for each in self.parameters]
        self.second = [torch.zeros_like(each) for each in self.parameters]
        # One counter for all: it counts for a parameter in a step that gave it no gradient too,
        # whose moments are then corrected a little less than by torch, which counts for each.
        self.taken = torch.zeros((), device=self.parameters[0].device)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for each in self.parameters:
            each.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter along its gradient."""
        self.taken += 1
        first = 0
        for group in self.groups:
            last = first + len(group.parameters)
            self._move(group, slice(first, last))
            first = last

    def _move(self, group: Group, places: slice) -> None:
        state = zip(self.parameters[places], self.first[places], self.second[places], strict=True)
        moved = [
            (each, each.grad, first, second)
            for each, first, second in state
            if each.grad is not None
        ]
        if moved:
            parameters, grads, first, second = map(list, zip(*moved, strict=True))
            self._fused(Moved(parameters, grads, first, second), group)

    def _fused(self, moved: Moved, group: Group) -> None:
        torch._fused_adam_(  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]
            *moved,
            [],
            [self.taken] * len(moved.parameters),
            lr=self.rate * group.speed,
            beta1=group.betas[0],
            beta2=group.betas[1],
            weight_decay=0.0,
            eps=self.eps,
            amsgrad=False,
            maximize=False,
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the optimiser's state by name, to be written down."""
        named = {"taken": self.taken}
        named |= {f"first.{place}": each for place, each in enumerate(self.first)}
        return named | {f"second.{place}": each for place, each in enumerate(self.second)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` returned."""
        for name, mine in self.tensors().items():
            mine.copy_(tensors[name])
