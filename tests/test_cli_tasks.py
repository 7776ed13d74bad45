"""The commands of tasks, as people and programs meet them: anomalies and holes of tables."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isthmus import VAE, AnomalyDetector, DenoisingAutoencoder, Generator, Imputer, load
from shell import isthmus

N = 90
RNG = np.random.default_rng(0)
COUNTRY = RNG.choice(["RU", "US", "IN"], N)
ORDERS = pd.DataFrame(
    {
        "name": [f"order {place}" for place in range(N)],
        "country": COUNTRY,
        "celsius": (pd.Series(COUNTRY).map({"RU": -12, "US": 12, "IN": 28}) + RNG.normal(0, 3, N)),
        "items": RNG.poisson(3, N) + 1,
        "since": pd.date_range("2026-01-01", periods=N, freq="1D"),
        "paid": RNG.random(N) < 0.7,
        "zip": RNG.choice([10115, 20095, 80331], N),
    }
)
ORDERS["celsius"] = ORDERS["celsius"].round(1)
ORDERS.loc[40, "celsius"] = 400.0
OWN = [name for name in ORDERS.columns if name != "name"]
HOLED = ORDERS.mask(np.random.default_rng(1).random(ORDERS.shape) < 0.1).assign(name=ORDERS["name"])
TINY = "DenoisingAutoencoder(latent_dim=4, epochs=2, backbone=Dense((8,)), verbose=False)"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables, a task of each kind, and a model."""
    room = tmp_path_factory.mktemp("room")
    ORDERS.to_csv(room / "orders.csv", index=False)
    HOLED.to_csv(room / "holed.csv", index=False)
    HOLED.to_parquet(room / "holed.parquet")
    np.save(room / "cube.npy", np.zeros((5, 4, 4)))
    own = pd.read_csv(room / "orders.csv", parse_dates=["since"])[OWN]
    small: dict[str, Any] = {"latent_dim": 4, "epochs": 2, "verbose": False}
    AnomalyDetector(contamination=0.05, random_state=0).fit(own).save(room / "detector")
    denoiser = DenoisingAutoencoder(**small)
    Imputer(denoiser, members=2, random_state=0).fit(own).save(room / "imputer")
    Generator(VAE(**small), prior="mixture", random_state=0).fit(own).save(room / "generator")
    VAE(**small, random_state=0).fit(own).save(room / "model")
    return room


def told(*arguments: object) -> dict[str, Any]:
    return json.loads(isthmus(*arguments, "--json").stdout)


