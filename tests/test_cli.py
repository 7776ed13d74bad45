"""The command line, as people and programs meet it."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris

from isthmus import VAE, __version__, load
from isthmus.cli import demonstration, files, jobs
from shell import isthmus

IRIS: pd.DataFrame = load_iris(as_frame=True).data.set_axis(["a", "b", "c", "d"], axis=1)
SPECIES: pd.Series = load_iris(as_frame=True).target.map(
    {0: "setosa", 1: "versicolor", 2: "virginica"}
)
DIGITS: np.ndarray = load_digits().images[:60]
QUICK = ("--epochs", "2", "--latent-dim", "2")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, and a model of each kind."""
    room = tmp_path_factory.mktemp("room")
    IRIS.assign(species=SPECIES).to_csv(room / "iris.csv", index=False)
    np.save(room / "iris.npy", IRIS.to_numpy())
    np.save(room / "digits.npy", DIGITS)
    files.write_pictures(room / "pictures", DIGITS[:20], (0, 16))
    VAE(latent_dim=2, epochs=2, random_state=0).fit(IRIS).save(room / "table")
    VAE(latent_dim=2, epochs=2, random_state=0).fit(DIGITS).save(room / "digits")
    VAE(latent_dim=2, epochs=2, random_state=0).fit(room / "pictures").save(room / "shots")
    return room


def told(*arguments: object) -> dict[str, Any]:
    """Return the one JSON object that a command prints."""
    return json.loads(isthmus(*arguments, "--json").stdout)


def one_line(text: str) -> str:
    """Return a message without the frame and the lines that a terminal gives it."""
    return " ".join(text.replace("│", " ").split())


def test_fit_writes_a_model_and_its_report(out: Path) -> None:
    result = isthmus("fit", "iris.csv", "--label", "species", "--out", out / "m", *QUICK)
    assert sorted(each.name for each in (out / "m").iterdir()) == [
        "model.json", "report.html", "weights.safetensors",
    ]  # fmt: skip
    assert "setosa" in (out / "m" / "report.html").read_text("utf-8")
    same = VAE(latent_dim=2, epochs=2, random_state=0).fit(IRIS)
    assert np.array_equal(load(out / "m").transform(IRIS), same.transform(IRIS))
    assert f"model: {out / 'm'}" in result.stdout
    assert "NLL() + KL()" in result.stdout
    assert "Training VAE on 150 rows of iris.csv." in result.stderr
    assert str(out) not in (out / "m" / "model.json").read_text("utf-8")


def test_fit_tells_a_program_what_it_did(out: Path) -> None:
    facts = told("fit", "iris.csv", "--drop", "species", "-o", out / "m", *QUICK)
    history = load(out / "m").history_
    assert facts["model"] == (out / "m").as_posix()
    assert facts["report"] == (out / "m" / "report.html").as_posix()
    assert (facts["rows"], facts["columns"], facts["family"]) == (150, 4, "VAE")
    assert facts["best_validation_loss"] == history.rows[history.best - 1]["validation_loss"]


def test_fit_takes_any_family_and_its_fields(out: Path) -> None:
    facts = told(
        "fit", "digits.npy", "--family", "composed", "--latent", "Gaussian(3)", "--epochs", 1,
        "--objective", "NLL() + 4*KL()", "--backbone", "Dense((8,), activation='tanh')",
        "--likelihood", "Bernoulli()", "--out", out / "m", "--quiet",
    )  # fmt: skip
    assert (facts["equation"], facts["latent"]) == ("NLL() + 4 * KL()", "Gaussian(3)")
    assert facts["shape"] == [1, 8, 8]
    assert load(out / "m").transform(DIGITS).shape == (60, 3)


def test_fit_names_the_model_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    IRIS.to_parquet(tmp_path / "iris.parquet")
    monkeypatch.chdir(tmp_path)
    isthmus("fit", "iris.parquet", "--family", "linear", "--epochs", 1)
    isthmus("fit", "iris.parquet", "--family", "linear", "--epochs", 2)  # replaces its own
    assert len(load("iris-linearautoencoder").history_.rows) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_fit_reads_a_folder_of_pictures(out: Path) -> None:
    facts = told("fit", "pictures", "--out", out / "m", *QUICK)
    assert (facts["rows"], facts["shape"]) == (20, [1, 8, 8])


def test_one_row_is_too_few_to_begin(out: Path) -> None:
    IRIS[:1].to_csv(out / "one.csv", index=False)
    said = isthmus("fit", out / "one.csv", "-o", out / "m", code=1).stderr
    assert "needs at least 2" in said
    assert "Training" not in said


