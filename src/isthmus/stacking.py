"""Stacking: one module that computes what many of one shape would, each on rows of its own.

The rows lie one member after the other: of ``M B`` rows the first ``B`` are the first member's.
Whatever works row by row then needs no change, and only modules that own parameters are
replaced, by twins whose parameters have one more axis in front, of ``M``.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, layer_norm

from isthmus.likelihoods.scale import Scale, positive


class UnstackableError(Exception):
    """A module that has no twin: its models are trained one after another."""


class Stacked(nn.Module):
    """The twin of ``M`` modules of one kind: their parameters and buffers, one over the other."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = len(members)
        for name, parameter in members[0].named_parameters(recurse=False):
            joined = torch.stack([each.get_parameter(name).detach() for each in members])
            self.register_parameter(name, nn.Parameter(joined, parameter.requires_grad))
        for name, _ in members[0].named_buffers(recurse=False):
            self.register_buffer(name, torch.stack([each.get_buffer(name) for each in members]))

    def apart(self, x: Tensor) -> Tensor:
        """Return rows as ``(M, everything else, features)``."""
        return x.reshape(self.members, -1, x.shape[-1])


class Linears(Stacked):
    """As many linear maps: ``(M B, *, in) -> (M B, *, out)``, in one batched product."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__(members)
        self.has_bias = "bias" in self._parameters

    def forward(self, x: Tensor) -> Tensor:
        """Map each member's rows by its own weights."""
        rows, weight = self.apart(x), self.weight.mT
        if self.has_bias:
            assert self.bias is not None
            y = torch.baddbmm(self.bias[:, None], rows, weight)
        else:
            y = rows @ weight
        return y.reshape(*x.shape[:-1], y.shape[-1])


class LayerNorms(Stacked):
    """As many layer normalisations over the last axis."""

    weight: Tensor
    bias: Tensor

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__(members)
        self.eps = float(members[0].eps)  # pyright: ignore[reportArgumentType]

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each row, and scale it by its member's weights."""
        rows = self.apart(layer_norm(x, x.shape[-1:], eps=self.eps))
        return (rows * self.weight[:, None] + self.bias[:, None]).reshape(x.shape)


class Embeddings(Stacked):
    """As many embeddings: the vectors of each member lie behind those of the one before."""

    weight: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Look each index up in its member's vectors."""
        members, entries, _ = self.weight.shape
        first = torch.arange(members, device=x.device).repeat_interleave(len(x) // members)
        places = x + entries * first.reshape(-1, *(1 for _ in x.shape[1:]))
        return embedding(places, self.weight.flatten(0, 1))


class Scales(Stacked):
    """As many scales of a likelihood, each spread over its member's rows."""

    parameter: Tensor
    fixed: Tensor

    def forward(self, raw: Tensor) -> Tensor:
        """Return the scale of each row, to be broadcast over ``raw``, ``(M B, *E)``."""
        learned = "parameter" in self._parameters
        scale = positive(self.parameter) if learned else self.fixed
        missing = raw.dim() - scale.dim()
        scale = scale.reshape(self.members, *(1,) * missing, *scale.shape[1:])
        return scale.repeat_interleave(len(raw) // self.members, 0)


TWINS: Mapping[type[nn.Module], type[Stacked]] = {
    nn.Linear: Linears,
    nn.LayerNorm: LayerNorms,
    nn.Embedding: Embeddings,
    Scale: Scales,
}


def stacked(members: Sequence[nn.Module]) -> nn.Module:
    """Return the twin of ``members``, which are alike in all but their parameters.

    Raises
    ------
    UnstackableError
        If one of the modules inside has parameters, and no twin is known.
    """
    first = members[0]
    if twin := TWINS.get(type(first)):
        return twin(members)
    if name := next((name for name, _ in first.named_parameters(recurse=False)), None):
        raise UnstackableError(f"{type(first).__name__}.{name} has no twin")
    # Not copied by its constructor, which would make new weights.
    made: nn.Module = object.__new__(type(first))
    vars(made).update(vars(first))
    vars(made)["_modules"] = {
        name: None if child is None else stacked([each.get_submodule(name) for each in members])
        for name, child in vars(first)["_modules"].items()
    }
    vars(made)["_buffers"] = {
        name: None if each is None else each.clone()
        for name, each in vars(first)["_buffers"].items()
    }
    return made


def member_of(twin: nn.Module, place: int, like: nn.Module) -> dict[str, Tensor]:
    """Return the state of one of the members of ``twin``, which is ``like`` it.

    What the twin knows nothing of is as it is in ``like``.
    """
    state = {**like.state_dict(), **twin.state_dict()}
    return {
        name: (state[name] if state[name].shape == own.shape else state[name][place]).clone()
        for name, own in like.state_dict().items()
    }
