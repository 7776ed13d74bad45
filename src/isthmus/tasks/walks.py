"""Walks: ways through the codes of a generator, decoded."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder
from isthmus.inference import codes
from isthmus.randomness import seeded
from isthmus.ranges import number, whole
from isthmus.tasks.priors import Prior

MEASURED = 4_096
"""From how many draws the middle of the codes is measured."""


class Walks:
    """What a `Generator` makes of codes that are chosen rather than drawn.

    Rows that are walked through have no noise: each is the point that stands for ``p(x | z)``.
    """

    model_: BaseAutoencoder
    prior_: Prior
    seed_: int

    def interpolate(self, a: Any, b: Any, steps: int = 10, path: str = "sphere") -> Any:
        """Return ``steps`` rows on the way from row ``a`` to row ``b``, both ends included.

        ``"line"``: ``(1 - t) z_a + t z_b``. ``"sphere"``: along the great circle round the middle
        of the codes, ``[sin((1 - t) w) z_a + sin(t w) z_b] / sin w`` with ``w`` the angle between
        them (Shoemake, 1985; White, 2016, arXiv:1609.04468): where codes are many, they lie near
        a sphere, and a straight line leaves it. Codes are measured in their own spread.

        Raises
        ------
        DataError, CompositionError
            If the rows, the steps or the path won't do.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from isthmus import VAE, Generator
        >>> X = load_digits().images
        >>> model = VAE(latent_dim=4, epochs=2, random_state=0)
        >>> generator = Generator(model, prior="mixture", random_state=0).fit(X)
        >>> generator.interpolate(X[0], X[1], steps=5).shape
        (5, 8, 8)
        """
        whole("steps", steps, 2, example="interpolate(a, b, steps=10)")
        if path not in PATHS:
            raise CompositionError(f"path={path!r} was given; expected one of {', '.join(PATHS)}.")
        middle, spread = self._middle(), self.model_.spread_
        here, there = ((self._code(row) - middle) / spread for row in (a, b))
        t = torch.linspace(0, 1, steps)[:, None]
        return self._decoded(middle + spread * PATHS[path](here, there, t))

    def arithmetic(self, row: Any, plus: Any, minus: Any) -> Any:
        """Return ``row`` with what ``plus`` has and ``minus`` lacks, as data of length one.

        ``z = z_row + mean z_plus - mean z_minus``, each over all rows given (White, 2016).

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from isthmus import VAE, Generator
        >>> X, y = load_digits().images, load_digits().target
        >>> model = VAE(latent_dim=4, epochs=2, random_state=0)
        >>> generator = Generator(model, prior="mixture", random_state=0).fit(X)
        >>> generator.arithmetic(X[0], plus=X[y == 8], minus=X[y == 3]).shape
        (1, 8, 8)
        """
        return self._decoded(self._code(row) + self._mean_code(plus) - self._mean_code(minus))

    def traverse(
        self,
        row: Any = None,
        codes: Sequence[int] | None = None,
        steps: int = 7,
        spread: float = 2.0,
    ) -> list[Any]:
        """Return, for each number of the code, rows that differ in it alone.

        Parameters
        ----------
        row
            Where to start; None: the middle of all codes.
        codes
            Which numbers of the code; None: all, those first along which codes spread most.
        steps
            How many rows for each, from ``-spread`` to ``spread``.
        spread
            How far, in standard deviations of the training data's codes.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from isthmus import VAE, Generator
        >>> X = load_digits().images
        >>> model = VAE(latent_dim=4, epochs=2, random_state=0)
        >>> generator = Generator(model, prior="mixture", random_state=0).fit(X)
        >>> len(generator.traverse()), generator.traverse(X[0], codes=[2], steps=5)[0].shape
        (4, (5, 8, 8))
        """
        whole("steps", steps, 2, example="traverse(steps=7)")
        number("spread", spread, 0, without=(0,), example="traverse(spread=2.0)")
        start = (self._middle() if row is None else self._code(row)).flatten()
        spreads, size = self.model_.spread_, self.model_.latent_size_
        order = spreads.argsort(descending=True).tolist() if codes is None else list(codes)
        for each in order:
            whole("codes", each, 0, size - 1, example="traverse(codes=[0, 1])")
        shares = torch.linspace(-spread, spread, steps)
        walks: list[Any] = []
        for each in order:
            z = start.repeat(steps, 1)
            z[:, each] = start[each] + shares * spreads[each]
            walks.append(self._decoded(z))
        return walks

    def _middle(self) -> Tensor:
        """Return the mean code, ``(1, d)``."""
        with seeded(self.seed_):
            return self.prior_.sample(MEASURED).mean(0, keepdim=True)

    def _code(self, row: Any) -> Tensor:
        return self.model_._code_of(row)  # pyright: ignore[reportPrivateUsage]

    def _mean_code(self, X: Any) -> Tensor:
        model = self.model_
        found = model._over(X, lambda batch: codes(model.codec_, batch).flatten(1))  # pyright: ignore[reportPrivateUsage]
        return found.mean(0, keepdim=True)

    def _decoded(self, z: Tensor) -> Any:
        model = self.model_
        return model.adapter_.inverse_transform(model._decoded(z))  # pyright: ignore[reportPrivateUsage]


def _line(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    return (1 - t) * a + t * b


def _sphere(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Turn from a to b, its length changing evenly; nearly parallel ones are joined by a line."""
    long_a, long_b = a.norm(), b.norm()
    cosine = ((a / long_a) @ (b / long_b).T).clamp(-1, 1)
    angle = cosine.acos()
    if not 1e-3 < float(angle) < 3.14:  # there is no one way round, or hardly any way at all
        return _line(a, b, t)
    turned = (((1 - t) * angle).sin() * a / long_a + (t * angle).sin() * b / long_b) / angle.sin()
    return turned * ((1 - t) * long_a + t * long_b)


PATHS = {"line": _line, "sphere": _sphere}
