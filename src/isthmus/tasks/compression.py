"""Compressor: any trained VAE is a lossless codec."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from isthmus.errors import DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.likelihoods import Mixed
from isthmus.tasks.coding import frames, libraries
from isthmus.tasks.coding.arrays import Arrays
from isthmus.tasks.coding.chain import Spent, decode, encode
from isthmus.tasks.coding.container import Container, read, sound
from isthmus.tasks.coding.integers import Integers


class Bits(NamedTuple):
    """How large a code is, in bits for each number of the data.

    Attributes
    ----------
    net
        Of the rows themselves: what one more of them would cost.
    gross
        Of everything: the first row's codes, which nothing pays for, and the container.
    elbo
        What the model promises: its negative ELBO by one draw, at which ``net`` aims; NaN of a
        table, whose numbers have densities.
    """

    net: float
    gross: float
    elbo: float


class Compressor:
    """Compress what a model was fitted to, and get exactly that back.

    A row costs the negative ELBO of the model, ``E_q[log q(z | x) - log p(x | z) - log p(z)]``,
    by bits back with asymmetric numeral systems (Townsend, Bird and Barber, 2019,
    arXiv:1901.04866): the better the model, the smaller the code. Networks and distributions are
    worked out in integers, so that a code is read on any machine, with any number of threads, by
    whoever has the same model. The code knows its model, and refuses others.

    It takes models with a Gaussian latent, `Dense` or `Conv` layers, and a likelihood that gives
    probabilities: `Bernoulli`, `DiscretisedLogistic`, `Categorical`, or `Mixed` for tables, whose
    numbers are kept to the last bit. ``pip install 'isthmus[compress]'`` brings the entropy coder.

    Parameters
    ----------
    model
        A fitted model.
    batch_size
        How many rows go through the networks at once. The code doesn't depend on it.

    Attributes
    ----------
    model
        The model.

    Examples
    --------
    >>> import numpy as np
    >>> from isthmus import VAE, Dense
    >>> X = np.random.default_rng(0).random((500, 6, 6)) < 0.1
    >>> model = VAE(latent_dim=2, backbone=Dense((16,)), epochs=20, random_state=0).fit(X)
    >>> compressor = Compressor(model)
    >>> code = compressor.compress(X)
    >>> len(code) < X.size / 8
    True
    >>> bool((compressor.decompress(code) == X).all())
    True
    """

    def __init__(self, model: BaseAutoencoder, *, batch_size: int = 256) -> None:
        check_is_fitted(model, "codec_")
        self.model = model
        self.integers = Integers(model, batch_size)
        self._arrays = None if self._mixed else Arrays(model.codec_, model.adapter_)

    def compress(self, X: Any, *, exact: Any = None, note: Any = None) -> bytes:
        """Return the code of ``X``: rows of any number, of the kind that was fitted.

        Parameters
        ----------
        X
            The rows as the model takes them.
        exact
            Of a table the same rows as they are to come back, where that is not ``X`` itself: an
            Arrow table with columns of the same names, such as the texts that a file holds.
        note
            Plain data to keep in the code: `note` returns them.

        Raises
        ------
        DataError, SupportError
            If ``X`` is not like the data that were fitted, or holds values that the model's
            likelihood has no probability for.
        MissingExtraError
            If the entropy coder is not installed.
        """
        return self._coded(X, exact, note)[0]

    @staticmethod
    def note(code: bytes) -> Any:
        """Return the note that a code keeps, if any; a `DataError` where it is damaged."""
        return read(code).about.get("note")

    def decompress(self, code: bytes) -> Any:
        """Return what was compressed: the same kind of thing, to the last bit.

        Raises
        ------
        DataError
            If the code is damaged or cut short, or was made by another model.
        """
        container = read(code)
        if container.model != self.integers.key:
            raise DataError(
                f"The code was made by another model: its key is {container.model.hex()}, and "
                f"this model's is {self.integers.key.hex()}. Use the model that compressed it."
            )
        with sound():
            return self._made(container)

    def bits(self, X: Any) -> Bits:
        """Return how many bits each number of ``X`` takes.

        Examples
        --------
        >>> import numpy as np
        >>> from isthmus import VAE, Dense
        >>> X = np.random.default_rng(0).random((200, 6, 6)) < 0.1
        >>> model = VAE(latent_dim=2, backbone=Dense((16,)), epochs=5, random_state=0).fit(X)
        >>> bits = Compressor(model).bits(X)
        >>> bits.net < bits.gross
        True
        """
        code, spent = self._coded(X)
        size = len(self.model.adapter_.rows(X)) * self.model.codec_.space.size
        bits = np.nan
        if self._arrays is not None:
            bits = -self.model.log_likelihood(X, samples=1).sum() / np.log(2)
        return Bits(
            net=(spent.gross - spent.initial) / size,
            gross=8 * len(code) / size,
            elbo=float(bits / size),
        )

    @property
    def _mixed(self) -> bool:
        return isinstance(self.model.codec_.likelihood, Mixed)

    def _coded(self, X: Any, exact: Any = None, note: Any = None) -> tuple[bytes, Spent]:
        """Return the code, and how many bits its rows took."""
        kept = {} if note is None else {"note": note}
        about, blobs, spent = self._table(X, exact) if self._arrays is None else self._array(X)
        return Container(self.integers.key, about | kept, blobs).written(), spent

    def _array(self, X: Any) -> tuple[dict[str, Any], dict[str, bytes], Spent]:
        arrays = self._arrays
        assert arrays is not None
        symbols = arrays.symbols(X)
        about, blobs = arrays.told(X, symbols)
        stack, spent = encode(self.integers, arrays, symbols)
        return about | {"rows": len(symbols)}, blobs | {"code": stack.bytes()}, spent

    def _table(self, X: Any, exact: Any) -> tuple[dict[str, Any], dict[str, bytes], Spent]:
        table = exact
        if table is None:
            table = libraries.exact(X)
            libraries.check_same(X, libraries.native(table))
        adapter: Any = self.model.adapter_
        return frames.compress(self.integers, adapter, X, table)

    def _made(self, container: Container) -> Any:
        about, blobs = container.about, container.blobs
        if self._arrays is None:
            adapter: Any = self.model.adapter_
            return libraries.native(frames.decompress(self.integers, adapter, about, blobs))
        symbols = decode(self.integers, self._arrays, blobs["code"], about["rows"])
        return self._arrays.made(symbols, about, blobs)
