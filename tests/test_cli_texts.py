"""Texts from the command line: lines and columns of them in, codes and texts out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from isthmus import GRU, VAE, Texts, load
from isthmus.cli import lines, screen
from isthmus.errors import DataError
from test_cli import isthmus, one_line, told

WHO, WHAT = (
    ("the cat", "a dog", "NA", "my friend", "no one"),
    ("sleeps", "was here", "sings", 'said "hm, no"'),
)
SAID = [f"{who} {what}" for who in WHO for what in WHAT] + ["", "?"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines, a table that holds the same, and a model of each."""
    room = tmp_path_factory.mktemp("texts")
    (room / "said.txt").write_bytes("\r\n".join(SAID).encode())
    table = pd.DataFrame({"kind": ["cat", "dog"] * 11, "message": SAID, "at": range(22)})
    table.to_csv(room / "said.csv", index=False)
    (room / "one.txt").write_text("alone\n")
    (room / "other.csv").write_text("mesage,at\nhello,1\n")
    np.save(room / "rows.npy", np.eye(3))
    texts = Texts(vocabulary=260, max_tokens=24)
    model = VAE(latent_dim=2, epochs=1, backbone=GRU(4), adapter=texts, random_state=0)
    model.fit(lines.read(room / "said.txt")).save(room / "lines")
    VAE(latent_dim=2, epochs=1, random_state=0).fit(np.eye(6)).save(room / "table")
    isthmus(
        "fit", room / "said.csv", "--text", "message", "--label", "kind", "-o", room / "column",
        "--latent-dim", 2, "--epochs", 1, "--backbone", "GRU(4)", "--quiet", "--adapter",
        repr(texts),
    )  # fmt: skip
    return room


def texts_in(path: Path) -> list[str]:
    found = lines.read(path)
    assert isinstance(found, pd.Series)
    return found.tolist()


def test_lines_and_a_column_are_the_same_texts(out: Path) -> None:
    assert texts_in(Path("said.txt")) == SAID
    codes = told("encode", "said.txt", "-m", "lines")["values"]
    assert np.shape(codes) == (22, 2)
    assert codes == told("encode", "said.csv", "-m", "column")["values"]
    assert codes == told("encode", "said.txt", "-m", "column")["values"]
    assert "cat" in Path("column/report.html").read_text("utf-8")
    about = told("info", "lines")
    assert (about["tokens"], about["vocabulary"]) == (24, 260)


def test_codes_and_scores_go_where_those_of_tables_go(out: Path) -> None:
    isthmus("encode", "said.txt", "-m", "lines", "-o", out / "codes.npy")
    assert np.load(out / "codes.npy").shape == (22, 2)
    isthmus("score", "said.csv", "-m", "column", "-o", out / "scores.csv")
    model = load(Path("lines"))
    scores = pd.read_csv(out / "scores.csv")["score"]
    np.testing.assert_allclose(scores, model.score_samples(SAID), rtol=1e-5)
    shown = isthmus("score", "said.csv", "-m", "column", "--lowest", 22).stdout
    assert all(each in shown for each in SAID)


def test_what_comes_back_is_texts(out: Path) -> None:
    model = load(Path("column"))
    made = model.reconstruct(SAID)
    assert told("reconstruct", "said.csv", "-m", "column")["values"] == [[each] for each in made]
    isthmus("reconstruct", "said.csv", "-m", "column", "-o", out / "again.csv")
    again = lines.read(out / "again.csv", "message")
    assert isinstance(again, pd.DataFrame)
    assert again["message"].tolist() == made
    isthmus("sample", 3, "--noise", "-m", "lines", "-o", out / "made.txt")
    assert len(lines.read(out / "made.txt")) == 3
    assert len(told("sample", 2, "-m", "lines", "--near", 0, "said.txt")["values"]) == 2
    walk = told("interpolate", "said.csv", 0, 9, "--steps", 4, "-m", "column")
    assert (walk["rows"], walk["columns"]) == (4, ["message"])


def test_a_break_within_a_text_makes_no_second_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.write(tmp_path / "x.txt", pd.Series(["a\nb", "c\u2028d", "e"]))
    assert texts_in(tmp_path / "x.txt") == ["a b", "c\u2028d", "e"]
    assert "1 of 3 texts have line breaks within" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.txt", b"", "holds no texts; expected at least one, each on a line"),
        ("blank.txt", b"\n\n", "holds no texts"),
        ("latin.txt", b"sch\xf6n\n", "is no text in UTF-8, at byte 3"),
        ("zeros.txt", b"PK\0\0\n", "holds the byte 0 at 2"),
        ("none.txt", None, "does not exist"),
    ],
)
def test_what_is_no_text_is_told(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        lines.read(tmp_path / name)


def test_a_mark_that_says_utf_8_is_no_letter(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("a\nb", "utf-8-sig")
    assert texts_in(tmp_path / "x.txt") == ["a", "b"]


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("fit one.txt -o {out}/x", 1, "1 sample was given to fit"),
        ("fit said.csv -o {out}/x", 1, "--text COLUMN learns from a column of texts alone"),
        ("fit said.csv --text mesage -o {out}/x", 1, "no column mesage"),
        ("fit said.txt --text message -o {out}/x", 1, "said.txt holds texts, one a line"),
        ("encode other.csv -m column", 1, "lacks 1 of the model's 1 columns: message"),
        ("encode said.csv -m lines", 1, "lacks 1 of the model's 1 columns: text"),
        ("encode rows.npy -m lines", 1, "holds an array; the model was fitted to texts"),
        ("encode said.txt -m table", 1, "holds texts, one a line; the model was fitted to a ta"),
        ("sample 2 -m lines -o {out}/x.npy", 2, "Texts don't go into a file that ends in '.npy'"),
        ("sample 2 -m lines -o {out}/x", 2, "Texts don't go into a file that has no ending"),
    ],
)
def test_what_cannot_be_meant_is_told(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, code: int, says: str
) -> None:
    monkeypatch.chdir(room)
    result = isthmus(*command.format(out=tmp_path).split(), code=code)
    assert says in one_line(result.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_text_does_not_steer_the_terminal() -> None:
    assert screen.cell("a\x1b[2Jb\nc ü") == "a␣[2Jb\nc ü"
