"""compress and decompress, as people meet them: the very bytes come back."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from isthmus import VAE, Dense
from isthmus.cli.files import read
from shell import isthmus

DARK = load_digits().images > 8


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
    (room / "quoted.csv").write_text(text.replace("baker", '"baker"').replace("age", '"age"'))
    (room / "uneven.csv").write_bytes(text.encode().replace(b"\n", b"\r\n", 3) + b"\n\n")
    (room / "blank.csv").write_text(text + "\n\n")
    table.assign(day="unseen").to_csv(room / "more.csv")
    table.assign(day="unseen").to_parquet(room / "more.parquet")
    np.save(room / "dark.npy", DARK)
    np.save(room / "turned.npy", np.asfortranarray(DARK))
    bits = pd.DataFrame(DARK.reshape(-1, 64)[:200, 20:26].astype(int), columns=list("abcdef"))
    bits.to_csv(room / "bits.csv")
    bits.to_csv(room / "plain.csv", index=False)
    usual = {"latent_dim": 2, "backbone": Dense((16,)), "epochs": 3, "random_state": 0}
    VAE(**usual).fit(read(room / "people.csv")).save(room / "people")
    VAE(**usual).fit(DARK).save(room / "dark")
    VAE(**usual).fit(read(room / "plain.csv")).save(room / "bits")
    return room


@pytest.mark.parametrize(
    ("file", "model"),
    [
        *((f"{name}.csv", "people") for name in ("people", "spaced", "quoted", "blank", "more")),
        *((f"{name}.csv", "bits") for name in ("bits", "plain")),
        ("dark.npy", "dark"),
        ("turned.npy", "dark"),
    ],
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


def test_columns_that_the_model_does_not_know_come_back_from_parquet(room, tmp_path):
    code, back = tmp_path / "code", tmp_path / "back.parquet"
    said = isthmus("compress", room / "more.parquet", "-m", room / "people", "-o", code).stderr
    assert "may change" in said
    isthmus("decompress", code, "-m", room / "people", "-o", back)
    pd.testing.assert_frame_equal(pd.read_parquet(back), pd.read_parquet(room / "more.parquet"))


def test_a_file_is_not_written_over_itself(room, tmp_path):
    path = tmp_path / "dark.npy"
    path.write_bytes((room / "dark.npy").read_bytes())
    said = isthmus("compress", path, "-m", room / "dark", "-o", path, code=1).stderr
    assert "exists; nothing was written" in said
    assert path.read_bytes() == (room / "dark.npy").read_bytes()


def test_a_layout_that_would_not_come_back_is_refused(room, tmp_path):
    said = isthmus(
        "compress", room / "uneven.csv", "-m", room / "people", "-o", tmp_path / "code", code=1
    ).stderr
    assert "laid out in a way" in said
    assert not list(tmp_path.iterdir())


def test_a_folder_is_refused(room, tmp_path):
    said = isthmus("compress", tmp_path, "-m", room / "dark", "-o", tmp_path / "code", code=1)
    assert "is a folder" in said.stderr
