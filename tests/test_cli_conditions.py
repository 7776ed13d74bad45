"""Conditions on the command line: fitting with them, asking for them, changing them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from test_cli import isthmus, one_line, told

KINDS = ["setosa", "versicolor", "virginica"]
IRIS: pd.DataFrame = load_iris(as_frame=True).data.set_axis(["a", "b", "c", "d"], axis=1)
TABLE = IRIS.assign(species=np.repeat(KINDS, 50), ripe=np.arange(150) / 150)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and a model of its numbers given the kind."""
    room = tmp_path_factory.mktemp("conditions")
    TABLE.to_csv(room / "iris.csv", index=False)
    isthmus(
        "fit", room / "iris.csv", "--family", "conditional", "--condition", "species", "--drop",
        "ripe", "--latent-dim", 1, "--epochs", 60, "--learning-rate", "1e-2", "-o", room / "model",
    )  # fmt: skip
    return room


def test_rows_of_a_given_kind(room: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        out = tmp_path / f"{kind}.csv"
        given = ("--condition", f"species={kind}")
        isthmus("sample", 100, "-m", room / "model", *given, "-o", out)
        made, real = pd.read_csv(out).mean(), TABLE[TABLE.species == kind][[*"abcd"]].mean()
        assert (made - real).abs().max() < 0.5


def test_rows_made_over_into_another_kind(room: Path, tmp_path: Path) -> None:
    out = tmp_path / "changed.csv"
    isthmus("change", room / "iris.csv", "-m", room / "model", "--to", "species=setosa", "-o", out)
    setosa = TABLE[TABLE.species == "setosa"][[*"abcd"]].mean()
    assert (pd.read_csv(out).mean() - setosa).abs().max() < 0.7


def test_the_condition_is_read_from_the_table_where_it_is_there(room: Path) -> None:
    with_it = told("score", room / "iris.csv", "-m", room / "model")
    TABLE.drop(columns="species").to_csv(room / "unknown.csv", index=False)
    without = told("score", room / "unknown.csv", "-m", room / "model")
    assert with_it["mean"] > without["mean"]


def test_the_report_is_coloured_by_the_condition(room: Path) -> None:
    assert "virginica" in (room / "model" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("fit {room}/iris.csv --family conditional -o {out}", 2, "name its column, or columns"),
        ("fit {room}/iris.csv --condition species -o {out}", 2, "VAE takes no condition"),
        ("fit {room}/iris.csv --family conditional --condition kind -o {out}", 1,
         "has no column kind; it has a, b, c, d, species, ripe"),
        ("sample 2 -m {room}/model --condition species", 1, "expected species=VALUE"),
        ("sample 2 -m {room}/model --condition species=rose", 1, "expected one of 'setosa'"),
        ("change {room}/iris.csv -m {room}/model --to kind=rose", 1, "expected species=VALUE"),
    ],
)  # fmt: skip
def test_what_will_not_do_is_refused(
    room: Path, tmp_path: Path, command: str, code: int, said: str
) -> None:
    arguments = command.format(room=room, out=tmp_path / "out").split()
    assert said in one_line(isthmus(*arguments, code=code).output)
    assert list(tmp_path.iterdir()) == []
