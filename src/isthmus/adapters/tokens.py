"""Tokens: a vocabulary of subwords, learned from texts; it is the list of pairs that it joins."""

import json
from collections.abc import Sequence
from typing import Any

from isthmus.adapters import facts as told
from isthmus.errors import require

BYTES = 256
"""The tokens that there are before any pair is joined."""


def tokeniser(merges: Sequence[tuple[str, str]]) -> Any:
    """Return the tokeniser that joins these pairs, the first ones first."""
    package: Any = require("tokenizers", "text")
    letters = sorted(package.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate(letters)}
    for left, right in merges:
        known = left in vocabulary and right in vocabulary
        told.expect(known, f"merges joins {left!r} and {right!r} before there are both.")
        vocabulary.setdefault(left + right, len(vocabulary))
    made = package.Tokenizer(package.models.BPE(vocab=vocabulary, merges=list(merges)))
    made.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = package.decoders.ByteLevel()
    return made


def learned(texts: Sequence[str], vocabulary: int) -> list[tuple[str, str]]:
    """Return the pairs that are joined in a vocabulary learned from the texts, in their order."""
    package: Any = require("tokenizers", "text")
    letters = sorted(package.pre_tokenizers.ByteLevel.alphabet())
    made = tokeniser([])
    # A pair that stands once in all the texts says nothing of others.
    trainer = package.trainers.BpeTrainer(
        vocab_size=vocabulary, initial_alphabet=letters, min_frequency=2, show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    return [tuple(pair) for pair in json.loads(made.to_str())["model"]["merges"]]


def are_pairs(merges: Any) -> bool:
    """Return whether ``merges`` is a list of pairs of strings."""
    return isinstance(merges, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)
        for pair in merges
    )
