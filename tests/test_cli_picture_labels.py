"""--label, for folders of pictures: by the folders in it, or by a table beside it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from isthmus import VAE, Dense
from isthmus.adapters import files_in
from isthmus.cli.picture_labels import labels_of
from isthmus.errors import DataError
from shell import isthmus

KINDS = ("cat", "dog")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("room")
    rng = np.random.default_rng(0)
    for place in range(12):
        path = room / "pictures" / KINDS[place % 2] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (4, 4), dtype=np.uint8)).save(path)
    files = [path.relative_to(room / "pictures").as_posix() for path in pictures(room)]
    table = pd.DataFrame({"file": files, "age": range(12)})
    table.to_csv(room / "ages.csv", index=False)
    table.assign(file=table["file"].str.rpartition("/")[2]).to_csv(room / "bare.csv", index=False)
    table[:7].to_csv(room / "few.csv", index=False)
    return room


def pictures(room: Path) -> list[Path]:
    return list(files_in(room / "pictures").paths)


def test_a_label_is_the_folders_name_or_a_column(room: Path) -> None:
    found, root = files_in(room / "pictures"), room / "pictures"
    assert labels_of(found, "folder", root).tolist() == ["cat"] * 6 + ["dog"] * 6
    for table in ("ages", "bare"):
        assert labels_of(found, f"{room / table}.csv:age", root).tolist() == list(range(12))


def test_maps_and_films_of_pictures_are_coloured(room: Path, tmp_path: Path) -> None:
    X = np.stack([np.asarray(Image.open(path)) for path in pictures(room)])
    how = {"latent_dim": 2, "epochs": 2, "backbone": Dense((8,)), "verbose": False}
    VAE(**how).fit(X).save(tmp_path / "model")
    page, data = tmp_path / "map.html", room / "pictures"
    isthmus("map", data, "-m", tmp_path / "model", "-o", page, "--method", "codes",
            "--label", "folder")  # fmt: skip
    assert '"dog"' in page.read_text("utf-8")
    film = tmp_path / "film.html"
    told = isthmus("film", data, "-o", film, "--label", f"{room / 'ages.csv'}:age", "--frames", 2,
                   "--network", VAE(**how), "--json")  # fmt: skip
    assert json.loads(told.stdout)["rows"] == 12


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("kind", "expected 'folder'"),
        ("{room}/ages.csv:kind", "has no column 'kind'"),
        ("{room}/ages.csv:file", "it has age"),
        ("{room}/none.csv:age", "does not exist"),
        ("{room}/few.csv:age", "has no row for 5 of 12 pictures: dog/11.png"),
    ],
)
def test_labels_that_are_not_there_are_told(room: Path, label: str, told: str) -> None:
    out = isthmus("film", room / "pictures", "-o", room / "x.gif", "--label",
                  label.format(room=room), code=1).output  # fmt: skip
    assert told in " ".join(out.replace("│", " ").split())


def test_a_name_that_is_that_of_several_is_told(tmp_path: Path) -> None:
    for folder in KINDS:
        (tmp_path / folder).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / folder / "0.png")
    table = tmp_path / "ages.csv"
    for names, told in ((["0.png"], "2 pictures are called so"), (["0.png"] * 2, "several rows")):
        pd.DataFrame({"file": names, "age": range(len(names))}).to_csv(table, index=False)
        with pytest.raises(DataError, match=told):
            labels_of(files_in(tmp_path), f"{table}:age", tmp_path)