def one_line(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_detect_ranks_the_rows_and_says_why(out: Path) -> None:
    command = (
        "detect",
        "orders.csv",
        "--drop",
        "name",
        "--contamination",
        0.05,
        "--save",
        out / "d",
    )
    facts = told(*command, "-o", out / "scored.csv", "--report", out / "page.html")
    assert (facts["rows"], facts["strangest"][0]["row"]) == (90, "40")
    worst = facts["strangest"][0]["cells"][0]
    assert (worst["column"], worst["value"]) == ("celsius", 400.0)
    assert -40 < worst["expected"] < 60
    scored = pd.read_csv(out / "scored.csv")
    assert list(scored.columns) == [*ORDERS.columns, "score", "outlier", "reason"]
    assert scored["score"].idxmin() == 40
    assert scored["outlier"].sum() == facts["anomalies"]
    assert scored["reason"][40].startswith("celsius 400, not ")
    assert scored["reason"][~scored["outlier"]].isna().all()
    assert "expected" in (out / "page.html").read_text("utf-8")
    assert isinstance(load(out / "d"), AnomalyDetector)


def test_scored_rows_stand_as_they_were_written(out: Path) -> None:
    source = out / "terse.csv"
    source.write_text("paid;many;price\nyes;3;1.50\nno;;007.0\n" * 10, encoding="utf-8")
    isthmus("detect", source, "-o", out / "scored.csv")
    lines = (out / "scored.csv").read_text("utf-8").splitlines()
    assert lines[0] == "paid;many;price;score;outlier;reason"
    assert lines[1].startswith("yes;3;1.50;-")
    assert lines[2].startswith("no;;007.0;-")


def test_a_saved_detector_ranks_new_rows_alike(out: Path) -> None:
    X = pd.read_csv("orders.csv", parse_dates=["since"])[OWN]
    facts = told("detect", "orders.csv", "-m", "detector")
    detector = load("detector")
    np.testing.assert_allclose(facts["scores"], detector.score_samples(X), rtol=1e-5)
    assert facts["threshold"] == pytest.approx(detector.offset_)
    shown = isthmus("detect", "orders.csv", "-m", "detector", "--lowest", 2)
    assert "celsius 400, not" in shown.stdout
    assert "not there when it was fitted: name" in shown.stderr


def test_contamination_and_kinds_are_heard(out: Path) -> None:
    how = ("--drop", "name", "--kind", "zip=category", "--contamination", 0.1, "--save", out / "d")
    facts = told("detect", "orders.csv", *how)
    assert facts["anomalies"] == 9
    assert load(out / "d").adapter_.kinds_["zip"] == "category"
    assert told("detect", "orders.csv", "-m", out / "d")["anomalies"] == 9


def test_a_network_of_ones_own_gives_the_codes_of_the_map(out: Path) -> None:
    page = out / "page.html"
    how = ("--drop", "name", "--label", "country", "--network", TINY, "--report", page)
    assert told("detect", "orders.csv", *how)["report"] == page.as_posix()
    text = page.read_text("utf-8")
    assert "Map of the codes" in text
    assert "its code in the DenoisingAutoencoder" in text
    assert "coloured by the labels" in text


def test_explain_takes_rows_apart(out: Path) -> None:
    facts = told("explain", "orders.csv", 40, 3, "-m", "detector", "-o", out / "why.csv")
    assert [each["row"] for each in facts["rows"]] == [40, 3]
    assert facts["rows"][0]["anomaly"]
    for row in facts["rows"]:
        assert sum(each["share"] for each in row["cells"]) == pytest.approx(1, abs=1e-4)
        assert sum(each["blame"] for each in row["cells"]) == pytest.approx(-row["score"], rel=1e-3)
    assert len(pd.read_csv(out / "why.csv")) == 2 * len(OWN)
    shown = isthmus("explain", "orders.csv", 40, "-m", "detector", "--cells", 1).stdout
    assert "Row 40 of orders.csv is an anomaly" in shown
    assert "celsius" in shown
    assert "items" not in shown


def test_rows_with_numbers_for_names_are_explained_by_them(out: Path) -> None:
    ORDERS.iloc[30:50].to_csv(out / "named.csv")
    listed = told("detect", out / "named.csv", "-m", "detector", "--lowest", 1)["strangest"][0]
    assert listed["row"] == "40"
    row = told("explain", out / "named.csv", 40, "-m", "detector")["rows"][0]
    assert row["score"] == pytest.approx(listed["score"])
    assert (
        "rows 30 to 49" in isthmus("explain", out / "named.csv", 3, "-m", "detector", code=1).stderr
    )


def test_only_holes_change(out: Path) -> None:
    facts = told("impute", "holed.csv", "-m", "imputer", "-o", out / "whole.csv")
    before, after = (
        list(csv.reader(path.read_text("utf-8").splitlines()))
        for path in (Path("holed.csv"), out / "whole.csv")
    )
    filled = 0
    for old, new in zip(before, after, strict=True):
        for one, other in zip(old, new, strict=True):
            assert other == one or one == ""
            assert other != ""
            filled += one == ""
    assert filled == facts["holes"] == facts["filled"] > 20
    items = {row[3] for row in after[1:]}
    assert "3.0" in items  # as the file writes them
    assert {row[1] for row in after[1:]} <= {"RU", "US", "IN"}
    assert {row[5] for row in after[1:]} <= {"True", "False"}


def test_parquet_keeps_its_dtypes(out: Path) -> None:
    told("impute", "holed.parquet", "-m", "imputer", "-o", out / "whole.parquet")
    found = pd.read_parquet(out / "whole.parquet")
    dtypes = pd.read_parquet("holed.parquet").dtypes
    assert found.dtypes.drop("paid").equals(dtypes.drop("paid"))  # truth values without holes
    assert not found.isna().any().any()
    for name, column in HOLED.items():
        known = column.notna()
        assert found[name][known].tolist() == column[known].tolist()


def test_draws_are_tables_of_their_own(out: Path) -> None:
    facts = told("impute", "holed.csv", "-m", "imputer", "--draws", 2, "-o", out / "w.csv")
    assert facts["out"] == [(out / f"w-{at}.csv").as_posix() for at in (1, 2)]
    texts = [Path(each).read_text("utf-8") for each in facts["out"]]
    assert texts[0] != texts[1]


def test_an_imputer_is_learned_from_the_table_itself(out: Path) -> None:
    Path(out / "marked.csv").write_text(
        Path("holed.csv").read_text("utf-8").replace("RU", "unknown"), "utf-8"
    )
    page = out / "page.html"
    how = ("--missing", "unknown", "--drop", "name", "--network", TINY, "--report", page)
    facts = told("impute", out / "marked.csv", *how, "--save", out / "i")
    assert facts["columns"]["country"] > 25
    assert {row[1] for row in facts["values"]} == {"US", "IN"}
    assert "Who was believed" in page.read_text("utf-8")
    assert isinstance(load(out / "i"), Imputer)
    assert "*" in isthmus("impute", "holed.csv", "-m", "imputer").stdout


def test_a_table_without_holes_comes_back_as_it_is(out: Path) -> None:
    assert told("impute", "orders.csv", "-m", "imputer", "-o", out / "same.csv")["filled"] == 0
    assert (out / "same.csv").read_bytes() == Path("orders.csv").read_bytes()


def test_rows_are_made_as_they_are_asked_for(out: Path) -> None:
    given = ("-m", "generator", "--where", "country=RU", "--where", "items=2", "--where", "paid=no")
    facts = told("synthesize", 5, *given)
    made = pd.DataFrame(facts["values"], columns=facts["columns"])
    assert (made["country"] == "RU").all()
    assert (made["items"] == 2).all()
    assert not made["paid"].any()
    again = told("synthesize", 5, *given)
    assert again["values"] == facts["values"]
    assert told("synthesize", 5, *given, "--random-state", 1)["values"] != facts["values"]


def test_synthetic_rows_are_compared_with_real_ones(out: Path) -> None:
    how = ("-o", out / "new.parquet", "--report", out / "page.html", "--held-out", "holed.csv")
    facts = told("synthesize", 30, "orders.csv", "-m", "generator", *how)
    assert set(facts["privacy"]) == {"synthetic", "held_out"}
    assert facts["privacy"]["synthetic"]["rows"] == 30
    assert list(pd.read_parquet(out / "new.parquet").columns) == OWN
    text = (out / "page.html").read_text("utf-8")
    assert "Correlations" in text
    assert "Privacy" in text


def test_a_generator_is_learned_from_the_table_itself(out: Path) -> None:
    network = "VAE(latent_dim=65, epochs=2, verbose=False)"  # one prior to try
    whole = out / "holed.csv"
    HOLED.assign(items=HOLED["items"].astype("Int64")).to_csv(whole, index=False)
    facts = told("synthesize", 3, whole, "--drop", "name", "--network", network,
                 "--save", out / "g", "-o", out / "made.csv")  # fmt: skip
    assert facts["rows"] == 3
    assert pd.read_csv(out / "made.csv")["items"].dtype == np.int64
    assert isinstance(load(out / "g"), Generator)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("detect nothing.csv", "nothing.csv does not exist"),
        ("detect cube.npy", "cube.npy holds an array of more than rows and columns"),
        ("detect orders.csv", "--drop COLUMN leaves a column out"),
        ("detect orders.csv --drop nme", "has no column nme"),
        ("detect orders.csv --drop name --contamination 0.9", "contamination"),
        ("detect orders.csv -m model", "model holds a VAE; expected an AnomalyDetector"),
        ("detect orders.csv -m imputer", "imputer holds an Imputer; expected an AnomalyDetector"),
        ("detect orders.csv --drop name --save model", "something else than what --save keeps"),
        ("explain orders.csv 90 -m detector", "it has rows 0 to 89"),
        ("impute orders.csv -m detector", "detector holds an AnomalyDetector; expected an Imputer"),
        ("synthesize 3 -m model", "model holds a VAE; expected a Generator"),
        ("synthesize 3 -m generator --where country=XX", "was not among the values"),
        ("synthesize 3 -m generator --where items=few", "items is a count"),
        ("synthesize 3 -m generator --where colour=red", "expected COLUMN=VALUE for one of"),
        ("encode orders.csv -m detector", "`isthmus detect ... -m detector` works with it"),
        ("info generator", "generator holds a Generator; expected a model"),
    ],
)
def test_an_error_is_one_line_on_stderr(out: Path, command: str, says: str) -> None:
    result = isthmus(*command.split(), code=1)
    assert result.stdout == ""
    assert says in one_line(result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("detect nothing.csv --report page.txt", "expected a file ending in .html"),
        ("detect nothing.csv -o scored.xlsx", "ends in '.xlsx'"),
        ("detect nothing.csv -m detector --clean", "--clean says how to learn, and detector has"),
        ("detect nothing.csv --network GAN()", "'GAN' is not known here"),
        ("detect nothing.csv --network Dense((3,))", "expected a family with its fields"),
        ("detect orders.csv --drop name --kind zip=colour", "expected COLUMN=KIND"),
        ("impute nothing.csv --draws 3", "name where the tables go, with --out"),
        ("impute nothing.csv -o whole.npy", "would hold numbers alone"),
        ("synthesize 3", "name DATA to learn from"),
        ("synthesize 3 -m generator --report page.html", "name them as DATA"),
    ],
)
def test_wrong_usage_is_told_apart(out: Path, command: str, says: str) -> None:
    result = isthmus(*command.split(), code=2)
    assert result.stdout == ""
    assert says in one_line(result.stderr)