def test_a_model_that_is_replaced_is_named(out: Path) -> None:
    command = ("fit", "iris.npy", "-o", out / "m", *QUICK)
    assert "There is a model" not in isthmus(*command).stderr
    assert f"There is a model in {out / 'm'}; the new one" in isthmus(*command).stderr


def test_two_runs_are_kept_apart(out: Path) -> None:
    with jobs._held(out / ".m.training", out / "m"):
        said = isthmus("fit", "iris.npy", "-o", out / "m", *QUICK, code=1).stderr
    assert f"Another fit is writing to {out / 'm'}" in said
    isthmus("fit", "iris.npy", "-o", out / "m", *QUICK)


def test_fit_speaks_as_the_shell_does() -> None:
    shown = isthmus("fit", "--help").stdout
    assert "none: chosen from the data" in one_line(shown)
    assert "None:" not in shown


def test_fit_shows_every_field() -> None:
    shown = isthmus("fit", "--help").stdout
    for words in ("--latent-dim", "--objective", "--batch-size", "The weight of the KL term"):
        assert words in shown


def test_codes_go_where_they_are_asked_to(out: Path) -> None:
    expected = load("table").transform(IRIS)
    for name in ("codes.csv", "codes.parquet"):
        result = isthmus("encode", "iris.csv", "-m", "table", "-o", out / name)
        found = files.read(out / name)
        assert list(found.columns) == ["vae0", "vae1"]
        np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-6)
        assert "not fitted to them: species" in result.stderr
    isthmus("encode", "iris.npy", "-m", "table", "-o", out / "codes.npy")
    np.testing.assert_allclose(np.load(out / "codes.npy"), expected, rtol=1e-6)


def test_codes_are_shown_or_told(out: Path) -> None:
    assert "150 rows, 2 columns" in isthmus("encode", "iris.csv", "-m", "table").stdout
    facts = told("encode", "iris.csv", "-m", "table")
    np.testing.assert_allclose(facts["values"], load("table").transform(IRIS), rtol=1e-6)


def test_codes_of_pictures_carry_their_names(out: Path) -> None:
    isthmus("encode", "pictures", "-m", "shots", "-o", out / "codes.csv")
    assert list(files.read(out / "codes.csv")["file"][:2]) == ["00.png", "01.png"]


def test_reconstructions_keep_columns(out: Path) -> None:
    isthmus("reconstruct", "iris.csv", "-m", "table", "-o", out / "again.csv")
    again = load("table").reconstruct(IRIS)
    pd.testing.assert_frame_equal(files.read(out / "again.csv"), again)


def test_reconstructions_of_pictures_keep_names_and_units(out: Path) -> None:
    isthmus("reconstruct", "pictures", "-m", "shots", "-o", out / "again")
    assert [each.name for each in files.read(out / "again").paths][:2] == ["00.png", "01.png"]
    pixels = files.read(out / "again").read((8, 8), grey=True)
    assert np.array_equal(pixels, load("shots").reconstruct("pictures"))
    isthmus("reconstruct", "digits.npy", "-m", "digits", "-o", out / "again.npy")
    assert np.array_equal(np.load(out / "again.npy"), load("digits").reconstruct(DIGITS))


def test_samples_repeat_unless_another_seed_is_given(out: Path) -> None:
    one, two = (told("sample", 5, "-m", "table")["values"] for _ in range(2))
    other = told("sample", 5, "-m", "table", "--random-state", 1)["values"]
    assert one == two != other
    assert np.shape(one) == (5, 4)
    isthmus("sample", 5, "-m", "digits", "-o", out / "sheet.png")
    assert (out / "sheet.png").read_bytes()[1:4] == b"PNG"


def test_samples_near_a_row_begin_with_it(out: Path) -> None:
    near = told("sample", 2, "-m", "table", "--near", 3, "iris.csv", "--radius", 0)["values"]
    expected = load("table").reconstruct(IRIS.iloc[3:4]).to_numpy()
    np.testing.assert_allclose(near, np.repeat(expected, 2, axis=0), rtol=1e-5)


def test_a_walk_begins_and_ends_at_its_rows(out: Path) -> None:
    walk = told("interpolate", "iris.csv", 0, 149, "-m", "table", "--steps", 4)["values"]
    ends = load("table").reconstruct(IRIS).to_numpy()[[0, 149]]
    assert len(walk) == 4
    np.testing.assert_allclose([walk[0], walk[-1]], ends, rtol=1e-5)


