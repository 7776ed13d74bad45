"""Members: many models of one shape, as the loop sees one.

Their codecs, objectives, learning rates and best epochs are each member's own, and the loop that
trains one model trains them all.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from math import inf
from typing import Any

import torch
from torch import Tensor, nn

from isthmus import inference
from isthmus.codec import Codec, Trace
from isthmus.corruptions import Corruption
from isthmus.latents import Gaussian, Point
from isthmus.objectives import Nats, Objective
from isthmus.objectives.schedules import Schedule
from isthmus.optimiser import EPS, Adam, Group, Moved
from isthmus.run import History, Run
from isthmus.space import Batch, joined
from isthmus.stacking import Stacked, UnstackableError, stacked


class Members(Codec):
    """Many codecs as one: every row goes to each of them.

    Parameters
    ----------
    codecs
        Alike in all but their weights, and in what they do to the rows that the encoder sees.

    Raises
    ------
    UnstackableError
        If they have parts whose products can't be taken in one.
    """

    def __init__(self, codecs: Sequence[Codec]) -> None:
        nn.Module.__init__(self)
        if not isinstance(codecs[0].latent, Point | Gaussian):
            raise UnstackableError(f"{codecs[0].latent!r} looks at all rows of a batch together")
        vars(self).update(vars(stacked([_undamaging(each) for each in codecs])))
        self.many = len(codecs)
        damages = [each.corruption for each in codecs]
        self._damages: list[tuple[slice, Corruption | None]] = [
            (span, damages[span.start]) for span in spans([repr(each) for each in damages])
        ]

    def forward(self, batch: Batch, **how: Any) -> Trace:
        """Return the trace of all rows through the first, then through the second, and so on."""
        return super().forward(batch.repeat(self.many), **how)

    def _corrupted(self, batch: Batch) -> Batch:
        each, parts = len(batch) // self.many, list[Batch]()
        for span, damage in self._damages:
            rows = batch[slice(each * span.start, each * span.stop)]
            parts.append(rows if damage is None else damage.seen(rows))
        return joined(parts)

    @cached_property
    def own(self) -> set[str]:
        """The names of what each member has of its own: parameters, and their buffers."""
        return {
            f"{name}.{tensor}"
            for name, module in self.named_modules()
            if isinstance(module, Stacked)
            for tensor in module.state_dict()
        }

    def spread(self, data: Batch) -> Tensor:
        """Return how far each member's codes of ``data`` spread, ``(M, d)``."""

        def codes(_: Codec, batch: Batch) -> Tensor:
            z = inference.codes(self, batch.repeat(self.many))
            return z.unflatten(0, (self.many, -1)).transpose(0, 1)

        return inference.spread(self, data, codes).unflatten(0, (self.many, -1))


class Objectives(Objective):
    """Many objectives as one: each weighs the terms of its own member's rows.

    Parameters
    ----------
    each
        Of terms that are alike, have a value for each row, and own no parameters.
    """

    def __init__(self, each: Sequence[Objective]) -> None:
        nn.Module.__init__(self)
        self.terms, self.each = each[0].terms, list(each)
        figures = ["loss", *each[0].weights]
        places = range(1, len(each) + 1)
        self.weights = {f"{name} of model {place}": 1.0 for name in figures for place in places}
        self._moving = any(isinstance(w, Schedule) for one in each for w in one.weights.values())
        self._now: Tensor | None = None

    def weighed(self, values: Sequence[Tensor], progress: float) -> Nats:
        """Return every member's loss, and its terms."""
        each = torch.stack(list(values)).unflatten(1, (len(self.each), -1)).mean(2)
        return Apart({}, {}, (self._weighing(progress, each) * each).sum(0), each)

    def _weighing(self, progress: float, like: Tensor) -> Tensor:
        """Return the weight of each member's terms, ``(T, M)``."""
        if self._now is None or self._moving:
            weights = [list(each.at(progress).values()) for each in self.each]
            self._now = like.new_tensor(weights).T
        return self._now


