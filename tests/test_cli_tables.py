"""The command line on tables whose columns are of many kinds."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

from isthmus import load
from isthmus.cli import files
from shell import isthmus

N = 80
RNG = np.random.default_rng(0)
PEOPLE = pd.DataFrame(
    {
        "country": RNG.choice(["RU", "US", "IN"], N),
        "celsius": RNG.normal(10, 15, N).round(1),
        "visits": RNG.poisson(3, N),
        "member": RNG.random(N) < 0.4,
        "since": pd.date_range("2024-01-01", periods=N, freq="31h"),
        "zip": RNG.choice([10115, 20095, 80331], N),
        "name": [f"person {place}" for place in range(N)],
    }
)
PEOPLE.loc[::9, ["country", "celsius", "since"]] = None
QUICK = ("--epochs", "2", "--latent-dim", "2", "--quiet")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table in two kinds of file, and a model of it."""
    room = tmp_path_factory.mktemp("room")
    PEOPLE.to_csv(room / "people.csv", index=False)
    PEOPLE.to_parquet(room / "people.parquet")
    return room


@pytest.fixture(scope="module")
def fitted(room: Path) -> tuple[Path, Result]:
    """A model, and what `fit` said."""
    said = isthmus(
        "fit", room / "people.csv", "--drop", "name", "--kind", "zip=category", "--label", "member",
        "-o", room / "model", *QUICK,
    )  # fmt: skip
    return room / "model", said


def told(*arguments: object) -> dict[str, Any]:
    return json.loads(isthmus(*arguments, "--json").stdout)


def test_fit_says_what_it_took_the_columns_for(fitted: tuple[Path, Result]) -> None:
    model, said = fitted
    assert "What the columns were taken for" in said.stderr
    assert said.stderr.index("What the columns") < said.stderr.index("Training VAE on 80 rows")
    kinds = {
        "country": "category", "celsius": "number", "visits": "count", "since": "date",
        "zip": "category",
    }  # fmt: skip
    assert load(model).adapter_.kinds_ == kinds
    assert told("info", model)["kinds"] == kinds
    assert told("info", model)["columns"] == 5
    assert "RU" in (model / "report.html").read_text("utf-8")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_go_in_and_come_out_as_they_are(
    room: Path, fitted: tuple[Path, Result], ending: str, tmp_path: Path
) -> None:
    model, data = fitted[0], room / f"people.{ending}"
    assert told("encode", data, "-m", model)["rows"] == N
    assert len(told("score", data, "-m", model)["scores"]) == N
    for command in (("reconstruct", data), ("sample", N), ("interpolate", data, 0, 1)):
        isthmus(*command, "-m", model, "-o", tmp_path / f"made.{ending}")
        made = files.read(tmp_path / f"made.{ending}")
        assert isinstance(made, pd.DataFrame)
        assert made.dtypes.equals(files.read(room / "people.csv")[made.columns].dtypes)
        assert list(made) == ["country", "celsius", "visits", "since", "zip"]
        assert made.notna().all(axis=None)


def test_rows_are_shown(fitted: tuple[Path, Result]) -> None:
    shown = isthmus("sample", 3, "-m", fitted[0]).stdout
    assert "2024-" in shown
    assert told("sample", 3, "-m", fitted[0])["columns"] == [*PEOPLE.columns[[0, 1, 2, 4, 5]]]


def test_what_will_not_do_is_told_with_the_option_that_helps(
    room: Path, fitted: tuple[Path, Result], tmp_path: Path
) -> None:
    said = isthmus("fit", room / "people.csv", "-o", tmp_path / "m", code=1).stderr
    assert "Column name holds 80 different texts" in said
    assert "--drop COLUMN leaves a column out, --kind COLUMN=KIND says what it is" in said
    said = isthmus("sample", 3, "-m", fitted[0], "-o", tmp_path / "x.npy", code=2).stderr
    assert "name a .csv or .parquet file" in " ".join(said.replace("│", " ").split())
    PEOPLE.assign(visits="many").to_csv(tmp_path / "text.csv", index=False)
    said = isthmus("encode", tmp_path / "text.csv", "-m", fitted[0], code=1).stderr
    assert "visits held numbers in fit, and now holds texts" in said
    np.save(tmp_path / "array.npy", np.zeros((3, 5)))
    said = isthmus("score", tmp_path / "array.npy", "-m", fitted[0], code=1).stderr
    assert "holds an array; the model was fitted to a table" in said


def test_dates_in_a_csv_are_dates_and_other_texts_stay(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "day,when,broken,code,empty\n"
        "2024-05-17,2024-05-17 12:30,2024-05-17,2024-X,\n"
        ",2024-05-18 13:00,tomorrow,2024-Y,\n"
    )
    found = files.read(tmp_path / "t.csv")
    assert [found[name].dtype.kind for name in ("day", "when")] == ["M", "M"]
    assert found["broken"].tolist() == ["2024-05-17", "tomorrow"]
    assert found["code"].tolist() == ["2024-X", "2024-Y"]
