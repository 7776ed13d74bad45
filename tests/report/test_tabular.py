"""The report of a table whose columns are of many kinds."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from test_write import page_of

from isthmus import VAE, ConditionalVAE
from isthmus.report import errors, samples, strangest, tabular
from isthmus.report.subject import examine

RNG = np.random.default_rng(0)
QUICK: dict[str, Any] = {"latent_dim": 2, "epochs": 2, "random_state": 0, "verbose": False}
N = 60
PEOPLE = pd.DataFrame(
    {
        "age": RNG.integers(18, 90, N),
        "host": RNG.choice(["yandex.ru", "gmail.com", None], N),
        "member": RNG.random(N) < 0.3,
        "since": pd.date_range("2020-01-01", periods=N, freq="9D"),
        "spent": RNG.lognormal(3, 2, N).round(2),
        "nothing": [None] * N,
    },
    index=[f"person {place}" for place in range(N)],
)
PEOPLE.loc["person 3", ["spent", "since"]] = None


@pytest.mark.parametrize("X", [PEOPLE, pl.from_pandas(PEOPLE)], ids=["pandas", "polars"])
def test_a_table_of_many_kinds_has_every_chapter(X: Any, tmp_path: Path) -> None:
    page = page_of(VAE(**QUICK).fit(X), X, tmp_path)
    assert page.open == []
    assert {
        "reconstruction", "samples", "interpolation", "manifold", "errors", "strangest"
    } <= set(page.sections)  # fmt: skip
    for word in ("yandex.ru", "True", "2020-", "unknown"):
        assert word in page.text


def test_a_table_without_numbers_has_every_chapter(tmp_path: Path) -> None:
    X = PEOPLE[["host", "member"]]
    page = page_of(VAE(**QUICK).fit(X), X, tmp_path)
    assert "samples" in page.sections


def test_samples_under_a_condition_are_words(tmp_path: Path) -> None:
    model = ConditionalVAE(**QUICK).fit(PEOPLE.drop(columns="member"), PEOPLE["member"])
    page = page_of(model, PEOPLE.drop(columns="member"), tmp_path, y=PEOPLE["member"])
    assert "One sample for each member." in page.text


def test_cells_come_in_the_units_of_the_data_and_holes_as_unknown() -> None:
    subject = examine(VAE(**QUICK).fit(PEOPLE), PEOPLE, None, "")
    look = subject.look(np.array([0, 3]))
    lines = tabular.lines(subject, look.x, ["since", "spent", "member"], look.observed)
    assert lines[0][0] == "2020-01-01"
    assert lines[1] == ["unknown", "unknown", str(PEOPLE["member"].iloc[3])]
    assert [name for name, _ in tabular.places(subject)] == list(PEOPLE.columns[:-1])
    assert tabular.numbers(subject) == ["age", "spent"]


def test_losses_are_told_column_by_column() -> None:
    subject = examine(VAE(**QUICK).fit(PEOPLE), PEOPLE, None, "")
    (bars,) = errors.section(subject).blocks
    assert {bar.name for bar in bars.bars} == set(PEOPLE.columns[:-1])
    total = sum(float(bar.figures[1].replace("−", "-")) for bar in bars.bars)
    known = subject.look(np.arange(N))
    mean = (known.nll.sum(0) / known.observed.sum(0)).sum()
    assert total == pytest.approx(float(mean), abs=0.05)
    assert sum(len(each.tables) for each in strangest.section(subject).blocks[1:]) == 8


def test_shares_of_categories_stand_side_by_side() -> None:
    table = samples._shares("host", ["a", "a", "b"], ["a", "c"])
    assert table.rows[0] == ["a", "67 %", "50 %"]
    assert sorted(row[0] for row in table.rows) == ["a", "b", "c"]
