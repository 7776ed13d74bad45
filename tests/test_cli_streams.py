"""Commands on a folder of Parquet files: read, and written, a part at a time."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture
from typer.testing import CliRunner

from isthmus import Shards, load
from isthmus.cli import streams
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


def test_no_part_is_written_among_what_is_read(folder):
    run("fit", "rows", "--drop", "kind", "--epochs", "1", "-o", "model")
    assert "elsewhere" in run("encode", "rows", "-m", "model", "-o", "rows/codes", code=2)
    assert not (folder / "rows" / "codes").exists()


def test_many_pictures_are_learned_from_in_shards(folder, monkeypatch):
    monkeypatch.setattr("isthmus.shards.SAMPLED", 16)
    (folder / "pictures").mkdir()
    for place in range(40):
        grey = np.random.default_rng(place).integers(0, 256, (6, 5), np.uint8)
        Picture.fromarray(grey).save(folder / "pictures" / f"{place:02}.png")
    assert streams.are_many(folder / "pictures")
    said = run("fit", "pictures", "--epochs", "1", "--label", "folder", "-o", "model", "--json")
    assert '"rows": 40' in said
    assert load(folder / "model").transform(folder / "pictures").shape[0] == 40


def test_conditions_are_columns_of_the_folder(folder):
    made = ("--family", "conditionalvae", "--condition", "kind", "--epochs", "1", "-o", "model")
    run("fit", "rows", *made)
    run("sample", "3", "-m", "model", "--condition", "kind=above", "-o", "new.csv")
    assert list(pd.read_csv(folder / "new.csv").columns)[-3:] == ["a", "b", "c"]
