"""Pooling: one answer from those that several completed tables gave."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from isthmus.errors import DataError


@dataclass(frozen=True)
class Pooled:
    """An estimate, and how sure it is, from ``m`` completed tables.

    Attributes
    ----------
    estimate
        The mean of the estimates, ``(*shape)``.
    variance
        Its total variance ``T``: within tables and between them.
    degrees_of_freedom
        Of the Student distribution that ``(estimate - truth) / sqrt(T)`` follows, about.
    share_missing
        The share of the variance that is due to what is missing, ``(1 + 1 / m) B / T``.
    """

    estimate: np.ndarray
    variance: np.ndarray
    degrees_of_freedom: np.ndarray
    share_missing: np.ndarray

    def interval(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the interval that covers the truth so often.

        Examples
        --------
        >>> low, high = pool([1.0, 2.0, 3.0], [0.5, 0.5, 0.5]).interval()
        >>> round(float(low), 2), round(float(high), 2)
        (-1.85, 5.85)
        """
        if not 0 < confidence < 1:
            raise DataError(f"confidence={confidence} was given; expected a share, such as 0.95.")
        reach = student.ppf((1 + confidence) / 2, self.degrees_of_freedom) * np.sqrt(self.variance)
        return np.asarray(self.estimate - reach), np.asarray(self.estimate + reach)


def pool(estimates: Any, variances: Any) -> Pooled:
    """Pool what was estimated on each of ``m`` completed tables, by Rubin's rules.

    With estimates ``Q_i`` and their variances ``U_i``, squared standard errors::

        Q = mean(Q_i),   W = mean(U_i),   B = sum((Q_i - Q)^2) / (m - 1)
        T = W + (1 + 1 / m) B
        df = (m - 1) (1 + W / ((1 + 1 / m) B))^2

    (Rubin, 1987, "Multiple Imputation for Nonresponse in Surveys", section 3.3). One completed
    table alone would pass what was filled in for what was seen: ``B`` is what it leaves out.

    Parameters
    ----------
    estimates, variances
        ``(m, *shape)``, of each table: a mean and its squared standard error, the coefficients
        of a regression and theirs.

    Raises
    ------
    DataError
        If they differ in shape, are fewer than two, or a variance is negative.

    Examples
    --------
    >>> pooled = pool([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
    >>> float(pooled.estimate), round(float(pooled.variance), 3)
    (2.0, 1.833)
    """
    values, within = np.asarray(estimates, np.float64), np.asarray(variances, np.float64)
    if values.shape != within.shape or values.ndim < 1 or len(values) < 2:
        raise DataError(
            f"Estimates of shape {values.shape} and variances of shape {within.shape} were given; "
            "expected an estimate and its variance for each of two completed tables or more: "
            "Imputer.sample(X, 5) returns five."
        )
    if not (np.isfinite(values).all() and np.isfinite(within).all() and (within >= 0).all()):
        raise DataError(
            "An estimate or a variance is no finite number, or a variance is negative; expected "
            "squared standard errors."
        )
    m = len(values)
    w = within.mean(0)
    b = (1 + 1 / m) * values.var(0, ddof=1)
    total = w + b
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, b / total, 0.0)
        degrees = (m - 1) / np.square(share)  # (1 + W / b)^2 is 1 / share^2
    return Pooled(*(np.asarray(each) for each in (values.mean(0), total, degrees, share)))
