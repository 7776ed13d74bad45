"""Pictures: arrays of them, and folders of files."""

import numpy as np
import pytest
from PIL import Image as Picture

from isthmus import VAE, Bernoulli, Categorical, Composed, Images, Normal, load
from isthmus.adapters import adapter_for
from isthmus.errors import DataError, SupportError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 6, 5), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (12, 6, 5, 3), dtype=np.uint8)


def model_of(X, **settings):
    return VAE(latent_dim=2, epochs=1, random_state=0, verbose=False, **settings).fit(X)


def folder_of(pictures, folder, ending=".png"):
    """The pictures as files, the later half in a folder inside."""
    for place, picture in enumerate(pictures):
        path = folder / ("inner" if place >= len(pictures) / 2 else "") / f"{place:03}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Picture.fromarray(picture).save(path)
    return folder


@pytest.mark.parametrize("X", [GREY, COLOUR], ids=["grey", "colour"])
def test_bytes_come_back_as_bytes_of_the_same_shape(X):
    model = model_of(X)
    for back in (model.reconstruct(X), model.sample(12), model.interpolate(X[0], X[1], 12)):
        assert back.dtype == np.uint8
        assert back.shape == X.shape


@pytest.mark.parametrize("X", [GREY, COLOUR], ids=["grey", "colour"])
def test_a_folder_is_the_array_of_its_files(X, tmp_path):
    folder = folder_of(X, tmp_path)
    adapter, by_array = Images().fit(folder), Images().fit(X)
    assert adapter.space_ == by_array.space_
    assert adapter.facts() | {"grey": None} == by_array.facts() | {"grey": None}
    np.testing.assert_array_equal(adapter.transform(folder).x, by_array.transform(X).x)


@pytest.mark.parametrize("X", [GREY, COLOUR], ids=["grey", "colour"])
def test_files_may_follow_an_array_and_an_array_files(X, tmp_path):
    folder = folder_of(X, tmp_path / "files")
    by_folder, by_array = model_of(folder), model_of(X)
    for model in (by_folder, by_array):
        np.testing.assert_array_equal(model.transform(str(folder)), model.transform(X))
    np.testing.assert_array_equal(by_folder.reconstruct(folder), by_array.reconstruct(X))
    by_folder.save(tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").transform(folder), by_array.transform(X))


def test_jpegs_are_read(tmp_path):
    smooth = np.broadcast_to(np.arange(0, 240, 20, dtype=np.uint8)[:, None, None], (12, 16, 16))
    x = Images().fit(folder := folder_of(smooth, tmp_path, ".JPG")).transform(folder).x
    np.testing.assert_allclose(x[:, 0] * 255, smooth, atol=3)


def test_a_folder_of_both_is_read_in_colour(tmp_path):
    folder = folder_of(GREY, tmp_path)
    Picture.fromarray(COLOUR[0]).save(folder / "colour.png")
    assert Images().fit(folder).space_.shape == (3, 6, 5)


def test_files_are_brought_to_a_size_that_is_named(tmp_path):
    folder = folder_of(GREY, tmp_path)
    Picture.fromarray(GREY[0].T).save(folder / "turned.png")
    with pytest.raises(
        DataError, match=r"turned\.png is 5 x 6 pixels; expected 6 x 5.*size=\(6, 5"
    ):
        Images().fit(folder)
    assert Images(size=(4, 4)).fit(folder).transform(folder).x.shape == (13, 1, 4, 4)


def test_an_image_that_cannot_be_read_is_named(tmp_path):
    folder = folder_of(GREY, tmp_path)
    (folder / "broken.png").write_bytes(b"no picture at all")
    with pytest.raises(DataError, match=r"broken\.png can't be read as a picture.*take it out"):
        Images().fit(folder)
    whole = (folder / "000.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) - 30])
    with pytest.raises(DataError, match=r"broken\.png is damaged.*take it out"):
        Images().fit(folder)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no picture; expected files ending in \.png"):
        Images().fit(tmp_path)
    with pytest.raises(DataError, match=r"nowhere is no folder; expected a folder of PNG or JPEG"):
        Images().fit(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 4, 4)), r"0 pictures were given; expected at least one"),
        (np.zeros((1, 4, 4)), r"1 sample was given.*at least 2"),
        (np.zeros((5, 3, 8, 8)), r"channels-first.*np\.moveaxis"),
        (np.full((5, 4, 4), np.nan), r"No pixel is known.*Expected some numbers"),
        (np.where(np.eye(4) > 0, np.inf, np.zeros((5, 4, 4))), r"20 of them, the first in row 0"),
        (np.full((5, 4, 4), "x"), r"shape \(5, 4, 4\) and dtype <U1 .*expected numbers"),
    ],
    ids=["none", "one", "channels first", "all unknown", "infinite", "text"],
)
def test_arrays_that_will_not_do(X, message):
    with pytest.raises(DataError, match=message):
        Images().fit(X)


