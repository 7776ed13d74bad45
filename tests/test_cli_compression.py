"""compress and decompress, as people meet them: the very bytes come back."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from isthmus import VAE, Dense
from isthmus.cli.commands import app
from isthmus.cli.files import read

DARK = load_digits().images > 8


def isthmus(*arguments, code=0):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = tmp_path_factory.mktemp("room")
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": draw.integers(18, 90, 300),
            "weight": draw.normal(70, 9, 300).round(1),
            "job": draw.choice(["baker", "smith, senior", ""], 300),
        }
    )
    table.to_csv(room / "people.csv", index=False)
    text = (room / "people.csv").read_text()
    (room / "spaced.csv").write_bytes(text.replace("\n", "\r\n").rstrip().encode("utf-8-sig"))
    (room / "quoted.csv").write_text(text.replace("baker", '"baker"'))
    np.save(room / "dark.npy", DARK)
    usual = {"latent_dim": 2, "backbone": Dense((16,)), "epochs": 3, "random_state": 0}
    VAE(**usual).fit(read(room / "people.csv")).save(room / "people")
    VAE(**usual).fit(DARK).save(room / "dark")
    return room


@pytest.mark.parametrize(
    ("file", "model"), [("people.csv", "people"), ("spaced.csv", "people"), ("dark.npy", "dark")]
)
def test_the_very_bytes_come_back(room, tmp_path, file, model):
    path, code, back = room / file, tmp_path / "code", tmp_path / file
    said = isthmus("compress", path, "-m", room / model, "-o", code, "--json")
    facts = json.loads(said.stdout)
    assert facts["bytes_before"] == path.stat().st_size
    assert facts["bytes_after"] == code.stat().st_size < path.stat().st_size
    isthmus("decompress", code, "-m", room / model, "-o", back)
    assert back.read_bytes() == path.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["code", file])


def test_files_are_named_after_one_another(room, tmp_path):
    path = tmp_path / "dark.npy"
    path.write_bytes((room / "dark.npy").read_bytes())
    isthmus("compress", path, "-m", room / "dark")
    code = tmp_path / "dark.npy.isthmus"
    said = isthmus("decompress", code, "-m", room / "dark", code=1).stderr
    assert "exists; nothing was written" in said
    path.unlink()
    isthmus("decompress", code, "-m", room / "dark")
    assert path.read_bytes() == (room / "dark.npy").read_bytes()


def damaged(code: Path) -> bytes:
    found = bytearray(code.read_bytes())
    found[len(found) // 2] ^= 4
    return bytes(found)


@pytest.mark.parametrize(
    ("change", "model", "said"),
    [
        (damaged, "dark", "damaged"),
        (lambda code: code.read_bytes()[:-5], "dark", "cut short"),
        (lambda code: b"PK\x03\x04 and more of it", "dark", "begins otherwise"),
        (lambda code: code.read_bytes(), "people", "another model"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_and_nothing_is_written(
    room, tmp_path, change, model, said
):
    code = tmp_path / "code"
    isthmus("compress", room / "dark.npy", "-m", room / "dark", "-o", code)
    code.write_bytes(change(code))
    result = isthmus("decompress", code, "-m", room / model, "-o", tmp_path / "back.npy", code=1)
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["code"]


def test_a_layout_that_would_not_come_back_is_refused(room, tmp_path):
    said = isthmus(
        "compress", room / "quoted.csv", "-m", room / "people", "-o", tmp_path / "code", code=1
    ).stderr
    assert "laid out in a way" in said
    assert not list(tmp_path.iterdir())


def test_a_folder_is_refused(room, tmp_path):
    said = isthmus("compress", tmp_path, "-m", room / "dark", "-o", tmp_path / "code", code=1)
    assert "is a folder" in said.stderr
