"""Texts: strings as series of tokens, which are learned from them."""

import warnings
from collections.abc import Mapping
from math import ceil
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from isthmus.adapters import facts as told
from isthmus.adapters.base import Adapter, check_enough, single
from isthmus.adapters.tokens import BYTES, are_pairs, learned, tokeniser
from isthmus.errors import DataError, SupportError, require
from isthmus.ranges import whole
from isthmus.space import Batch, Series, Support

END = 0
"""The token that ends a text; the others count from 1."""
MOST = 128
"""How many tokens a text has where nobody said: beyond that, networks grow long for a few texts."""
LIBRARIES = ("list", "array", "pandas", "polars")
ROOM = 1.25
"""How many times as long as the longest of training a text may be: others are less familiar."""
EXPECTED = "expected a list of strings, or a pandas or polars Series of them"


class Texts(Adapter):
    """Strings: a list, an array or a Series of them, as series of tokens that are categories.

    The tokens are learned: 256 bytes to begin with, and then, one after the other, the pair of
    neighbours that is commonest becomes a token of its own (byte-level byte-pair encoding:
    Sennrich et al., 2016, arXiv:1508.07909). So there is no text that can't be written in them,
    whatever its script, and tokens that are reconstructed exactly are the same text. Each text
    is closed by a token of its own: how long a generated one is, the model says. It needs
    ``pip install 'isthmus[text]'``.

    Parameters
    ----------
    support
        ``"categories"``, or None, which means the same.
    vocabulary
        How many tokens there are, at most: the end, 256 bytes, and what is learned.
    max_tokens
        How many of a text are kept at most, its end among them; a text that is cut has none.
        None: a quarter more than the longest of training has, and no more than 128, with a
        warning where texts are cut.

    Examples
    --------
    >>> texts = ["a narrow strip", "a narrow strait", "a narrow strip of land"]
    >>> adapter = Texts().fit(texts)
    >>> adapter.space_
    Series(1, 15, support='categories', levels=268, ragged=True)
    >>> adapter.inverse_transform(adapter.transform(texts).x)
    ['a narrow strip', 'a narrow strait', 'a narrow strip of land']
    """

    def __init__(
        self,
        support: Support | None = None,
        vocabulary: int = 2000,
        max_tokens: int | None = None,
    ) -> None:
        super().__init__(support)
        self.vocabulary = vocabulary
        self.max_tokens = max_tokens

    def fit(self, X: Any) -> Self:
        """Learn the tokens, and how many of them the longest text has."""
        size = whole("vocabulary", self.vocabulary, BYTES + 1, example="Texts(vocabulary=2000)")
        if self.max_tokens is not None:
            whole("max_tokens", self.max_tokens, 1, example="Texts(max_tokens=128)")
        if self.support not in (None, "categories"):
            raise SupportError(
                f"Texts were asked for as {self.support!r} values; their tokens are categories. "
                "Leave likelihood=None, or use Categorical()."
            )
        texts = _texts(X)
        check_enough(len(texts))
        self.library_, self.name_ = _kind(X)
        self._use(learned(texts, size - 1))
        longest = max(map(len, self._tokens(texts)))
        self.space_ = Series(
            1,
            min(ceil(ROOM * longest), self.max_tokens or MOST),
            support="categories",
            levels=self._tokeniser.get_vocab_size() + 1,
            ragged=True,
        )
        return self

    def rows(self, X: Any) -> list[str]:
        """Return the strings, checked."""
        texts = _texts(X)
        if self.max_tokens is None:
            self._tell_of_cuts(texts)
        return texts

    def batch(self, rows: list[str]) -> Batch:
        """Return the tokens, ``(n, 1, steps)``; what is beyond an end is not known."""
        steps = self.space_.shape[1]
        x, observed = torch.zeros(len(rows), steps), torch.zeros(len(rows), steps, dtype=torch.bool)
        for place, tokens in enumerate(self._tokens(rows)):
            kept = tokens[:steps]
            x[place, : len(kept)] = torch.tensor(kept, dtype=x.dtype)
            observed[place, : len(kept)] = True
        return Batch(x[:, None], observed[:, None])

    def inverse_transform(self, x: Tensor, like: Any = None) -> Any:
        """Return strings, each up to its end; bytes that are no text become U+FFFD.

        They come as a list, an array or a Series, as ``like`` or else what was fitted is.
        """
        tokens = x[:, 0].round().long().clamp(0, self.space_.levels - 1).tolist()
        ended = [each[: each.index(END)] if END in each else each for each in tokens]
        texts = self._tokeniser.decode_batch([[token - 1 for token in each] for each in ended])
        library, name = (self.library_, self.name_) if like is None else _kind(like)
        return _filled(texts, library, name, like)

    def one(self, row: Any) -> Any:
        """Return a string, or strings of which there is one, as a list of one."""
        return [row] if isinstance(row, str) else single(row)

    def facts(self) -> dict[str, Any]:
        """Return what was learned, as plain data."""
        merges = [list(pair) for pair in self.merges_]
        return {"merges": merges, "library": self.library_, "name": self.name_}

    def restore(self, facts: Mapping[str, Any]) -> Self:
        """Take over what `facts` returned."""
        space, merges = self.space_, facts["merges"]
        fine = isinstance(space, Series) and space.shape[0] == 1 and space.ragged
        told.expect(fine, f"it is {space!r}; expected a ragged Series of one channel.")
        told.expect(are_pairs(merges), "merges holds something else than pairs of tokens.")
        self.library_, self.name_ = facts["library"], facts["name"]
        told.expect(
            self.library_ in LIBRARIES, f"library is {self.library_!r}; expected {LIBRARIES}."
        )
        told.expect(self.name_ is None or isinstance(self.name_, str), "name is no text.")
        self._use([(left, right) for left, right in merges])
        many = self._tokeniser.get_vocab_size() + 1
        told.expect(many == space.levels, f"merges make {many} tokens; expected {space.levels}.")
        return self

    def _use(self, merges: list[tuple[str, str]]) -> None:
        self.merges_ = merges
        self._tokeniser = tokeniser(merges)

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        """Return each text's tokens, its end among them."""
        found = self._tokeniser.encode_batch_fast(texts)
        return [[*(token + 1 for token in each.ids), END] for each in found]

    def _tell_of_cuts(self, texts: list[str]) -> None:
        steps = self.space_.shape[1]
        long = [text for text in texts if len(text.encode()) >= steps]  # no other can be
        cut = sum(len(each) > steps for each in self._tokens(long))
        if cut:
            warnings.warn(
                f"{cut} of {len(texts)} texts have more than {steps} tokens, and are cut there: "
                "say adapter=Texts(max_tokens=...) to give them room, or to have it so.",
                stacklevel=3,
            )


