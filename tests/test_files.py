"""Reading and writing: what files hold, and what happens where they don't."""

import errno
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture
from sklearn.datasets import load_digits, load_iris

from isthmus.adapters import Files
from isthmus.cli import files
from isthmus.errors import DataError, IsthmusError, MissingExtraError

IRIS: pd.DataFrame = load_iris(as_frame=True).data
DIGITS: np.ndarray = load_digits().images[:7]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_csv_is_read_whatever_parts_its_columns(tmp_path: Path, separator: str) -> None:
    IRIS.to_csv(tmp_path / "iris.csv", sep=separator, index=False)
    pd.testing.assert_frame_equal(files.read(tmp_path / "iris.csv"), IRIS)


def test_a_csv_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    IRIS.to_csv(tmp_path / "iris.csv", header=False, index=False)
    found = files.read(tmp_path / "iris.csv")
    assert list(found.columns) == ["0", "1", "2", "3"]
    assert np.array_equal(found.to_numpy(), IRIS.to_numpy())


def test_a_first_line_with_a_number_is_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sea.csv").write_text("M,0.455,?\nF,?,9\n")
    found = files.read(tmp_path / "sea.csv")
    assert list(found.columns) == ["0", "1", "2"]
    assert found["0"].tolist() == ["M", "F"]
    np.testing.assert_array_equal(found[["1", "2"]], [[0.455, np.nan], [np.nan, 9]])
    assert "the columns are called 0 to 2" in capsys.readouterr().err.replace("\n", " ")


def test_a_parquet_table_with_numbered_columns_has_names(tmp_path: Path) -> None:
    pd.DataFrame(IRIS.to_numpy()).to_parquet(tmp_path / "iris.parquet")
    assert list(files.read(tmp_path / "iris.parquet").columns) == ["0", "1", "2", "3"]


def test_row_names_before_counted_columns_are_kept(tmp_path: Path) -> None:
    named = pd.DataFrame(IRIS.to_numpy(), columns=list("0123"))
    named.index = [f"flower {row}" for row in range(len(IRIS))]
    files.write(tmp_path / "iris.csv", named)
    pd.testing.assert_frame_equal(files.read(tmp_path / "iris.csv"), named)


def test_a_header_that_counts_the_columns_is_a_header(tmp_path: Path) -> None:
    pd.DataFrame(IRIS.to_numpy()).to_csv(tmp_path / "iris.csv", index=False)
    assert len(files.read(tmp_path / "iris.csv")) == len(IRIS)


def test_row_names_survive_reading_and_writing(tmp_path: Path) -> None:
    named = IRIS.set_axis([f"flower {row}" for row in range(len(IRIS))])
    for ending in (".csv", ".parquet"):
        files.write(tmp_path / f"iris{ending}", named)
        pd.testing.assert_frame_equal(files.read(tmp_path / f"iris{ending}"), named)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_comes_back_as_it_was(tmp_path: Path, ending: str) -> None:
    holed = IRIS.mask(IRIS > 6).assign(count=np.arange(len(IRIS)))
    files.write(tmp_path / f"iris{ending}", holed)
    pd.testing.assert_frame_equal(files.read(tmp_path / f"iris{ending}"), holed)
    assert names(tmp_path) == [f"iris{ending}"]


def test_an_array_comes_back_as_it_was(tmp_path: Path) -> None:
    for values in (IRIS.to_numpy(), DIGITS, DIGITS.astype(np.uint8)[..., None]):
        files.write(tmp_path / "values.npy", values)
        found = files.read(tmp_path / "values.npy")
        assert found.dtype == values.dtype
        assert np.array_equal(found, values)


