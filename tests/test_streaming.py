"""Data larger than memory: read in shards, in the order that a seed tells."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from PIL import Image as Picture

from isthmus import Autoencoder, ConditionalVAE, Images, Shards, Sounds, Vectors
from isthmus.errors import DataError
from isthmus.space import Batch
from isthmus.streaming import Stream

ROWS = 530


@pytest.fixture
def numbers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(ROWS, 3))


@pytest.fixture
def arrays(tmp_path, numbers) -> Shards:
    np.save(tmp_path / "a.npy", numbers[:200])
    np.save(tmp_path / "b.npy", numbers[200:])
    return Shards(tmp_path, rows=60, window=2)


@pytest.fixture
def tables(tmp_path, numbers) -> Shards:
    frame = pd.DataFrame(numbers, columns=["a", "b", "c"])
    frame["kind"] = np.where(frame["a"] > 0, "above", "below")
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=64)
    return Shards(tmp_path / "rows.parquet")


def stream(shards: Shards) -> Stream:
    adapter = Vectors()
    return Stream(shards, adapter, adapter.fit_transform(shards.some()))


def rows_of(batches: list[Batch]) -> torch.Tensor:
    return torch.cat([each.x for each in batches])


def ordered(x: torch.Tensor) -> torch.Tensor:
    return x[x[:, 0].argsort()]


def test_every_row_comes_once_an_epoch_in_an_order_that_the_seed_tells(arrays, numbers):
    rows = stream(arrays)
    first, again, other = (list(rows.batches(32, seed, 0, 17)) for seed in (1, 1, 2))
    assert [len(each) for each in first] == [32] * 16 + [18]
    assert torch.equal(rows_of(first), rows_of(again))
    assert not torch.equal(rows_of(first), rows_of(other))
    whole = rows.adapter.transform(numbers).x
    assert torch.equal(ordered(rows_of(first)), ordered(whole))


@pytest.mark.parametrize("step", [1, 3, 5, 11, 16])
def test_an_epoch_goes_on_in_its_middle_with_the_rows_that_it_would_have_had(arrays, step):
    rows = stream(arrays)
    whole = list(rows.batches(32, 7, 0, 17))
    rest = list(rows.batches(32, 7, step, 17))
    assert torch.equal(rows_of(whole[step:]), rows_of(rest))


def test_rows_kept_aside_are_not_learned_from(arrays, numbers):
    rows, aside = stream(arrays).split(0.2, seed=0)
    assert aside is not None
    assert len(rows) + len(aside) == ROWS
    learnt = rows_of(list(rows.batches(50, 0, 0, 99)))
    whole = rows.adapter.transform(numbers).x
    assert torch.equal(ordered(torch.cat([learnt, aside.x])), ordered(whole))


def test_a_last_shard_of_one_row_is_learned_from(tmp_path, numbers):
    np.save(tmp_path / "a.npy", numbers[:101])
    rows, aside = stream(Shards(tmp_path, rows=20)).split(0.1, seed=0)
    assert aside is not None
    assert (len(rows), len(aside)) == (92, 9)
    assert len(rows_of(list(rows.batches(7, 0, 0, 14)))) == 92


def test_of_many_small_files_as_many_rows_tell_what_the_columns_are(tmp_path, numbers):
    for place, row in enumerate(numbers[:60]):
        np.save(tmp_path / f"{place:02}.npy", row[None])
    shards = Shards(tmp_path)
    assert len(shards.some()) == 60
    rows, aside = stream(shards).split(0.1, seed=0)
    assert aside is not None
    assert (len(rows), len(aside)) == (54, 6)
    learnt = rows_of(list(rows.batches(8, 0, 0, 7)))
    whole = rows.adapter.transform(numbers[:60]).x
    assert torch.equal(ordered(torch.cat([learnt, aside.x])), ordered(whole))


@pytest.mark.parametrize(("width", "rows"), [(3, 65_536), (2**10, 2**13), (2**20, 128)])
def test_shards_of_wide_rows_are_of_fewer(tmp_path, width, rows):
    file = tmp_path / "a.npy"
    np.lib.format.open_memmap(file, mode="w+", dtype="u1", shape=(2, width))
    assert Shards(file).rows == Shards(tmp_path).rows == rows


def test_what_is_learned_first_is_of_eight_shards_where_the_user_made_them_small(tmp_path, numbers):
    np.save(tmp_path / "a.npy", numbers)
    assert len(Shards(tmp_path, rows=5).some()) == 40


def test_rows_that_will_not_do_are_told_with_their_file(tmp_path, numbers):
    np.save(tmp_path / "a.npy", numbers)
    model = Autoencoder(latent_dim=1, epochs=1, random_state=0).fit(Shards(tmp_path))
    rows = stream(Shards(tmp_path))
    numbers[7, 1] = np.inf
    np.save(tmp_path / "a.npy", numbers)
    with pytest.raises(DataError, match=r"a\.npy: X holds infinity"):
        list(rows.batches(8, 0, 0, 9))
    with pytest.raises(DataError, match=r"a\.npy: X holds infinity"):
        Shards(tmp_path).map(model.transform)


def test_a_run_that_was_cut_off_goes_on_to_the_same_result(tmp_path, arrays, monkeypatch):
    from isthmus import training

    settings = {"latent_dim": 2, "epochs": 2, "batch_size": 32, "random_state": 0}
    whole = Autoencoder(**settings).fit(arrays)
    kept = {**settings, "checkpoint": str(tmp_path / "run")}
    advance, seen = training._advance, []

    def cut_off(*given):
        seen.append(1)
        if len(seen) == 20:  # in the middle of the second epoch
            raise KeyboardInterrupt
        advance(*given)

    monkeypatch.setattr(training, "_advance", cut_off)
    monkeypatch.setattr("isthmus.checkpoint.Checkpoint.due", True)
    with pytest.raises(KeyboardInterrupt):
        Autoencoder(**kept).fit(arrays)
    monkeypatch.setattr(training, "_advance", advance)
    again = Autoencoder(**kept).fit(arrays)
    assert again.history_.column("loss") == whole.history_.column("loss")
    assert np.array_equal(arrays.map(again.transform), arrays.map(whole.transform))


def test_tables_and_their_conditions(tables):
    model = ConditionalVAE(latent_dim=2, epochs=2, random_state=0).fit(tables, "kind")
    assert list(model.sample(3, y="above").columns) == ["a", "b", "c"]
    with pytest.raises(DataError, match="names of columns"):
        ConditionalVAE(latent_dim=2, epochs=1).fit(tables, "other")
    mixed = Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(tables)
    assert len(mixed.partial_fit(tables).history_.rows) == 2
    assert set(mixed.reconstruct(tables.read(0))["kind"]) <= {"above", "below"}


def test_pictures_of_a_folder(tmp_path):
    for number in range(30):
        grey = np.random.default_rng(number).integers(0, 256, (6, 5), np.uint8)
        Picture.fromarray(grey).save(tmp_path / f"{number:02}.png")
    shards = Shards(tmp_path, rows=8)
    assert [each.rows for each in shards.shards] == [8, 8, 8, 6]
    model = Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(shards)
    assert isinstance(model.adapter_, Images)
    assert shards.map(model.reconstruct).shape == (30, 6, 5)


def test_sounds_of_a_folder(tmp_path):
    lengths = [150, *[200 + place for place in range(26)], 400, 200, 150, 200]
    for place, length in enumerate(lengths):  # the longest is in no sample
        soundfile.write(tmp_path / f"{place:02}.wav", np.sin(np.arange(length) / 5) / 2, 8000)
    shards = Shards(tmp_path, rows=8)
    assert [each.rows for each in shards.shards] == [8, 8, 8, 7]
    assert {path.stem for path in shards.some(4)} == {"00", "08", "16", "24", "27"}
    adapter = Sounds(frame=32, representation="waveform")
    model = Autoencoder(latent_dim=2, epochs=2, random_state=0, adapter=adapter).fit(shards)
    assert model.adapter_.space_.steps == 13
    assert [len(each) for each in shards.map(model.reconstruct)] == lengths
    assert shards.map(model.transform, tmp_path / "codes").read(3).shape == (7, 2)


def test_a_folder_of_pictures_and_sounds_is_neither(tmp_path):
    for name in ("a.wav", "b.png"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match="both pictures and sounds; expected PNG"):
        Shards(tmp_path)


def test_what_is_made_of_shards_is_shards_again(tmp_path, tables):
    made = tables.map(lambda frame: frame[["a"]].abs(), tmp_path / "made")
    assert (len(made), len(made.shards)) == (ROWS, len(tables.shards))
    pd.testing.assert_frame_equal(made.read(1), tables.read(1)[["a"]].abs())
    with pytest.raises(DataError, match=r"made exists; nothing was done"):
        tables.map(len, tmp_path / "made")
    with pytest.raises(DataError, match=r"made a int of a shard; expected a frame or an array"):
        tables.map(len, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_picture_that_is_another_makes_other_data(tmp_path):
    for number in range(3):
        Picture.new("L", (4, 4), number).save(tmp_path / f"{number}.png")
    before = Shards(tmp_path).fingerprint()
    assert Shards(tmp_path).fingerprint() == before
    Picture.new("L", (4, 5), 9).save(tmp_path / "1.png")
    assert Shards(tmp_path).fingerprint() != before


def test_arrays_of_texts_are_refused_before_any_row_is_read(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((9, 2)))
    np.save(tmp_path / "b.npy", np.full((9, 2), "b"))
    with pytest.raises(DataError, match=r"b\.npy .* dtype <U1; expected numbers"):
        Shards(tmp_path)


def test_what_rows_are_called_goes_along(tmp_path, numbers):
    (tmp_path / "rows").mkdir()
    frame = pd.DataFrame(numbers[:40], columns=["a", "b", "c"])
    frame[:20].to_parquet(tmp_path / "rows" / "0.parquet", row_group_size=8)
    named = frame[20:].set_index(pd.Index([f"row {place}" for place in range(20)], name="id"))
    named.to_parquet(tmp_path / "rows" / "1.parquet")
    shards = Shards(tmp_path / "rows")
    model = Autoencoder(latent_dim=1, epochs=1, random_state=0).fit(shards)
    made = list(shards.map(model.reconstruct, tmp_path / "made"))
    assert all(list(each.columns) == ["a", "b", "c"] for each in made)
    assert list(made[0].index) == list(range(8))
    assert list(made[-1].index) == list(named.index)


def test_what_can_not_be_read_is_told(tmp_path):
    with pytest.raises(DataError, match=r"nowhere does not exist"):
        Shards(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"holds no picture and no sound"):
        Shards(tmp_path)
    (tmp_path / "x.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match=r"x\.npy can't be read in shards"):
        Shards(tmp_path)
    np.save(tmp_path / "x.npy", np.empty((0, 3)))
    with pytest.raises(DataError, match="holds no rows"):
        Shards(tmp_path)


def test_a_file_without_rows_among_others_is_passed_by(tmp_path):
    frame = pd.DataFrame({"a": range(20), "b": range(20)}, dtype=float)
    frame.to_parquet(tmp_path / "a.parquet")
    frame[:0].to_parquet(tmp_path / "b.parquet")
    shards = Shards(tmp_path)
    assert (len(shards), len(shards.shards)) == (20, 1)
    assert len(shards.map(Autoencoder(latent_dim=1, epochs=1).fit(shards).transform)) == 20


def test_files_that_do_not_go_together_are_named(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((5, 3)))
    np.save(tmp_path / "b.npy", np.zeros((5, 4)))
    with pytest.raises(DataError, match=r"b\.npy and .*a\.npy differ in the shape of a row"):
        Shards(tmp_path)
    np.save(tmp_path / "b.npy", np.array(3.0))
    with pytest.raises(DataError, match="single value"):
        Shards(tmp_path)
    tables = tmp_path / "tables"
    tables.mkdir()
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    frame.to_parquet(tables / "a.parquet")
    frame[["a"]].to_parquet(tables / "b.parquet")
    with pytest.raises(DataError, match=r"b\.parquet and .*a\.parquet differ in the columns b"):
        Shards(tables)
    assert len(Shards(tables, columns=["a"])) == 4


def test_columns_of_several_kinds_are_refused_before_any_row_is_read(tmp_path):
    kinds = {"a": ["x", "y"], "b": [None, None], "c": [3, 4]}
    for name, values in kinds.items():
        frame = pd.DataFrame({"kind": values, "size": [1.0, 2.0]})
        frame.to_parquet(tmp_path / f"{name}.parquet")
    said = r"c\.parquet holds numbers in the column 'kind', where .*a\.parquet holds texts"
    with pytest.raises(DataError, match=said):
        Shards(tmp_path)
    assert len(Shards(tmp_path, columns=["size"])) == 6
    with pytest.raises(DataError, match=r"has no column weight; it has kind, size"):
        Shards(tmp_path, columns=["weight"])
    (tmp_path / "c.parquet").unlink()
    assert len(Shards(tmp_path)) == 4  # where nothing is known, there is nothing to contradict


def test_tables_in_folders_whose_names_are_columns(tmp_path):
    for year, land in ((2023, "de"), (2024, "fr")):
        folder = tmp_path / f"year={year}" / f"land={land}"
        folder.mkdir(parents=True)
        pd.DataFrame({"size": [1.0, 2.0]}).to_parquet(folder / "part.parquet")
    (tmp_path / "_log").mkdir()
    (tmp_path / "_log" / "0.parquet").touch()
    shards = Shards(tmp_path)
    expected = pd.DataFrame({"size": [1.0, 2.0], "land": ["fr"] * 2, "year": [2024] * 2})
    pd.testing.assert_frame_equal(shards.read(1)[list(expected)], expected, check_dtype=False)
    assert list(Shards(tmp_path, columns=["year"]).some()["year"]) == [2023, 2023, 2024, 2024]
    pd.DataFrame({"size": [1.0]}).to_parquet(tmp_path / "part.parquet")
    with pytest.raises(DataError, match=r"differ in the columns land, year"):
        Shards(tmp_path)


def spoilt(file, how):
    """A file that is gone, cut off, or another one."""
    if how == "gone":
        file.unlink()
    elif how == "cut off":
        file.write_bytes(file.read_bytes()[:50])
    elif how == "empty":
        file.write_bytes(b"")
    elif file.suffix == ".npy":
        np.save(file, np.zeros((5, 3)))
    else:
        pd.read_parquet(file)[:5].to_parquet(file)


@pytest.mark.parametrize("how", ["gone", "cut off", "empty", "other"])
@pytest.mark.parametrize("kind", ["arrays", "tables"])
def test_a_file_that_is_spoilt_in_the_middle_is_named(request, kind, how):
    shards = request.getfixturevalue(kind)
    file = shards.shards[-1].path
    spoilt(file, how)
    said = f"{file.name} has changed since the beginning, .*Put it back"
    rows = Stream(shards, adapter := Vectors(), adapter.fit_transform(np.zeros((5, 3))))
    with pytest.raises(DataError, match=said):
        list(rows.batches(32, 0, 0, 99))