def test_scores_name_the_strangest_rows(out: Path) -> None:
    expected = load("table").score_samples(IRIS)
    facts = told("score", "iris.csv", "-m", "table", "--lowest", 3)
    np.testing.assert_allclose(facts["scores"], expected)
    assert [each["row"] for each in facts["strangest"]] == [str(i) for i in expected.argsort()[:3]]
    shown = isthmus("score", "iris.csv", "-m", "table", "-o", out / "scores.csv").stdout
    assert str(expected.argmin()) in shown
    np.testing.assert_allclose(files.read(out / "scores.csv")["score"], expected)


def test_a_report_can_be_had_later(out: Path) -> None:
    page = out / "page.html"
    facts = told("report", "table", "iris.csv", "--label", "species", "-o", page)
    assert facts == {"report": page.as_posix(), "rows": 150}
    assert "virginica" in page.read_text("utf-8")


def test_info_says_what_a_model_is(out: Path) -> None:
    facts = told("info", "table")
    assert facts["column_names"] == ["a", "b", "c", "d"]
    assert (facts["equation"], facts["code_size"], facts["seed"]) == ("NLL() + KL()", 2, 0)
    assert "NLL() + KL()" in isthmus("info", "table").stdout


def test_families_and_version(out: Path) -> None:
    assert "VAE" in {each["family"] for each in told("families")["families"]}
    assert isthmus("--version").stdout == f"isthmus {__version__}\n"


def test_demo_ends_with_the_page_to_open(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "VAE", lambda **fields: VAE(**{**fields, "epochs": 2}))
    shown = isthmus("demo", "--out", out / "demo").stdout
    assert shown.splitlines()[-1] == f"Open {out / 'demo' / 'report.html'} in a browser."
    assert load(out / "demo").transform(DIGITS).shape == (60, 2)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("fit nothing.csv", "nothing.csv does not exist"),
        ("fit iris.csv --kind species=date", "holds texts, and kinds says that it is a date"),
        ("fit iris.csv --kind colour=date", "kinds names 'colour', which is no column"),
        ("fit iris.csv --drop specie", "no column specie; it has a, b, c, d, species (perhaps"),
        ("fit iris.csv --out iris.csv/x", "Can't write iris.csv/x: "),
        ("fit nothing.csv --out /proc/x", "Can't write /proc/x: "),
        ("encode iris.csv -m table -o iris.csv/x.csv", "Can't write iris.csv/x.csv: "),
        ("report table nothing.csv -o iris.csv/x.html", "Can't write iris.csv/x.html: "),
        ("fit iris.csv --drop species --out pictures", "something else than a model"),
        ("fit digits.npy --label x", "digits.npy holds an array"),
        ("encode iris.csv -m pictures", "pictures is no model folder"),
        ("encode pictures -m table", "fitted to a table of 4 columns"),
        ("encode digits.npy -m table", "fitted to a table of 4 columns"),
        ("encode iris.csv -m digits", "fitted to pictures of 8 x 8 pixels"),
        ("interpolate iris.csv 0 150 -m table", "it has rows 0 to 149"),
        ("sample 2 -m table --near 999 iris.csv", "it has rows 0 to 149"),
        ("report table iris.csv --label x", "iris.csv has no column x"),
        ("info nowhere", "nowhere is no model folder"),
    ],
)
def test_an_error_is_one_line_on_stderr(out: Path, command: str, says: str) -> None:
    result = isthmus(*command.split(), code=1)
    assert result.stdout == ""
    assert says in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("fit iris.csv --family gan", "'gan' is no family"),
        ("fit iris.csv --family linear --beta 2", "LinearAutoencoder has no field beta; VAE"),
        ("fit iris.csv --epochs few", "'few' was given; expected a whole number"),
        ("fit iris.csv --latentdim 3", "--latentdim"),
        ("fit nothing.csv --epochs 0", "epochs=0 was given; expected at least 1"),
        ("fit nothing.csv --latent-dim 0", "0 was given; expected"),
        ("fit nothing.csv --learning-rate nan", "learning_rate=nan was given"),
        ("fit nothing.csv --device abacus", "device='abacus' was given"),
        ("report table nothing.csv -o pictures", "pictures is a folder; expected a file ending"),
        ("report table iris.csv -o iris.csv", "iris.csv is no page; expected a file ending in"),
        ("encode iris.csv", "--model"),
        ("encode iris.csv -m table -o codes.xlsx", "ends in '.xlsx'"),
        ("reconstruct digits.npy -m digits", "name a folder, or a .png or .npy file, with -o"),
        ("reconstruct digits.npy -m digits -o x.csv", "Pictures don't go into a file that ends in"),
        ("sample 0 -m table", "N"),
        ("fit iris.csv --kind species", "expected COLUMN=KIND for a column of a table, with one"),
        ("fit iris.csv --kind a=colour", "number, count, boolean, category, date"),
        ("fit digits.npy --kind a=number", "expected COLUMN=KIND for a column of a table"),
        ("fit iris.csv --kind a=count --adapter Vectors()", "it goes with --adapter Tables()"),
        ("frobnicate", "frobnicate"),
    ],
)
def test_wrong_usage_is_told_apart(out: Path, command: str, says: str) -> None:
    result = isthmus(*command.split(), code=2)
    assert result.stdout == ""
    assert says in one_line(result.stderr)


