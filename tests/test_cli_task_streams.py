"""Tasks on a folder of Parquet files: learned from some rows, done part by part."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from isthmus import Shards, load
from isthmus.cli.commands import app

TINY = "DenoisingAutoencoder(latent_dim=4, epochs=2, backbone=Dense((8,)), verbose=False)"
STRANGE = 130


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("room")
    rng = np.random.default_rng(0)
    a = rng.normal(size=200)
    frame = pd.DataFrame({"id": [f"row {at}" for at in range(200)], "a": a, "b": 2 * a})
    frame["kind"] = np.where(a > 0, "above", "below")
    frame.loc[STRANGE, "b"] = 40.0
    (room / "rows").mkdir()
    frame.iloc[:100].to_parquet(room / "rows" / "0.parquet", row_group_size=40)
    frame.iloc[100:].to_parquet(room / "rows" / "1.parquet", row_group_size=40)
    holed = frame.mask(rng.random(frame.shape) < 0.1).assign(id=frame["id"])
    (room / "holed").mkdir()
    holed.to_parquet(room / "holed" / "0.parquet", row_group_size=50)
    (room / "arrays").mkdir()
    for part in range(2):
        np.save(room / "arrays" / f"{part}.npy", rng.normal(size=(60, 3)))
    return room


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else " ".join(done.output.replace("│", " ").split())


def test_anomalies_of_a_folder_are_those_of_its_rows(out):
    learn = ("--drop", "id", "--network", TINY, "--save", out / "detector")
    told = json.loads(run("detect", "rows", *learn, "--out", out / "told", "--json"))
    made = Shards(out / "told")
    assert [len(each) for each in made] == [40, 40, 20] * 2
    whole = pd.concat(list(made), ignore_index=True)
    assert told["strangest"][0]["row"] == str(STRANGE) == str(whole["score"].idxmin())
    assert "b 40" in whole["reason"][STRANGE]
    assert (told["rows"], told["anomalies"]) == (200, whole["outlier"].sum())
    assert list(whole.columns) == ["id", "a", "b", "kind", "score", "outlier", "reason"]
    rows = pd.concat(list(Shards("rows")), ignore_index=True)
    detector = load(out / "detector")
    np.testing.assert_allclose(whole["score"], detector.score_samples(rows[["a", "b", "kind"]]))
    again = json.loads(run("detect", "rows", "-m", out / "detector", "--lowest", 3, "--json"))
    assert again["strangest"] == told["strangest"][:3]


def test_arrays_become_arrays(out):
    run("detect", "arrays", "--network", TINY, "--out", out / "told")
    assert [each.shape for each in Shards(out / "told")] == [(60, 2)] * 2


def test_holes_of_a_folder_are_filled(out):
    learn = ("--drop", "id", "--network", TINY, "--save", out / "imputer")
    told = json.loads(run("impute", "holed", *learn, "--out", out / "full", "--json"))
    before, after = (
        pd.concat(list(Shards(each)), ignore_index=True) for each in ("holed", out / "full")
    )
    known = before.notna()
    assert after.where(known).equals(before.where(known))
    assert not after.isna().to_numpy().any()
    assert told["filled"] == told["holes"] == int((~known).to_numpy().sum())
    run("impute", "holed", "-m", out / "imputer", "--out", out / "again")
    assert pd.concat(list(Shards(out / "again")), ignore_index=True).equals(after)


def test_what_a_folder_is_not_for(out):
    assert "name a folder" in run("detect", "rows", "-o", out / "told.csv", code=2)
    assert "whole table" in run("detect", "rows", "--report", out / "page.html", code=2)
    assert "whole table" in run("impute", "holed", "--draws", 2, "-o", out / "many", code=2)
    assert "folder that the tables go to" in run("impute", "holed", code=2)
    assert "exists; nothing was done" in run("detect", "rows", "-o", "arrays", code=1)