@dataclass(frozen=True)
class Apart(Nats):
    """The values of many objectives: each member's loss, ``(M,)``, and terms, ``(T, M)``."""

    losses: Tensor
    values: Tensor

    @cached_property
    def total(self) -> Tensor:
        """The mean over members: its gradient is each member's own, divided by their number."""
        return self.losses.mean()

    @property
    def figures(self) -> Tensor:
        """The total, then what each member came to, in the order of the objective's `weights`."""
        own = self.losses[None], self.values
        return torch.cat([self.total[None], torch.cat(own).flatten()]).detach()


class Adams(Adam):
    """Adam for tensors with an axis of members in front, each of which learns at its own speed.

    Parameters
    ----------
    parameters
        What is moved.
    speeds
        Of each member, in learning rates.
    """

    def __init__(self, parameters: Sequence[Tensor], speeds: Sequence[float]) -> None:
        # Gradients are shares of each member's own: so, then, is what guards the division.
        super().__init__(parameters, eps=EPS / len(speeds))
        self.spans = [(span, speeds[span.start]) for span in spans(speeds)]

    def _fused(self, moved: Moved, group: Group) -> None:
        alike = len(self.spans) == 1
        for span, speed in self.spans:
            some = moved if alike else Moved(*([each[span] for each in kind] for kind in moved))
            super()._fused(some, Group((), speed, group.betas))


@dataclass
class Runs(Run):
    """A training of many members: each has its own best epoch, and its own patience.

    Attributes
    ----------
    speeds
        Of each member, in learning rates.
    histories
        Of each member; one whose patience ran out has no more rows.
    """

    speeds: list[float] = field(default_factory=list[float])
    histories: list[History] = field(default_factory=list[History])
    lows: list[float] = field(default_factory=list[float])

    @property
    def done(self) -> bool:
        """Whether the plan is through, or the patience of every member."""
        return self.epoch >= self.plan.epochs or not any(map(self._goes_on, self.histories))

    def keep(self) -> None:
        """Give each member its figures of the epoch, and keep what is better than before."""
        better: list[int] = []
        for place, history in enumerate(self.histories):
            if not self._goes_on(history):
                continue
            history.rows.append(self._row(place))
            loss = history.rows[-1].get("validation_loss")
            if loss is None:
                history.best = self.epoch
            elif loss < self.lows[place]:
                self.lows[place], history.best = loss, self.epoch
                better.append(place)
        if better:
            self.lowest = min(self.lows)
            self._keep(better)

    def _goes_on(self, history: History) -> bool:
        patience = self.plan.patience
        return patience is None or not history.best or len(history.rows) - history.best < patience

    def _row(self, place: int) -> dict[str, float]:
        """Return one member's figures of the last epoch, by the names that they have alone."""
        ending, row = f" of model {place + 1}", self.history.rows[-1]
        about = {name: row[name] for name in ("epoch", "seconds", "learning_rate")}
        about["learning_rate"] *= self.speeds[place]
        own = {key.removesuffix(ending): row[key] for key in row if key.endswith(ending)}
        return about | own

    def _keep(self, better: list[int]) -> None:
        state = self.codec.state_dict()
        if not self.kept:
            self.kept = {name: tensor.clone() for name, tensor in state.items()}
            return
        assert isinstance(self.codec, Members)
        for name, tensor in state.items():
            mine = better if name in self.codec.own else ...
            self.kept[name][mine] = tensor[mine]


def together(run: Run, speeds: Sequence[float]) -> Runs:
    """Return a run of members, from one that `start` made of their codec as one."""
    many = len(speeds)
    histories = [History() for _ in speeds]
    return Runs(**vars(run), speeds=list(speeds), histories=histories, lows=[inf] * many)


def _undamaging(codec: Codec) -> Codec:
    """Return the codec without its corruption."""
    made = copy(codec)
    vars(made)["_modules"] = {**vars(codec)["_modules"], "corruption": None}
    return made


def spans(values: Sequence[Any]) -> list[slice]:
    """Return the stretches of equal values.

    Examples
    --------
    >>> spans([1, 1, 3])
    [slice(0, 2, None), slice(2, 3, None)]
    """
    found: list[slice] = []
    for _, equal in groupby(values):
        first = found[-1].stop if found else 0
        found.append(slice(first, first + len(list(equal))))
    return found
