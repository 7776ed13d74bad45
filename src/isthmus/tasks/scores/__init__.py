"""Scores: opinions on how strange a row is, one per file."""

from isthmus.tasks.scores.base import Score
from isthmus.tasks.scores.loss import Loss
from isthmus.tasks.scores.neighbours import Neighbours
from isthmus.tasks.scores.residual import Residual
from isthmus.tasks.scores.tails import Tails

__all__ = ["Loss", "Neighbours", "Residual", "Score", "Tails"]
