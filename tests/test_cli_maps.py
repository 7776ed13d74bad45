"""map and film, as people and programs meet them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from typer.testing import Result

from isthmus import VAE, AnomalyDetector, Atlas, Dense, load
from shell import isthmus

IRIS = load_iris(as_frame=True).frame
SMALL: dict[str, Any] = {"backbone": Dense((16,)), "epochs": 4, "random_state": 0}
NETWORK = "VAE(latent_dim=2, epochs=3, backbone=Dense((8,)), verbose=False)"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("room")
    IRIS.to_csv(room / "iris.csv", index=False)
    own = IRIS.drop(columns="target")
    VAE(latent_dim=3, verbose=False, **SMALL).fit(own).save(room / "model")
    AnomalyDetector(random_state=0).fit(own).save(room / "detector")
    return room


def said(result: Result) -> str:
    return " ".join(result.output.replace("│", " ").split())


def test_a_map_is_drawn_kept_and_added_to(room: Path, tmp_path: Path) -> None:
    model, data = room / "model", room / "iris.csv"
    page, kept = tmp_path / "iris.html", tmp_path / "atlas"
    told = isthmus(
        "map", data, "-m", model, "-o", page, "--label", "target", "--save", kept, "--json"
    )
    facts = json.loads(told.stdout)
    assert facts["rows"] == 150
    assert facts["map"] == page.as_posix()
    assert 1 < facts["intrinsic_dimension"] < 4
    assert '"target"' in page.read_text("utf-8")
    IRIS.iloc[:20].to_csv(tmp_path / "few.csv", index=False)
    isthmus("map", tmp_path / "few.csv", "-m", kept, "-o", tmp_path / "few.html")
    assert "trustworthiness to the codes" in (tmp_path / "few.html").read_text("utf-8")
    atlas = load(kept)
    assert isinstance(atlas, Atlas)
    assert np.array_equal(atlas.transform(IRIS.drop(columns="target")), atlas.embedding_)


def test_a_film_is_shot(room: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "film.gif", tmp_path / "film.html", tmp_path / "frames"):
        command = ["film", room / "iris.csv", "-o", out, "--network", NETWORK]
        told = isthmus(*command, "--label", "target", "--frames", 3, "--json")
        facts = json.loads(told.stdout)
        assert (facts["frames"], facts["epochs"]) == (3, 3.0)
        assert out.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["map", "iris.csv", "-m", "model", "-o", "x.png"], 2, "expected a file ending in .html"),
        (
            ["map", "iris.csv", "-m", "model", "-o", "x.html", "--method", "umap"],
            2,
            "tsne or codes",
        ),
        (["map", "iris.csv", "-m", "detector", "-o", "x.html"], 1, "expected an Atlas"),
        (
            ["map", "iris.csv", "-m", "model", "-o", "x.html", "--label", "kind"],
            1,
            "no column kind",
        ),
        (["film", "iris.csv", "-o", "x.mp4"], 2, "expected .gif, .html, or a folder"),
        (["film", "iris.csv", "-o", "model"], 2, "not an empty folder"),
        (["film", "iris.csv", "-o", "x.gif", "--network", "Nothing()"], 2, "Nothing"),
        (["film", "none.csv", "-o", "x.gif"], 1, "does not exist"),
    ],
)
def test_what_will_not_do_is_told_before_any_work(
    room: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, told: str
) -> None:
    monkeypatch.chdir(room)
    before = sorted(room.rglob("*"))
    assert told in said(isthmus(*arguments, code=code))
    assert sorted(room.rglob("*")) == before


def test_a_folder_that_is_a_map_is_no_model(room: Path, tmp_path: Path) -> None:
    data = room / "iris.csv"
    page = tmp_path / "iris.html"
    given = ["-m", room / "model", "-o", page, "--method", "codes"]
    isthmus("map", data, *given, "--save", tmp_path / "atlas")
    told = isthmus("encode", data, "-m", tmp_path / "atlas", code=1)
    assert "isthmus map" in said(told)
    assert pd.read_csv(data).shape == IRIS.shape
