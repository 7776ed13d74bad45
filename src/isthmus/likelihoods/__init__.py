"""Likelihoods: numbers from the decoder become a distribution over data."""

from isthmus.likelihoods.base import Likelihood
from isthmus.likelihoods.bernoulli import Bernoulli
from isthmus.likelihoods.categorical import Categorical
from isthmus.likelihoods.discretised_logistic import DiscretisedLogistic
from isthmus.likelihoods.laplace import Laplace
from isthmus.likelihoods.mixed import Mixed
from isthmus.likelihoods.normal import Normal

__all__ = [
    "Bernoulli",
    "Categorical",
    "DiscretisedLogistic",
    "Laplace",
    "Likelihood",
    "Mixed",
    "Normal",
]
