"""Objectives: the terms that are minimised, and their sum."""

from isthmus.objectives.base import Nats, Objective, Term
from isthmus.objectives.bound import ImportanceWeighted
from isthmus.objectives.commitment import Commitment
from isthmus.objectives.kl import KL
from isthmus.objectives.nll import NLL
from isthmus.objectives.schedules import Schedule, WarmUp

__all__ = [
    "KL",
    "NLL",
    "Commitment",
    "ImportanceWeighted",
    "Nats",
    "Objective",
    "Schedule",
    "Term",
    "WarmUp",
]