def test_missing_and_renamed_columns_are_named(out: Path) -> None:
    IRIS.rename(columns={"d": "dd"}).to_csv(out / "renamed.csv", index=False)
    said = isthmus("encode", out / "renamed.csv", "-m", "table", code=1).stderr
    assert "lacks 1 of the model's 4 columns: d. It has a, b, c, dd" in said
    np.save(out / "wide.npy", np.zeros((3, 5)))
    said = isthmus("encode", out / "wide.npy", "-m", "table", code=1).stderr
    assert "has 5 columns; the model was fitted to 4" in said
    IRIS.assign(d="high").to_csv(out / "text.csv", index=False)
    said = isthmus("encode", out / "text.csv", "-m", "table", code=1).stderr
    assert "d (str). The model was fitted to numbers there" in said


def test_columns_are_matched_by_name(out: Path) -> None:
    IRIS[["d", "b", "a", "c"]].to_csv(out / "shuffled.csv", index=False)
    facts = told("encode", out / "shuffled.csv", "-m", "table")
    np.testing.assert_allclose(facts["values"], load("table").transform(IRIS), rtol=1e-6)


def test_debug_shows_where_an_error_came_from(out: Path) -> None:
    result = isthmus("info", "nowhere", "--debug", code=1)
    assert type(result.exception).__name__ == "ModelFileError"


def test_an_interruption_is_told_apart(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    (out / "codes.csv").write_text("old")
    monkeypatch.setattr(VAE, "transform", stopped)
    result = isthmus("encode", "iris.csv", "-m", "table", "-o", out / "codes.csv", code=130)
    assert (result.stdout, result.stderr.splitlines()[-1]) == ("", "Interrupted.")
    assert (out / "codes.csv").read_text() == "old"


def test_an_interrupted_report_leaves_a_complete_model(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs.report, "write", stopped)
    said = isthmus("fit", "iris.npy", "-o", out / "m", *QUICK, code=130).stderr.splitlines()[-1]
    assert said == (
        f"Interrupted; the model {out / 'm'} is complete. "
        f"`isthmus report {out / 'm'} iris.npy` makes its report."
    )
    assert load(out / "m").transform(IRIS.to_numpy()).shape == (150, 2)


def test_a_run_that_was_cut_off_goes_on_to_the_same_bits(out: Path) -> None:
    long = ("digits.npy", "--epochs", 200, "--batch-size", 8, "--patience", "none", "--quiet")
    command = [sys.executable, "-m", "isthmus", "fit", *map(str, long), "--out", str(out / "b")]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert "Training VAE" in run.stderr.readline()
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        stdout, stderr = run.communicate(timeout=60)
    assert (run.returncode, stdout) == (130, "")
    assert "Interrupted; the same command goes on from here." in stderr
    assert [each.name for each in out.iterdir()] == [".b.training"]

    other = isthmus("fit", *long, "--beta", 2, "--out", out / "b", code=1)
    assert "The option --no-resume starts afresh." in other.stderr
    again = isthmus("fit", *long, "--out", out / "b")
    assert "There is a run that was cut off; going on from it." in again.stderr
    once = VAE(epochs=200, batch_size=8, patience=None, random_state=0).fit(DIGITS)
    once.save(out / "a")
    weights = [(out / name / "weights.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]


def test_a_reader_that_leaves_is_no_error(out: Path) -> None:
    command = [sys.executable, "-m", "isthmus", "encode", "iris.csv", "-m", "table", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.close()
        said = run.stderr.read().decode()
        assert run.wait(60) == -signal.SIGPIPE
    assert "Traceback" not in said
