"""The stacked autoencoder: deep, trained a layer at a time before the whole."""

from dataclasses import dataclass
from functools import partial

from isthmus import pretraining
from isthmus.backbones import Dense
from isthmus.errors import CompositionError
from isthmus.estimator import BaseAutoencoder, State
from isthmus.latents import Point
from isthmus.objectives import NLL
from isthmus.progress import bar
from isthmus.ranges import whole
from isthmus.recipe import Recipe
from isthmus.run import History
from isthmus.space import Batch


@dataclass(kw_only=True, eq=False, repr=False)
class StackedAutoencoder(BaseAutoencoder):
    """A deep autoencoder whose layers are first trained one at a time, then all together.

    Minimises ``E_x [-log p(x | z)]``, ``z = f_n(… f_1(x))``, from weights that layer-wise
    pre-training found: layer i of the encoder and its mirror image in the decoder first make
    a shallow autoencoder of what layer i - 1 makes of the rows (Hinton and Salakhutdinov, 2006,
    "Reducing the dimensionality of data with neural networks"; Bengio et al., 2007, "Greedy
    layer-wise training of deep networks"). With a ``corruption`` each layer learns to undo it:
    a stacked denoising autoencoder (Vincent et al., 2010).

    Parameters
    ----------
    latent_dim
        The code size, ``d``.
    pretraining_epochs
        Passes over the rows for each layer, before the ``epochs`` of the whole. `partial_fit`
        alone does none.

    Attributes
    ----------
    pretraining_ : list of History
        The training of each layer, from the lowest.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from isthmus import Dense
    >>> X = load_digits().data
    >>> model = StackedAutoencoder(
    ...     latent_dim=8, backbone=Dense((64, 32)), pretraining_epochs=1, epochs=2, random_state=0
    ... ).fit(X)
    >>> len(model.pretraining_), len(model.history_.rows)
    (3, 2)
    """

    latent_dim: int = 30
    pretraining_epochs: int = 10

    def recipe(self) -> Recipe:
        """Return ``NLL()`` over a point, between dense layers."""
        if self.backbone is not None and not isinstance(self.backbone, Dense):
            raise CompositionError(
                f"backbone={self.backbone!r} was given to StackedAutoencoder, which trains dense "
                "layers one at a time: give it Dense((256, 128)), or use Autoencoder."
            )
        epochs = self.pretraining_epochs
        whole("pretraining_epochs", epochs, 0, example="StackedAutoencoder(pretraining_epochs=10)")
        return Recipe(latent=Point(self.latent_dim), objective=NLL())

    @property
    def pretraining_(self) -> list[History]:
        """The training of each layer, from the lowest."""
        self._fitted()
        return self.history_.before

    def _prepared(self, state: State, learnt: Batch) -> State:
        if not self.pretraining_epochs:
            return state
        device = next(state.codec.parameters()).device
        plan = self._plan(state, epochs=self.pretraining_epochs)
        watched = partial(bar, self.verbose)
        before = pretraining.layer_wise(state.codec, learnt.to(device), plan, watched)
        return state._replace(history=History(before=before))
