"""Team: processes that train one model together, each on its share of every batch.

The engine is PyTorch's own, ``torch.distributed``: gloo on CPUs, nccl on GPUs. All begin with the
same weights, see their part of a batch, add up their gradients, and take the same step, so that the
result is that of one process with the whole batch, up to rounding. That holds for draws
too: each process makes those of the whole batch, and keeps its own rows of them.
"""

import atexit
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.overrides import TorchFunctionMode

from isthmus.space import Batch


@dataclass(frozen=True)
class Team:
    """The processes of a training, as one of them sees it.

    Parameters
    ----------
    rank
        Which it is, from 0.
    size
        How many there are.

    Examples
    --------
    Alone, a process has the whole of each batch:

    >>> import torch
    >>> from isthmus.space import Batch
    >>> Team().rows(10), Team(rank=1, size=4).rows(10)
    (slice(0, 10, None), slice(3, 6, None))
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and speaks for all."""
        return self.rank == 0

    def rows(self, rows: int) -> slice:
        """Return which of a batch's rows are this process's."""
        each, rest = divmod(rows, self.size)
        first = self.rank * each + min(self.rank, rest)
        return slice(first, first + each + (self.rank < rest))

    def drawing(self, rows: int) -> AbstractContextManager[object]:
        """Return a context in which draws for this process's rows are those of all ``rows``."""
        return nullcontext() if self.size == 1 else _Draws(rows, self.rows(rows))

    def part(self, batch: Batch) -> Batch:
        """Return this process's rows; where there are none, the first, which weighs nothing."""
        if self.size == 1:
            return batch
        mine = self.rows(len(batch))
        return batch[mine if mine.start < mine.stop else slice(0, 1)]

    def weighed(self, value: Tensor, rows: int) -> Tensor:
        """Return this process's part of a mean over all ``rows`` of a batch."""
        mine = self.rows(rows)
        return value if self.size == 1 else value * ((mine.stop - mine.start) / rows)

    def mean(self, figures: Tensor, rows: int) -> None:
        """Replace means over this process's rows by those over all ``rows``, in place."""
        if self.size > 1:
            figures.copy_(self.weighed(figures, rows))
            distributed.all_reduce(figures)

    def add_gradients(self, modules: Iterable[nn.Module]) -> None:
        """Replace each gradient by the sum over all processes."""
        if self.size == 1:
            return
        parameters = (each for module in modules for each in module.parameters())
        grads = [each.grad for each in parameters if each.grad is not None]
        whole = torch.cat([each.flatten() for each in grads])
        distributed.all_reduce(whole)
        for grad, part in zip(grads, whole.split([each.numel() for each in grads]), strict=True):
            grad.copy_(part.view_as(grad))

    def agree(self, *modules: nn.Module) -> None:
        """Give every process the leader's parameters and buffers."""
        if self.size > 1:
            for module in modules:
                for each in module.state_dict().values():
                    distributed.broadcast(each, src=0)

    def told(self, value: Any) -> Any:
        """Return the leader's value: plain data, such as a seed."""
        box = [value]
        if self.size > 1:
            distributed.broadcast_object_list(box, src=0)
        return box[0]


def team() -> Team:
    """Return the processes that train with this one; alone, a team of one.

    They are those of torch's process group, where there is one, as in a worker of Ray Train;
    else those that ``torchrun`` started, which the first call joins: what they meet on is told
    in the environment.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if not distributed.is_available() or not (size > 1 or distributed.is_initialized()):
        return Team()
    if not distributed.is_initialized():
        _join()
    return Team(distributed.get_rank(), distributed.get_world_size())


def _join() -> None:
    cuda = torch.cuda.is_available()
    if cuda:  # each process of a host has a GPU of its own
        place = int(os.environ.get("LOCAL_RANK", "0"))
        torch.cuda.set_device(place % torch.cuda.device_count())
    # gloo beside nccl, for a model on the CPU of a host that has GPUs.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
    atexit.register(_leave)


def _leave() -> None:
    """Leave the group: threads of it that outlive the interpreter abort a process that succeeded.

    One that failed does not: under nccl it would wait for work that the others never take part in,
    and torchrun would not hear of its end.
    """
    if distributed.is_initialized() and not hasattr(sys, "last_value"):
        distributed.destroy_process_group()


ALONE = Team()


class _Draws(TorchFunctionMode):
    """Make every draw for the rows of a whole batch, and keep those of one's own.

    The rows are taken to lie along the first axis, several draws of each under one another or
    not, or else along the first that is as long as this process's share.
    """

    def __init__(self, rows: int, mine: slice) -> None:
        super().__init__()
        self.rows, self.mine = rows, mine
        self.own = max(1, mine.stop - mine.start)

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        draw = DRAWS.get(func)
        return func(*args, **kwargs) if draw is None else draw(self, func, args, kwargs)

    def of_all(self, like: Tensor, drawn: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what ``drawn`` makes of an empty tensor like ``like``, but of all the rows."""
        shape, own = list(like.shape), self.own
        if not shape or (shape[0] % own and own not in shape):
            return drawn(like.new_empty(shape))
        # Several draws for each row may stand under one another, the rows running faster.
        axis = shape.index(own) if shape[0] % own else 0
        each = [*shape[:axis], shape[axis] // own, self.rows, *shape[axis + 1 :]]
        whole = drawn(like.new_empty(each).flatten(axis, axis + 1)).view(each)
        first = min(self.mine.start, self.rows - own)
        return whole.narrow(axis + 1, first, own).reshape(shape)


def _in_place(mode: _Draws, func: Any, args: Sequence[Any], kwargs: Any) -> Tensor:
    tensor, *rest = args
    return tensor.copy_(mode.of_all(tensor, lambda whole: func(whole, *rest, **kwargs)))


def _alike(mode: _Draws, func: Any, args: Sequence[Any], kwargs: Any) -> Tensor:
    tensor, *rest = args
    return mode.of_all(tensor, lambda whole: func(whole, *rest, **kwargs))


def _shaped(mode: _Draws, func: Any, args: Sequence[Any], kwargs: Any) -> Tensor:
    """Draw by a shape: ``rand(2, 3)``, ``rand((2, 3))``, ``randint(5, (2, 3))``."""
    bounds = [each for each in args if not _shapely(func, each)]
    sizes = [each for each in args if _shapely(func, each)]
    shape = sizes[0] if sizes and not isinstance(sizes[0], int) else sizes
    like = torch.empty(shape, device=kwargs.get("device"))
    return mode.of_all(like, lambda whole: func(*bounds, whole.shape, **kwargs))


def _shapely(func: Any, argument: Any) -> bool:
    return func is not torch.randint or not isinstance(argument, int)


def _dropped(mode: _Draws, func: Any, args: Sequence[Any], kwargs: Any) -> Tensor:
    given = inspect.signature(func).bind(*args, **kwargs)
    given.apply_defaults()
    x, p, training = (given.arguments[name] for name in ("input", "p", "training"))
    if not training or not p:
        return x
    kept = mode.of_all(x, lambda whole: whole.bernoulli_(1 - p))
    return x * kept.div(1 - p)


DRAWS: dict[Any, Callable[[_Draws, Any, Sequence[Any], Any], Tensor]] = {
    torch.randn_like: _alike,
    torch.rand_like: _alike,
    torch.rand: _shaped,
    torch.randn: _shaped,
    torch.randint: _shaped,
    Tensor.normal_: _in_place,
    Tensor.uniform_: _in_place,
    Tensor.bernoulli_: _in_place,
    torch.nn.functional.dropout: _dropped,
}
"""What draws by rows in training, and how it is made to draw for all of them."""