def are_texts(X: Any) -> bool:
    """Return whether ``X`` is a list, an array or a Series that begins with a string.

    Examples
    --------
    >>> are_texts(["a", "b"]), are_texts("a"), are_texts([["a"]])
    (True, False, False)
    """
    if isinstance(X, list | tuple):
        return bool(X) and isinstance(X[0], str)
    if isinstance(X, np.ndarray):
        return X.ndim == 1 and bool(len(X)) and isinstance(X[0], str)
    if not _is_series(X):
        return False
    first = next(iter(X.drop_nulls() if hasattr(X, "drop_nulls") else X.dropna()), None)
    return isinstance(first, str)


def _is_series(X: Any) -> bool:
    return hasattr(X, "to_list") and hasattr(X, "dtype") and not hasattr(X, "columns")


def _texts(X: Any) -> list[str]:
    """Return strings as a list, checked."""
    if isinstance(X, str):
        raise DataError(f"A single text was given; {EXPECTED}. Put it in brackets: [text].")
    if not (isinstance(X, list | tuple | np.ndarray) or _is_series(X)) or np.ndim(X) != 1:  # pyright: ignore[reportArgumentType]
        raise DataError(f"A {type(X).__name__} was given; {EXPECTED}.")
    values: list[Any] = [str(each) if isinstance(each, str) else each for each in X]
    if not values:
        raise DataError("0 texts were given; expected at least one. Is the file empty?")
    for place, each in enumerate(values):
        if not isinstance(each, str):
            raise DataError(
                f"Text {place} is {each!r}, a {type(each).__name__}; {EXPECTED}. Leave it out, or "
                "put '' there if it has no words."
            )
        try:
            each.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"Text {place} holds half a character, {each[error.start]!r}, at {error.start}: it "
                "was read wrongly. Read it again as UTF-8, or replace that character."
            ) from error
    return values


def _kind(X: Any) -> tuple[str, str | None]:
    """Return of which kind a collection of strings is, and what it is called."""
    if isinstance(X, list | tuple | str):
        return "list", None
    if isinstance(X, np.ndarray):
        return "array", None
    name = getattr(X, "name", None)
    library = "polars" if type(X).__module__.startswith("polars") else "pandas"
    return library, None if name is None else str(name)


def _filled(texts: list[str], library: str, name: str | None, like: Any) -> Any:
    """Return strings as a collection of that kind."""
    if library == "array":
        made = np.empty(len(texts), dtype=object)
        made[:] = texts
        return made
    if library == "polars":
        polars: Any = require("polars", "frames")
        return polars.Series(name or "", texts, dtype=polars.String)
    if library == "pandas":
        import pandas as pd

        fresh = like is None
        dtype = object if fresh else like.dtype
        return pd.Series(texts, None if fresh else like.index, dtype, name if fresh else like.name)
    return texts
