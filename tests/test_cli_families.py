"""Every family from the command line: fit, with its report, and every command on the model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from typer.testing import CliRunner

from isthmus.catalogue import FAMILIES
from isthmus.cli.commands import app
from test_cli import isthmus, one_line, told

IRIS: pd.DataFrame = load_iris(as_frame=True).data.set_axis(["a", "b", "c", "d"], axis=1)[::3]
KINDS = np.repeat(["setosa", "versicolor", "virginica"], 50)[::3]
DIGITS: np.ndarray = load_digits().images[:40]
WAVES = np.random.default_rng(0).normal(size=(30, 12, 2)).cumsum(1)
SMALL = {"KSparseAutoencoder": ("--latent-dim", 8, "--k", 2), "VQVAE": ("--codes", 8)}
OWN = {"StackedAutoencoder": ("--pretraining-epochs", 1)}
QUICK = ("--epochs", 1, "--quiet")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, pictures and series, and a model of series."""
    room = tmp_path_factory.mktemp("families")
    IRIS.assign(kind=KINDS).to_csv(room / "iris.csv", index=False)
    np.save(room / "digits.npy", DIGITS)
    np.save(room / "waves.npy", WAVES)
    isthmus(
        "fit", room / "waves.npy", "--backbone", "LSTM(8)", "--latent-dim", 2, "-o",
        room / "waves", *QUICK,
    )  # fmt: skip
    return room


def fields(family: str) -> tuple[Any, ...]:
    small = () if family == "Composed" else SMALL.get(family, ("--latent-dim", 2))
    return "--family", family, *small, *OWN.get(family, ()), *QUICK


@pytest.mark.parametrize("family", FAMILIES)
def test_a_table_goes_through_every_command(family: str, room: Path, tmp_path: Path) -> None:
    data, model = room / "iris.csv", tmp_path / "model"
    role = "--condition" if FAMILIES[family].conditional else "--label"
    assert told("fit", data, role, "kind", "-o", model, *fields(family))["family"] == family
    assert len((model / "report.html").read_bytes()) < 1_000_000
    codes = told("encode", data, "-m", model)
    assert told("info", model)["code_size"] == len(codes["columns"])
    assert np.shape(told("reconstruct", data, "-m", model)["values"]) == (50, 4)
    assert len(told("score", data, "-m", model)["scores"]) == 50
    assert np.shape(told("interpolate", data, 0, 1, "-m", model)["values"]) == (10, 4)
    near = told("sample", 3, "-m", model, "--near", 0, data)
    assert np.shape(near["values"]) == (3, 4)


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_are_drawn_from_a_prior_or_refused(family: str, room: Path, tmp_path: Path) -> None:
    cls = FAMILIES[family]
    model = cls(epochs=1, random_state=0, verbose=False)
    model.fit(IRIS, KINDS if cls.conditional else None).save(tmp_path / "model")
    if model.objective_.fits_prior:
        assert told("sample", 3, "-m", tmp_path / "model")["rows"] == 3
    else:
        said = one_line(isthmus("sample", 3, "-m", tmp_path / "model", code=1).stderr)
        assert "not trained to match a prior" in said


@pytest.mark.parametrize("family", ["VQVAE", "KSparseAutoencoder", "Autoencoder"])
def test_pictures_are_fitted_and_reported(family: str, room: Path, tmp_path: Path) -> None:
    facts = told("fit", room / "digits.npy", "-o", tmp_path / "m", *fields(family))
    assert facts["shape"] == [1, 8, 8]
    assert (tmp_path / "m" / "report.html").stat().st_size < 1_000_000


@pytest.mark.parametrize("family", ["VQVAE", "KSparseAutoencoder", "Autoencoder", "VAE"])
def test_series_are_fitted_and_reported(family: str, room: Path, tmp_path: Path) -> None:
    given = ("--adapter", "Sequences()", "-o", tmp_path / "m", *fields(family))
    assert told("fit", room / "waves.npy", *given)["shape"] == [2, 12]
    assert (tmp_path / "m" / "report.html").stat().st_size < 1_000_000


def test_series_come_back_as_series(room: Path, tmp_path: Path) -> None:
    data, model, out = room / "waves.npy", ("-m", room / "waves"), tmp_path / "out.npy"
    for command, shape in (
        (("reconstruct", data), (30, 12, 2)),
        (("sample", 3), (3, 12, 2)),
        (("sample", 3, "--near", 0, data), (3, 12, 2)),
        (("interpolate", data, 0, 1, "--steps", 4), (4, 12, 2)),
    ):
        facts = told(*command, *model, "-o", out)
        assert (facts["rows"], *facts["shape"]) == np.load(out).shape == shape
    assert np.shape(told("encode", data, *model)["values"]) == (30, 2)
    assert told("score", data, *model)["rows"] == 30
    assert "report" in told("report", room / "waves", data, "-o", tmp_path / "again.html")


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("sample 2 -m {room}/waves", 2, "makes series, which a terminal can't show: name a .npy"),
        ("sample 2 -m {room}/waves -o {out}.csv", 2, "Series don't go into a file that ends in"),
        ("encode {room}/iris.csv -m {room}/waves", 1, "holds a table; the model was fitted to ser"),
        ("encode {room}/digits.npy -m {room}/waves", 1, "Series of 8 channels were given"),
        ("fit {room}/iris.csv --adapter Sequences() -o {out}", 1, "expected series of numbers"),
    ],
)
def test_what_is_no_series_is_refused(
    command: str, code: int, said: str, room: Path, tmp_path: Path
) -> None:
    arguments = command.format(room=room, out=tmp_path / "out").split()
    if arguments[0] == "fit":
        arguments += ["--drop", "kind"]
    assert said in one_line(isthmus(*arguments, code=code).output)
    assert list(tmp_path.iterdir()) == []


def test_families_can_be_read_on_a_narrow_screen() -> None:
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["families"]).stdout.splitlines()
    listed = told("families")["families"]
    assert {each["family"] for each in listed} == set(FAMILIES)
    for each in listed:
        start = f"{each['family']} "
        line = next(line for line in shown if line.startswith(start))
        assert line.endswith(f"{each['equation']} over {each['latent']}")
    assert max(map(len, shown)) <= 80
    assert next(each["family"] for each in listed) == "Autoencoder"
