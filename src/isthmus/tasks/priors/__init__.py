"""Priors: densities fitted to the codes of a trained model."""

from isthmus.tasks.priors.autoregressive import Autoregressive
from isthmus.tasks.priors.base import Prior
from isthmus.tasks.priors.discrete import Discrete
from isthmus.tasks.priors.mixture import Mixture
from isthmus.tasks.priors.standard import Standard

__all__ = ["Autoregressive", "Discrete", "Mixture", "Prior", "Standard"]
