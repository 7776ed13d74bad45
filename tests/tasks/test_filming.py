"""Films: frames of the very training that fit does, and what becomes of them."""

import json
import re

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from isthmus import VAE, Autoencoder, Dense, StackedAutoencoder, film
from isthmus.errors import CompositionError, DataError

DIGITS = load_digits()
X, Y = DIGITS.images[:400], DIGITS.target[:400]
SMALL = {"backbone": Dense((32,)), "random_state": 0, "verbose": False}


@pytest.fixture(scope="module")
def seen():
    return film(VAE(latent_dim=2, epochs=6, **SMALL), X, Y, frames=6, rows=100)


def test_looking_on_changes_no_bit(seen):
    alone = VAE(latent_dim=2, epochs=6, **SMALL).fit(X)
    assert np.array_equal(seen.model.transform(X), alone.transform(X))
    losses = [row["loss"] for row in alone.history_.rows]
    assert [row["loss"] for row in seen.model.history_.rows] == losses


def test_frames_run_from_before_training_to_its_end(seen):
    assert seen.codes.shape == (len(seen), 100, 2)
    assert seen.epochs[0] == 0
    assert seen.epochs[-1] == 6
    assert (np.diff(seen.epochs) > 0).all()
    untrained = VAE(latent_dim=2, epochs=6, **SMALL)._begun(X, None)[0].codec
    mean = untrained.eval().encode(seen.model.adapter_.transform(X[seen.rows]).x).mean
    assert np.allclose(seen.codes[0], mean.detach().numpy(), atol=1e-6)
    assert np.array_equal(seen.labels, Y[seen.rows])


def test_the_last_frame_is_what_was_trained_last(seen):
    without = film(
        VAE(latent_dim=2, epochs=6, validation_fraction=0.0, **SMALL), X, frames=2, rows=50
    )
    assert np.allclose(without.codes[-1], without.model.transform(X[without.rows]), atol=1e-6)
    assert without.labels is None


def test_training_that_stops_early_still_has_a_last_frame():
    model = VAE(latent_dim=2, epochs=500, patience=1, learning_rate=0.03, **SMALL)
    seen = film(model, X, frames=4, rows=20)
    stopped = len(seen.model.history_.rows)
    assert stopped < 500
    assert seen.epochs[-1] == stopped


def test_a_prior_holds_codes_together_and_nothing_else_does():
    how = {"latent_dim": 2, "epochs": 60, "learning_rate": 0.01, "patience": None, **SMALL}
    held, free = (film(each(**how), X, frames=5) for each in (VAE, Autoencoder))
    far = [abs(each.spread()["deviation"].iloc[-1] - 1) for each in (held, free)]
    assert far[0] < 0.2 < 0.4 < far[1]


def test_layers_that_are_trained_alone_are_no_frames():
    model = StackedAutoencoder(latent_dim=3, epochs=2, random_state=0, verbose=False)
    seen = film(model, X.reshape(400, -1), frames=3, rows=10)
    assert seen.codes.shape[1:] == (10, 3)
    assert seen.epochs[-1] == 2


def test_many_codes_are_seen_in_one_plane():
    seen = film(Autoencoder(latent_dim=5, epochs=2, **SMALL), X, frames=3, rows=60)
    places = seen.places()
    assert places.shape == (3, 60, 2)
    assert np.allclose(places[-1].mean(0), 0)
    one = film(Autoencoder(latent_dim=1, epochs=1, **SMALL), X, frames=2, rows=60)
    assert (one.places()[..., 1] == 0).all()


def test_a_film_is_a_gif_a_page_or_a_folder(seen, tmp_path):
    seen.save(tmp_path / "film.gif", seconds=2)
    with Image.open(tmp_path / "film.gif") as made:
        assert made.n_frames == len(seen)
    seen.save(tmp_path / "frames")
    assert len(list((tmp_path / "frames").glob("*.png"))) == len(seen)
    page = seen.save(tmp_path / "film.html", source="a <b>").read_text("utf-8")
    assert "http" not in page.replace("http-equiv", "")
    assert "a &lt;b&gt;" in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert data["frames"] == len(seen)
    assert data["circles"] is not None


def test_what_will_not_do_is_told(seen, tmp_path):
    with pytest.raises(DataError, match=r"expected \.gif, \.html"):
        seen.save(tmp_path / "film.mp4")
    with pytest.raises(DataError, match="not an empty folder"):
        seen.save(tmp_path.parent)
    with pytest.raises(CompositionError, match="seconds=-1"):
        seen.save(tmp_path / "film.gif", seconds=-1)
    with pytest.raises(CompositionError, match="frames=1"):
        film(VAE(), X, frames=1)
    with pytest.raises(DataError, match="one for each row"):
        film(VAE(epochs=10**6), X, labels=Y[:3])
    assert list(tmp_path.iterdir()) == []
