"""The report of what is neither a table nor a picture, and of codes of every kind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup
from sklearn.datasets import load_digits, load_iris
from test_write import page_of

from isthmus import (
    LSTM,
    VQVAE,
    Autoencoder,
    ConditionalVAE,
    Conv,
    KSparseAutoencoder,
    Sequences,
    SparseAutoencoder,
    StackedAutoencoder,
)
from isthmus.report import codebooks, conditional, sparse, waves
from isthmus.report.subject import Subject, examine

QUICK: dict[str, Any] = {"epochs": 2, "random_state": 0, "verbose": False}
DIGITS, KINDS = load_digits().images[:120], load_digits().target[:120]
IRIS, SPECIES = load_iris(return_X_y=True)
SERIES = np.random.default_rng(0).normal(size=(40, 15, 2)).cumsum(1) * [1, 50] + [0, 1000]


def ragged() -> list[np.ndarray]:
    return [each[: 5 + place % 10, 0] for place, each in enumerate(SERIES)]


def test_series_are_drawn_in_their_own_units() -> None:
    model = Autoencoder(latent_dim=2, backbone=LSTM(8), **QUICK).fit(SERIES)
    subject = examine(model, SERIES, None, "")
    look = subject.look(np.array([3, 5]))
    assert subject.kind == "series"
    assert subject.in_series(look.x) == pytest.approx(SERIES[[3, 5]].swapaxes(1, 2), rel=1e-4)
    panels = waves.compared(subject, look, ["three", "five"]).panels
    assert [(each.title, each.note) for each in panels] == [
        ("three", "channel 0"), ("three", "channel 1"), ("five", "channel 0"), ("five", "channel 1")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("X", "latent_dim"),
    [(SERIES, 5), (SERIES[:, :, 0], 1), (ragged(), 2)],
    ids=["array", "flat", "ragged"],
)
def test_series_have_every_chapter(X: Any, latent_dim: int, tmp_path: Path) -> None:
    model = Autoencoder(latent_dim=latent_dim, backbone=LSTM(4), adapter=Sequences(), **QUICK)
    page = page_of(model.fit(X), X, tmp_path)
    assert page.open == []
    assert {"reconstruction", "samples", "interpolation", "errors", "strangest"} <= set(
        page.sections
    )
    assert ("manifold" in page.sections) == (latent_dim <= 2)
    assert "15" in page.text


def test_what_lies_beyond_an_end_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    X, drawn = ragged(), list[list[waves.Line]]()
    model = Autoencoder(latent_dim=2, backbone=LSTM(4), **QUICK).fit(X)
    subject = examine(model, X, None, "")
    monkeypatch.setattr(waves, "wave", lambda lines, *_, **__: drawn.append(lines) or Markup())
    waves.compared(subject, subject.look(np.array([0])), ["first"])
    ends = [int(np.isfinite(line.values).sum()) for line in drawn[0]]
    assert ends == [len(X[0]), len(X[0])]


def test_sparse_codes_tell_how_many_speak(tmp_path: Path) -> None:
    model = KSparseAutoencoder(latent_dim=64, k=3, **QUICK).fit(DIGITS)
    subject = examine(model, DIGITS, None, "")
    z = model.transform(DIGITS)
    assert sparse.strengths(subject) == pytest.approx(z, abs=1e-5)
    section = sparse.section(subject)
    assert section is not None
    assert f"{(z > 0).any(0).sum()} of 64 codes ever fire" in section.lead
    assert "told by 3 codes" in section.lead
    strongest = int(z.sum(0).argmax())
    assert sparse.top(z, strongest, 2)[0] == model.top_examples(strongest, 1)["row"][0]
    page = page_of(model, DIGITS, tmp_path)
    assert "Dead codes" in page.text
    assert f"code {strongest}" in page.text


@pytest.mark.parametrize("latent_dim", [256, 4096])
def test_wide_codes_make_no_large_pages(latent_dim: int, tmp_path: Path) -> None:
    model = SparseAutoencoder(latent_dim=latent_dim, **QUICK).fit(IRIS)
    page_of(model, IRIS, tmp_path)
    assert (tmp_path / "page.html").stat().st_size < 600_000


def test_codes_that_never_rest_have_no_such_chapter(tmp_path: Path) -> None:
    model = Autoencoder(latent_dim=3, **QUICK).fit(IRIS)
    assert "codes" not in page_of(model, IRIS, tmp_path).sections


@pytest.mark.parametrize("backbone", [None, Conv((8,), grid=True)])
def test_entries_of_codebooks_are_counted(backbone: Any, tmp_path: Path) -> None:
    model = VQVAE(latent_dim=4, codes=16, backbone=backbone, **QUICK).fit(DIGITS)
    subject = examine(model, DIGITS, None, "")
    entries = subject.survey.entries
    assert entries is not None
    assert np.array_equal(entries.reshape(len(entries), -1), model.indices(DIGITS))
    assert codebooks.usage(entries, 16).sum(1) == pytest.approx(1)
    page = page_of(model, DIGITS, tmp_path)
    assert "codes" in page.sections
    assert "Perplexity" in page.text


def conditioned(X: Any, y: Any) -> Subject:
    model = ConditionalVAE(latent_dim=2, **QUICK).fit(X, y)
    return examine(model, X, y, "", y)


def test_a_conditional_model_is_given_its_conditions() -> None:
    subject = conditioned(IRIS, SPECIES)
    assert subject.survey.scores == pytest.approx(subject.model.score_samples(IRIS, SPECIES), 1e-4)
    assert subject.survey.codes == pytest.approx(subject.model.transform(IRIS, SPECIES), abs=1e-5)
    returned = subject.look(np.array([0, 140])).reconstruction
    expected = subject.model.reconstruct(IRIS[[0, 140]], SPECIES[[0, 140]])
    assert subject.in_units(returned) == pytest.approx(expected, abs=1e-4)


def test_samples_stand_by_condition(tmp_path: Path) -> None:
    subject = conditioned(DIGITS, KINDS)
    _, strips = conditional.blocks(subject, noise=False)
    assert [each.note for each in strips.strips] == [str(digit) for digit in range(10)]
    page = page_of(subject.model, DIGITS, tmp_path, y=KINDS)
    assert "drawn under one y" in page.text


def test_means_stand_by_condition() -> None:
    _, tables = conditional.blocks(conditioned(IRIS, SPECIES), noise=False)
    rows = {row[0]: row[1:] for row in tables.tables[0].rows}
    means = IRIS[SPECIES == 2].mean(0)
    assert [float(each) for each in rows["2, data"]] == pytest.approx(means, rel=1e-2)
    assert len(rows) == 6


def test_layers_that_were_trained_before_have_their_curves(tmp_path: Path) -> None:
    model = StackedAutoencoder(latent_dim=2, pretraining_epochs=1, **QUICK).fit(IRIS)
    page = page_of(model, IRIS, tmp_path)
    assert all(f"Layer {at + 1}" in page.text for at in range(len(model.pretraining_)))
