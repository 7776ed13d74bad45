"""Texts through a code: how many come back, and what a linear probe reads in it.

    tokens: the share of held-out tokens, ends among them, that are the decoder's most probable
    exact:  the share of held-out texts that come back letter by letter
    probe:  logistic regression on codes, and on as many components of TF-IDF

python benchmarks/text.py [SET …] [--codes 256] [--epochs 5] [--longest 32] [--seed 0]
"""

import argparse
import gzip
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import machine
import mnist
from isthmus import Autoencoder, Texts, Transformer
from results import record_row, table

SECTION = "Texts: reconstruction, and a linear probe beside TF-IDF"
HEADER = (
    "set, codes",
    "texts: train, test",
    "tokens right: train",
    "test",
    "texts exact: train",
    "test",
    "accuracy: codes",
    "TF-IDF",
    "F1: codes",
    "TF-IDF",
    "epochs",
    "processor time",
)
VOCABULARY = 2000
BACKBONE = Transformer(64, depth=1)
BATCH, RATE = 16, 2e-3
PART = 256
PENALTIES = {"logisticregression__C": [1e-3, 1e-2, 1e-1, 1.0]}
NOTE = """The autoencoder sees no labels, and the first {longest} tokens of each text, end
included, in a vocabulary of {vocabulary} learned from the training texts, of which there are
{most:,} at most: longer texts are cut. `sms_spam`: of messages that are the same one is kept, a
fifth of them held out, drawn by a seed. `sst2`: its own train and test parts.
`Autoencoder(latent_dim=codes, backbone={backbone!r})`, batch {batch}, Adam from {rate:g}, falling
to zero along half a cosine, no early stop, seed {seed}. Tokens right: those, ends among them, that
are the decoder's most probable; texts exact: of those that are not cut, as many as are named, the
share that comes back letter by letter. Probe: logistic regression on standardised features, its
penalty chosen by three folds of the training texts, on codes and on as many components
(`TruncatedSVD`) of scikit-learn's `TfidfVectorizer()`, which sees the same texts whole. F1 is of
spam, and of positive sentences.

`python benchmarks/run.py text`, on one thread beside other work. Measured on: {machine}."""


class Part(NamedTuple):
    x: list[str]
    y: np.ndarray

    def at(self, rows: np.ndarray) -> "Part":
        return Part([self.x[row] for row in rows], self.y[rows])


Split = tuple[Part, Part]


def sms_spam() -> Split:
    pairs = [line.split("\t", 1) for line in lines("sms_spam/SMSSpamCollection.gz")]
    once = {text: label for label, text in reversed(pairs)}
    every = Part(list(once), np.array([label == "spam" for label in once.values()]))
    order = np.random.default_rng(0).permutation(len(once))
    held = len(once) // 5
    return every.at(order[held:]), every.at(order[:held])


def sst2() -> Split:
    return sentences("train"), sentences("test")


def sentences(part: str) -> Part:
    pairs = [line.rsplit("\t", 1) for line in lines(f"sst2/{part}.tsv.gz")]
    return Part([text for text, _ in pairs], np.array([label == "1" for _, label in pairs]))


def lines(name: str) -> list[str]:
    text = gzip.decompress((mnist.data_folder() / name).read_bytes()).decode()
    return [line for line in text.split("\n") if line]


SETS = {"sms_spam": sms_spam, "sst2": sst2}


def returned(model: Autoencoder, texts: list[str]) -> tuple[str, str]:
    """Return the shares of tokens, and of texts that are not cut, that come back."""
    batch, codec = model.adapter_.transform(texts), model.codec_
    assert batch.observed is not None
    parts = [batch[slice(first, first + PART)] for first in range(0, len(texts), PART)]
    with torch.no_grad():
        made = torch.cat([codec.likelihood.point(codec(part, draw=False).p) for part in parts])
    right = (made == batch.x)[batch.observed].float().mean().item()
    taken, read = (model.adapter_.inverse_transform(each) for each in (batch.x, made))
    exact = [a == b for a, b, c in zip(texts, read, taken, strict=True) if a == c]
    return f"{right:.3f}", f"{np.mean(exact):.3f} of {len(exact):,}"


def probe(codes: Sequence[np.ndarray], train: Part, test: Part) -> tuple[str, str]:
    """Return the accuracy, and F1, of a logistic regression on codes of both parts."""
    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    said = GridSearchCV(judge, PENALTIES, cv=3).fit(codes[0], train.y).predict(codes[1])
    return f"{(said == test.y).mean():.3f}", f"{f1_score(test.y, said):.3f}"


def measured(name: str, codes: int, epochs: int, longest: int, most: int, seed: int) -> list[str]:
    train, test = SETS[name]()
    train = train.at(np.arange(len(train.x))[:most])
    start = time.process_time()
    model = Autoencoder(
        latent_dim=codes,
        backbone=BACKBONE,
        adapter=Texts(vocabulary=VOCABULARY, max_tokens=longest),
        epochs=epochs,
        batch_size=BATCH,
        learning_rate=RATE,
        validation_fraction=0,
        patience=None,
        random_state=seed,
        verbose=False,
    ).fit(train.x)
    minutes = (time.process_time() - start) / 60
    words = make_pipeline(TfidfVectorizer(), TruncatedSVD(codes, random_state=0)).fit(train.x)
    kinds = (model.transform, words.transform)
    probes = (probe([kind(train.x), kind(test.x)], train, test) for kind in kinds)
    shares = (returned(model, part.x) for part in (train, test))
    return [
        f"{name}, {codes} codes",
        f"{len(train.x):,}, {len(test.x):,}",
        *(share for both in zip(*shares, strict=True) for share in both),
        *(figure for both in zip(*probes, strict=True) for figure in both),
        str(epochs),
        f"{minutes:.1f} min",
    ]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Texts through a code, and back.")
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    parser.add_argument("--codes", type=int, nargs="+", default=[256])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--longest", type=int, default=32)
    parser.add_argument("--most", type=int, default=4200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    note = NOTE.format(
        longest=options.longest,
        most=options.most,
        vocabulary=VOCABULARY,
        backbone=BACKBONE,
        batch=BATCH,
        rate=RATE,
        seed=options.seed,
        machine=machine.describe(),
    )
    for codes in options.codes:
        for name in options.sets or SETS:
            row = measured(name, codes, options.epochs, options.longest, options.most, options.seed)
            print(*table(HEADER, [row])[-1:], flush=True)
            record_row(SECTION, HEADER, row, note)


if __name__ == "__main__":
    main()
