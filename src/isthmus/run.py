"""Run: a training under way, with its plan and its history."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil, inf
from typing import Any, Literal

import torch
from torch import Tensor

from isthmus.codec import Codec
from isthmus.objectives import Objective
from isthmus.optimiser import Adam, Group

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long to train, and how fast.

    Attributes
    ----------
    epochs
        Passes over the rows.
    batch_size
        Rows a step.
    learning_rate
        Adam's, at the start; it falls to zero along half a cosine wave if `decay`.
    patience
        Epochs without a better validation loss before training stops; None: never.
    precision
        ``"bfloat16"`` computes the networks in half the bits.
    seed
        Of the shuffling and of every draw.
    decay
        Whether the learning rate falls, and schedules run. A single pass over more rows has
        neither: it keeps the rate, and the weights that schedules end with.
    compiled
        Whether the forward pass is compiled first: see `Compiled`.
    """

    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 1e-3
    patience: int | None = None
    precision: Precision = "float32"
    seed: int = 0
    decay: bool = True
    compiled: bool = False


@dataclass
class History:
    """What every term came to, epoch by epoch, in nats per example.

    Attributes
    ----------
    rows
        For each epoch: ``epoch``, ``seconds`` since the start, ``learning_rate``,
        ``loss``, each term by name, all of them again as ``validation_…``, and what the
        latent has to tell, such as its dead codes.
    best
        The epoch whose weights were kept.
    before
        The trainings that went before this one, such as that of each layer alone.

    Examples
    --------
    >>> History([{"epoch": 1, "loss": 2.5}], best=1).column("loss")
    [2.5]
    """

    rows: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    best: int = 0
    before: list["History"] = field(default_factory=list["History"])

    def column(self, name: str) -> list[float]:
        """Return one figure along the epochs."""
        return [row[name] for row in self.rows if name in row]


@dataclass
class Run:
    """A training under way: everything that changes, so that it can be put to disk.

    Attributes
    ----------
    codec, objective, optimiser
        What is trained, and by what.
    plan
        How.
    rows
        How many rows there are to learn from.
    history
        The finished epochs.
    epoch, step
        Where it is: finished epochs, and finished steps of the next.
    ledger
        ``(steps, terms + 1)``: each step's total and terms, on the device.
    """

    codec: Codec
    objective: Objective
    optimiser: Adam
    plan: Plan
    rows: int
    ledger: Tensor
    history: History = field(default_factory=History)
    epoch: int = 0
    step: int = 0
    lowest: float = inf
    kept: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    seconds: float = 0.0

    @property
    def steps(self) -> int:
        """How many steps an epoch takes."""
        return len(self.ledger)

    @property
    def sizes(self) -> Tensor:
        """How many rows each step of an epoch takes: the last one has what is left."""
        sizes = torch.full((self.steps,), float(self.plan.batch_size), device=self.ledger.device)
        sizes[-1] = min(self.rows - self.plan.batch_size * (self.steps - 1), self.plan.batch_size)
        return sizes

    @property
    def progress(self) -> float:
        """The share of the plan that is done, from 0 to 1."""
        return (self.epoch + self.step / self.steps) / self.plan.epochs

    @property
    def names(self) -> list[str]:
        """The objective's terms."""
        return list(self.objective.weights)

    @property
    def done(self) -> bool:
        """Whether the plan is through, or its patience."""
        waited = self.epoch - self.history.best
        out_of_patience = self.plan.patience is not None and waited >= self.plan.patience
        return self.epoch >= self.plan.epochs or (bool(self.kept) and out_of_patience)

    def keep(self) -> None:
        """Keep the weights after an epoch, if its figures are the best until now."""
        loss = self.history.rows[-1].get("validation_loss")
        if loss is None:
            self.history.best = self.epoch
        elif loss < self.lowest:
            self.lowest, self.history.best = loss, self.epoch
            self.kept = {name: tensor.clone() for name, tensor in self.codec.state_dict().items()}

    def put(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the run as tensors and plain data, to be written down."""
        tensors = {f"codec.{name}": tensor for name, tensor in self.codec.state_dict().items()}
        tensors |= {f"objective.{key}": value for key, value in self.objective.state_dict().items()}
        tensors |= {f"kept.{name}": tensor for name, tensor in self.kept.items()}
        tensors |= {f"optimiser.{key}": value for key, value in self.optimiser.tensors().items()}
        tensors |= {"ledger": self.ledger, "random": torch.get_rng_state()}
        if self.ledger.is_cuda:
            tensors["random_cuda"] = torch.cuda.get_rng_state(self.ledger.device)
        state = {
            "epoch": self.epoch,
            "step": self.step,
            "lowest": self.lowest,
            "rate": self.optimiser.rate,
            "seconds": self.seconds,
            "rows": self.history.rows,
            "best": self.history.best,
            "before": [asdict(each) for each in self.history.before],
        }
        return tensors, state

    def restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Bring the run to where `put` found it."""
        device = self.ledger.device
        self.codec.load_state_dict(under("codec", tensors))
        self.objective.load_state_dict(under("objective", tensors))
        self.kept = {name: each.to(device) for name, each in under("kept", tensors).items()}
        self.optimiser.restore(under("optimiser", tensors))
        self.optimiser.rate = state["rate"]
        self.ledger.copy_(tensors["ledger"])
        torch.set_rng_state(tensors["random"])
        if "random_cuda" in tensors and device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random_cuda"], device)
        self.epoch, self.step = state["epoch"], state["step"]
        self.lowest, self.seconds = state["lowest"], state["seconds"]
        before = [History(**each) for each in state.get("before", [])]
        self.history = History(state["rows"], state["best"], before)


def start(
    codec: Codec,
    objective: Objective,
    plan: Plan,
    rows: int,
    optimiser: Adam | None = None,
) -> Run:
    """Return a run at its beginning, over ``rows`` rows; ``optimiser`` is Adam, or goes on."""
    parameters = list(codec.parameters())
    groups = [
        Group(owned, term.speed, (term.momentum, 0.999)) for term, owned in objective.groups()
    ]
    optimiser = optimiser or Adam(parameters, groups=groups)
    optimiser.rate = plan.learning_rate
    steps = _steps(rows, plan.batch_size)
    ledger = torch.zeros(steps, len(objective.weights) + 1, device=parameters[0].device)
    return Run(codec, objective, optimiser, plan, rows, ledger)


def _steps(rows: int, batch_size: int) -> int:
    # A last batch of a single row has no spread for batch normalisation: leave it out.
    full, rest = divmod(rows, batch_size)
    return full if full and rest <= 1 else ceil(rows / batch_size)


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with ``prefix`` and a dot, without them."""
    return {
        name.removeprefix(f"{prefix}."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{prefix}.")
    }