def test_pictures_of_another_size_are_refused():
    with pytest.raises(DataError, match=r"shape \(5, 6\) were given.*fitted to \(6, 5\).*Resize"):
        model_of(GREY).transform(GREY.transpose(0, 2, 1))


@pytest.mark.parametrize(
    ("fitted", "given", "message"),
    [
        (GREY / 255, GREY, r"to 255 were given; the model was fitted to pixels from 0 to 1"),
        (GREY, GREY * 2.0, r"to 510 were given; the model was fitted to pixels from 0 to 255"),
        (GREY > 100, GREY / 255, r"fitted to nothing but 0 and 1"),
    ],
    ids=["bytes for shares", "beyond bytes", "grey for black and white"],
)
def test_pixels_of_another_range_are_refused(fitted, given, message):
    with pytest.raises(SupportError, match=rf"{message}.*Bring them to these"):
        model_of(fitted).transform(given)


def test_learned_limits_may_be_passed():
    odd = GREY * 1.5 - 40
    assert np.isfinite(model_of(odd, likelihood=Normal()).score_samples(odd * 1.1)).all()


def test_what_comes_back_keeps_to_the_range():
    model = model_of(GREY, likelihood=Normal())
    far = 100 * np.ones((4, 2))
    assert model.inverse_transform(far).dtype == np.uint8
    floats = model_of(GREY * 1.5 - 40, likelihood=Normal()).inverse_transform(far)
    assert (GREY * 1.5 - 40).min() <= floats.min() <= floats.max() <= (GREY * 1.5 - 40).max()


def test_pixels_are_no_categories():
    with pytest.raises(SupportError, match=r"categories; expected 'unit'.*Normal"):
        Composed(likelihood=Categorical()).fit(GREY)
    with pytest.raises(SupportError, match=r"more than two values, from 0 to 255. Use 'unit'"):
        Images("binary").fit(GREY)


@pytest.mark.parametrize(
    ("X", "likelihood"),
    [(GREY, Bernoulli), (GREY, Normal), (GREY > 100, Bernoulli), (GREY > 100, Normal)],
)
def test_grey_and_black_and_white_take_either_likelihood(X, likelihood):
    assert np.isfinite(model_of(X, likelihood=likelihood()).score_samples(X)).all()


def test_the_likelihood_follows_the_pixels():
    assert repr(model_of(GREY > 100).codec_.likelihood) == "Bernoulli()"
    assert repr(model_of(GREY).codec_.likelihood) == "Normal('shared')"


@pytest.mark.parametrize(
    ("X", "name"),
    [(GREY, "Images"), (COLOUR, "Images"), ("folder", "Images"), (GREY[0], "Vectors")],
    ids=["grey", "colour", "folder", "table"],
)
def test_the_adapter_follows_the_data(X, name):
    assert type(adapter_for(X)).__name__ == name


def test_holes_in_pictures_are_filled():
    holed = np.where(GREY < 50, np.nan, GREY)
    back = model_of(holed).reconstruct(holed)
    assert np.isfinite(back).all()
    assert back.shape == holed.shape
