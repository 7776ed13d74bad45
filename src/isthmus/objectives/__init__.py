"""Objectives: the terms that are minimised, and their sum."""

from isthmus.objectives.adversarial import Adversarial
from isthmus.objectives.base import Nats, Objective, Term
from isthmus.objectives.bound import ImportanceWeighted
from isthmus.objectives.commitment import Commitment
from isthmus.objectives.jacobian import Jacobian
from isthmus.objectives.kl import KL
from isthmus.objectives.l1 import L1
from isthmus.objectives.mmd import MMD
from isthmus.objectives.nll import NLL
from isthmus.objectives.revive import Revive
from isthmus.objectives.schedules import Cyclic, Schedule, WarmUp
from isthmus.objectives.sparsity_target import SparsityTarget
from isthmus.objectives.sure import SURE
from isthmus.objectives.total_correlation import TotalCorrelation

__all__ = [
    "KL",
    "L1",
    "MMD",
    "NLL",
    "SURE",
    "Adversarial",
    "Commitment",
    "Cyclic",
    "ImportanceWeighted",
    "Jacobian",
    "Nats",
    "Objective",
    "Revive",
    "Schedule",
    "SparsityTarget",
    "Term",
    "TotalCorrelation",
    "WarmUp",
]
