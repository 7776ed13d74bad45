"""Frames: they come back as the frames that they were."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pandas.testing import assert_index_equal

from isthmus import VAE, Vectors
from isthmus.errors import DataError

HOLED = {"a": [1, 2, None] * 10, "b": [True, False, None] * 10, "c": [1.5, 2.0, None] * 10}
FRAMES = {
    "pandas": pd.DataFrame(
        {
            "whole": np.arange(30),
            "small": np.arange(30, dtype=np.uint8),
            "single": np.linspace(0, 1, 30, dtype=np.float32),
            "yes or no": [True, False] * 15,
            "nullable": pd.array(HOLED["a"], dtype="Int64"),
            "perhaps": pd.array(HOLED["b"], dtype="boolean"),
            "float": pd.array(HOLED["c"], dtype="Float32"),
        },
        index=[f"row {i}" for i in range(30)],
    ),
    "numbered": pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3))),
    "arrow": pd.DataFrame(HOLED).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame(HOLED, schema={"a": pl.Int16, "b": pl.Boolean, "c": pl.Float32}),
}
EVERY = pytest.mark.parametrize("kind", FRAMES)


def model_of(frame):
    return VAE(latent_dim=2, epochs=1, random_state=0, verbose=False).fit(frame)


def names_and_dtypes(frame):
    dtypes = frame.dtypes
    return list(zip(frame.columns, dtypes, strict=True))


@EVERY
def test_names_and_dtypes_come_back(kind):
    frame = FRAMES[kind]
    model = model_of(frame)
    for back in (
        model.reconstruct(frame),
        model.sample(30),
        model.inverse_transform(model.transform(frame)),
        model.interpolate(frame[:1], frame[1:2], 30),
    ):
        assert type(back) is type(frame)
        assert names_and_dtypes(back) == names_and_dtypes(frame)
        assert back.shape == frame.shape


@EVERY
def test_a_loaded_model_gives_them_back_too(kind, tmp_path):
    from isthmus import load

    model_of(FRAMES[kind]).save(tmp_path / "model")
    back = load(tmp_path / "model").sample(3)
    assert names_and_dtypes(back) == names_and_dtypes(FRAMES[kind])


@EVERY
def test_reconstruction_fills_every_hole(kind):
    frame = FRAMES[kind]
    back = model_of(frame).reconstruct(frame)
    holes = (
        back.null_count().sum_horizontal().item() if kind == "polars" else back.isna().sum().sum()
    )
    assert holes == 0


def test_rows_keep_their_labels():
    frame = FRAMES["pandas"]
    model = model_of(frame)
    assert_index_equal(model.reconstruct(frame[5:9]).index, frame.index[5:9])


def test_a_row_of_a_frame_will_do():
    frame = FRAMES["numbered"]
    model = model_of(frame)
    for row in (frame.iloc[3], frame.iloc[[3]]):
        assert model.sample(2, near=row).equals(model.sample(2, near=frame[3:4]))


def test_what_comes_back_is_of_the_kind_that_was_given():
    frame = FRAMES["numbered"].set_axis(list("abc"), axis=1)
    model = model_of(frame)
    assert isinstance(model.reconstruct(pl.from_pandas(frame)), pl.DataFrame)
    assert isinstance(model.sample(2), pd.DataFrame)


def test_an_array_after_a_frame_comes_back_as_an_array():
    frame = FRAMES["numbered"]
    assert isinstance(model_of(frame).reconstruct(frame.to_numpy()), np.ndarray)
    assert isinstance(model_of(frame.to_numpy()).reconstruct(frame), pd.DataFrame)


@pytest.mark.parametrize("library", [pd, pl])
def test_columns_of_other_things_are_named(library):
    frame = library.DataFrame({"a": [1, 2], "name": ["x", "y"], "when": np.array([1, 2], "M8[ms]")})
    with pytest.raises(DataError) as caught:
        Vectors().fit(frame)
    message = str(caught.value)
    assert "2 of 3 columns don't hold numbers: name (String), when (Datetime" in message
    assert "drop these, or turn them into numbers" in message


@pytest.mark.parametrize("library", [pd, pl])
@pytest.mark.parametrize("columns", [["a", "z"], ["b", "a"], ["a"]], ids=str)
def test_other_columns_are_refused_by_name(library, columns):
    rng = np.random.default_rng(0)
    frame = library.DataFrame({"a": rng.normal(size=30), "b": rng.normal(size=30)})
    other = library.DataFrame({name: rng.normal(size=30) for name in columns})
    model = model_of(frame)
    for method in (model.transform, model.reconstruct, model.score_samples, model.partial_fit):
        with pytest.raises(DataError) as caught:
            method(other)
        message = str(caught.value)
        assert "The feature names should match those that were passed during fit" in message
        assert "Expected the 2 columns that were fitted, in their order: a, b." in message
        assert "Select or rename them" in message


def test_a_name_may_stand_once():
    twice = pd.DataFrame(np.eye(3), columns=["a", "b", "a"])
    with pytest.raises(DataError, match=r"More than one column is called a.*rename"):
        model_of(twice)


def test_a_frame_without_columns_is_refused():
    with pytest.raises(DataError, match=r"without columns.*at least one"):
        model_of(pd.DataFrame(index=range(5)))


def test_a_lazy_frame_is_refused_with_a_remedy():
    with pytest.raises(DataError, match=r"LazyFrame was given.*\.collect\(\)"):
        model_of(FRAMES["polars"].lazy())
