"""Commands on a folder of Parquet files: read, and written, a part at a time."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from isthmus import Shards, load
from isthmus.cli.commands import app


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows").mkdir()
    for part in range(2):
        rows = np.random.default_rng(part).normal(size=(150, 3))
        frame = pd.DataFrame(rows, columns=["a", "b", "c"])
        frame["kind"] = np.where(frame["a"] > 0, "above", "below")
        frame.to_parquet(tmp_path / "rows" / f"{part}.parquet", row_group_size=50)
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == code, done.output
    return done.output


def test_a_folder_of_tables_goes_in_and_out_in_parts(folder):
    settings = ("--epochs", "2", "--latent-dim", "2", "--random-state", "0")
    said = run("fit", "rows", "--label", "kind", *settings, "-o", "model", "--json")
    assert '"rows": 300' in said
    model = load(folder / "model")
    for command in ("encode", "reconstruct", "score"):
        run(command, "rows", "-m", "model", "-o", command)
        assert [len(each) for each in Shards(folder / command)] == [50] * 6
    known = pd.read_parquet(folder / "rows" / "0.parquet")[["a", "b", "c"]]
    first = pd.read_parquet(folder / "score" / "part-00000.parquet")["score"]
    np.testing.assert_allclose(first, model.score_samples(known[:50]), rtol=1e-6)


def test_what_comes_of_a_folder_goes_to_a_folder(folder):
    run("fit", "rows", "--drop", "kind", "--epochs", "1", "-o", "model")
    said = run("encode", "rows", "-m", "model", "-o", "codes.csv", code=2)
    assert "name a folder" in " ".join(said.replace("│", " ").split())
    run("encode", "rows", "-m", "model", "-o", "rows", code=1)


def test_conditions_are_columns_of_the_folder(folder):
    made = ("--family", "conditionalvae", "--condition", "kind", "--epochs", "1", "-o", "model")
    run("fit", "rows", *made)
    run("sample", "3", "-m", "model", "--condition", "kind=above", "-o", "new.csv")
    assert list(pd.read_csv(folder / "new.csv").columns)[-3:] == ["a", "b", "c"]
