"""The pages of tasks: anomalies, holes that were filled, synthetic rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from test_write import NASTY, Page

from isthmus import VAE, AnomalyDetector, DenoisingAutoencoder, Generator, Imputer
from isthmus.report import associations, beside, detection
from isthmus.report.tasks import write_detection, write_imputation, write_synthesis

N = 70
RNG = np.random.default_rng(0)
QUICK: dict[str, Any] = {"latent_dim": 2, "epochs": 1, "verbose": False}
PEOPLE = pd.DataFrame(
    {
        "age": RNG.integers(18, 90, N),
        NASTY: RNG.choice(["yandex.ru", NASTY, None], N),
        "member": RNG.random(N) < 0.3,
        "since": pd.date_range("2020-01-01", periods=N, freq="9D"),
        "spent": RNG.lognormal(3, 1, N).round(2),
        "nothing": [None] * N,
    }
)
PEOPLE.loc[3, ["spent", "since"]] = None
PEOPLE.loc[9, "spent"] = 1e6
KINDS = ["number", "category", "boolean", "date", "number", "number"]


def page(path: Path) -> Page:
    read = Page(path.read_text("utf-8"))
    assert read.open == []
    assert "script" not in read.tags
    assert "nan" not in read.text.replace("\n", " ").split()
    ids = read.values("id")
    assert {each.removeprefix("#") for each in read.values("href")} <= set(ids)
    return read


@pytest.mark.parametrize("X", [PEOPLE, pl.from_pandas(PEOPLE)], ids=["pandas", "polars"])
def test_the_worst_cell_is_marked_with_what_was_expected(X: Any, tmp_path: Path) -> None:
    detector = AnomalyDetector(contamination=0.05, random_state=0).fit(X)
    score = detector.score_samples(X)
    found = page(write_detection(detector, X, tmp_path / "p.html", source="people", score=score))
    assert found.sections == ["worst", "scores", "columns", "map"]
    assert "1,000,000" in found.text
    assert "mark" in found.values("class")
    assert any("of the blame; expected" in hint for hint in found.values("title"))


def test_marks_are_the_shares_of_the_blame() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0]})
    blame = pd.DataFrame({"a": [0.1], "b": [3.0], "c": [0.9]})
    table = detection.marked(frame, blame, frame + 10, np.array([-4.0]), ["row 0"])
    assert table.head == ["row", "b", "c", "a"]
    name, worst, next_, least = table.rows[0]
    assert name.note == "score −4"
    assert (worst.mark, worst.note, worst.hint) == (
        1.0, "expected 12", "75 % of the blame; expected 12",
    )  # fmt: skip
    assert (next_.mark, least.mark) == (0.0, 0.0)


def test_a_detector_with_networks_shows_its_codes_and_labels(tmp_path: Path) -> None:
    X = PEOPLE.drop(columns="nothing")
    detector = AnomalyDetector(VAE(**QUICK), members=1, random_state=0).fit(X)
    labels = np.where(np.arange(N) == 9, "fraud", "genuine")
    found = page(write_detection(detector, X, tmp_path / "p.html", labels=labels))
    assert "Map of the codes" in found.text
    assert "row 9 · fraud" in found.text


@pytest.mark.parametrize("rows", [2, 9])
def test_few_rows_and_no_anomaly_have_a_page_too(rows: int, tmp_path: Path) -> None:
    X = PEOPLE[["age", "spent"]].head(20)
    detector = AnomalyDetector(random_state=0).fit(X)
    detector.offset_ = -1e9
    found = page(write_detection(detector, X.head(rows), tmp_path / "p.html"))
    assert "though there is no anomaly" in found.text
    assert ("too few rows" in found.text) == (rows < 8)


def test_what_was_put_in_is_marked_and_compared(tmp_path: Path) -> None:
    model = DenoisingAutoencoder(**QUICK)
    imputer = Imputer(model, members=2, random_state=0).fit(PEOPLE)
    filled, draws = imputer.transform(PEOPLE), imputer.sample(PEOPLE, 2)
    path = write_imputation(imputer, PEOPLE, filled, tmp_path / "p.html", draws=draws)
    found = page(path)
    assert found.sections == ["holes", "rows", "distributions", "trust"]
    assert found.values("title").count("was unknown") > 10
    assert "of 2 draws" in found.text
    assert "left open" in found.text  # a column of nothing
    whole = PEOPLE[["age", "member"]]
    none = page(write_imputation(imputer, whole, whole, tmp_path / "q.html"))
    assert "There are none: nothing was changed." in none.text


def test_synthetic_rows_stand_beside_real_ones(tmp_path: Path) -> None:
    X = PEOPLE.drop(columns="nothing")
    generator = Generator(VAE(**QUICK), prior="mixture", random_state=0).fit(X)
    made = generator.sample(20)
    told = generator.privacy(made, X, X.head(5))
    found = page(write_synthesis(generator, made, X, tmp_path / "p.html", privacy=told))
    assert found.sections == ["columns", "together", "privacy", "rows"]
    assert "real, not learned from" in found.text
    assert "100 %" in found.text  # those are copies
    bare = page(write_synthesis(generator, made, X, tmp_path / "q.html"))
    assert "privacy" not in bare.sections


def test_distributions_that_agree_are_not_apart() -> None:
    for name, kind in zip(PEOPLE.columns[:5], KINDS, strict=False):
        assert beside.apart(PEOPLE[name], PEOPLE[name], kind) == 0
    drawn, many = beside.panels(PEOPLE, PEOPLE, dict(zip(PEOPLE.columns, KINDS, strict=True)))
    assert len(drawn) == many == 5  # of a column of nothing there is nothing to draw


def test_associations_hold_for_every_pair_of_kinds() -> None:
    x = np.arange(60.0)
    frame = pd.DataFrame(
        {"x": x, "down": -(x**3), "half": x < 30, "name": np.where(x < 30, "low", "high")}
    )
    kinds = dict(zip(frame, ["number", "number", "boolean", "category"], strict=True))
    found = associations.associations(frame, kinds)
    np.testing.assert_allclose(found[0, :2], [1, -1])
    np.testing.assert_allclose(found[2, 3], 1)
    assert 0.8 < found[0, 3] < 0.9  # half of a uniform: the root of 3/4
    np.testing.assert_allclose(found, found.T)
    frame["name"] = "one"
    assert (associations.associations(frame, kinds)[3, :3] == 0).all()