def test_a_folder_is_its_pictures(tmp_path: Path) -> None:
    files.write_pictures(tmp_path / "digits", DIGITS, (0, 16))
    found = files.read(tmp_path / "digits")
    assert isinstance(found, Files)
    assert [path.name for path in found.paths] == [f"{place}.png" for place in range(7)]
    pixels = found.read((8, 8), grey=True)
    assert np.array_equal(pixels, np.rint(DIGITS * 255 / 16))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.csv", None, "does not exist"),
        ("table.xlsx", b"PK", "ends in '.xlsx'; expected .csv, .parquet or .npy"),
        ("table", b"a,b\n1,2\n", "has no ending"),
        ("empty.csv", b"", "it is empty"),
        ("header.csv", b"a,b\n", "holds no rows"),
        ("latin.csv", b"gr\xf6sse\n1\n", "can't be read as a CSV table"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "can't be read as a CSV table"),
        ("table.parquet", b"PAR1", "can't be read as a Parquet table"),
        ("array.npy", b"\x93NUMPY", "can't be read as an array"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name) as caught:
        files.read(tmp_path / name)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.array([{}, 1], object), "Object arrays cannot be loaded"),
        (np.array([["a"]]), "it holds <U1"),
        (np.arange(3.0), "shape (3,)"),
        (np.zeros((0, 3)), "holds no rows"),
    ],
)
def test_an_array_that_is_no_data_is_refused(tmp_path: Path, values: np.ndarray, says: str) -> None:
    np.save(tmp_path / "array.npy", values, allow_pickle=True)
    with pytest.raises(DataError) as caught:
        files.read(tmp_path / "array.npy")
    assert says in str(caught.value)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no picture"):
        files.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "pictures", "says"),
    [
        ("out.xlsx", False, "ends in '.xlsx'"),
        ("out", False, "has no ending"),
        ("out.png", False, "ends in '.png'"),
        ("out.csv", True, "Pictures don't go into a file that ends in '.csv'"),
        ("full", True, "is not an empty folder"),
    ],
)
def test_where_it_cannot_be_written_is_said_before(
    tmp_path: Path, name: str, pictures: bool, says: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(DataError) as caught:
        files.check_writable(tmp_path / name, "pictures" if pictures else "figures")
    assert says in str(caught.value)


def test_a_missing_extra_names_its_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    IRIS.to_parquet(tmp_path / "iris.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for act in (
        lambda: files.read(tmp_path / "iris.parquet"),
        lambda: files.check_writable(tmp_path / "out.parquet", "figures"),
    ):
        with pytest.raises(MissingExtraError, match=r"pip install 'isthmus\[frames\]'"):
            act()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "codes.npy"
    target.write_bytes(b"old")

    def full(file: Path, *_: object, **__: object) -> None:
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(IsthmusError, match=r"No space left on device\. Nothing was left there"):
        files.write(target, IRIS.to_numpy())
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["codes.npy"]


def test_a_folder_that_cannot_be_filled_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Picture.Image, "save", full)
    with pytest.raises(IsthmusError, match="No space left"):
        files.write_pictures(tmp_path / "digits", DIGITS, (0, 16))
    assert names(tmp_path) == []


def test_pictures_keep_their_names_where_they_differ(tmp_path: Path) -> None:
    three = DIGITS[:3]
    files.write_pictures(tmp_path / "named", three, (0, 16), ["a", "b", "deep/a"])
    assert sorted(path.name for path in files.read(tmp_path / "named").paths) == [
        "a.png", "a.png", "b.png",
    ]  # fmt: skip
    files.write_pictures(tmp_path / "alike", three, (0, 16), ["a", "a", "b"])
    assert names(tmp_path / "alike") == ["0.png", "1.png", "2.png"]


@pytest.mark.parametrize(("n", "across", "down"), [(1, 1, 1), (7, 7, 1), (20, 5, 4)])
def test_a_sheet_holds_every_picture(tmp_path: Path, n: int, across: int, down: int) -> None:
    pictures = np.zeros((n, 8, 8))
    pictures[:, 4, 4] = np.arange(1, n + 1)
    files.write_pictures(tmp_path / "sheet.png", pictures, (0, n))
    with Picture.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (across * 68 + 4, down * 68 + 4)
        bright = [
            sheet.getpixel((4 + 68 * (place % across) + 36, 4 + 68 * (place // across) + 36))
            for place in range(n)
        ]
    assert bright == np.rint(np.arange(1, n + 1) * 255 / n).tolist()


def test_colours_are_written_and_odd_channels_refused(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3)).astype(np.uint8)
    files.write_pictures(tmp_path / "colour", colour, (0, 255))
    assert np.array_equal(files.read(tmp_path / "colour").read((5, 4), grey=False), colour)
    with pytest.raises(DataError, match="2 channels"):
        files.write_pictures(tmp_path / "odd", colour[..., :2], (0, 255))
    assert names(tmp_path) == ["colour"]
