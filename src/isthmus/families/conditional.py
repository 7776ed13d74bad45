"""The conditional variational autoencoder."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from isthmus import inference
from isthmus.families.vae import VAE
from isthmus.ranges import number
from isthmus.recipe import Recipe


@dataclass(kw_only=True, eq=False, repr=False)
class ConditionalVAE(VAE):
    """The variational autoencoder of rows that come with a condition y: ``p(x | y)``.

    Minimises ``E_x E_{z ~ q(z|x,y)} [-log p(x | z, y)] + beta KL(q(z | x, y) || p(z))`` (Sohn,
    Lee and Yan, 2015, "Learning structured output representation using deep conditional
    generative models"). The code need not say what y says already: it is left with the style.

    y is one column, or a table of several, of labels or of numbers; NaN is unknown. A share of
    the conditions is hidden during training, so that the model can do without: where a method
    is given no ``y``, it counts as unknown. So it does in the codes that ``fit_transform(X, y)``
    returns: they are those of ``transform(X)``, which is all that a pipeline has for new rows.
    For codes under the conditions, call ``fit(X, y)``, then ``transform(X, y)``.

    Parameters
    ----------
    latent_dim, beta, warm_up, samples
        As in `VAE`.
    forgetting
        The share of rows whose condition is hidden at each step, from 0 to 1.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ConditionalVAE(latent_dim=4, epochs=2, random_state=0).fit(X, y)
    >>> model.sample(3, y=7).shape
    (3, 64)
    >>> model.change(X[:5], y[:5], to=3).shape
    (5, 64)
    """

    conditional: ClassVar[bool] = True

    forgetting: float = 0.1

    def recipe(self) -> Recipe:
        """Return the VAE's equation, with conditions that are sometimes unknown."""
        share = number("forgetting", self.forgetting, 0, 1, example="forgetting=0.1")
        return replace(super().recipe(), forgetting=share)

    def change(self, X: Any, y: Any = None, *, to: Any) -> Any:
        """Return the rows as they would be under the condition ``to``, their style kept.

        The code of each row, given its own condition ``y``, is decoded under ``to``.

        Parameters
        ----------
        X, y
            Rows, and their conditions; None: unknown.
        to
            The new condition: one for all rows, or one for each.

        Raises
        ------
        DataError
            If a condition holds a label that was not there in `fit`.
        """
        codec, adapter = self._fitted()
        codes = self._over(X, lambda batch: inference.codes(codec, batch).flatten(1), y)
        return adapter.inverse_transform(self._decoded(codes, to), like=X)
