"""Atlas: places, new rows on an old map, how faithful it is, and its page."""

import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.manifold import trustworthiness as by_sklearn
from sklearn.neighbors import KNeighborsClassifier

import isthmus
from isthmus import VAE, Atlas, Autoencoder, Dense, Sequences
from isthmus.errors import CompositionError, DataError
from isthmus.tasks import faithful

DIGITS = load_digits()
X, Y = DIGITS.images[:300], DIGITS.target[:300]
NEW, NEW_Y = DIGITS.images[300:400], DIGITS.target[300:400]
SMALL = {
    "backbone": Dense((32,)),
    "epochs": 60,
    "learning_rate": 3e-3,
    "random_state": 0,
    "verbose": False,
}


@pytest.fixture(scope="module")
def model():
    return Autoencoder(latent_dim=8, **SMALL).fit(X)


@pytest.fixture(scope="module")
def atlas(model):
    return Atlas(model, random_state=0).fit(X)


@pytest.fixture(scope="module")
def plane():
    return Atlas(VAE(latent_dim=2, **SMALL), method="codes").fit(X)


def test_neighbours_on_the_map_are_of_one_kind(atlas):
    assert atlas.embedding_.shape == (300, 2)
    assert KNeighborsClassifier(5).fit(atlas.embedding_, Y).score(atlas.embedding_, Y) > 0.85
    assert atlas.trustworthiness() > 0.95
    assert atlas.continuity() > 0.95


def test_new_rows_are_put_among_their_like(atlas):
    placed = atlas.transform(NEW)
    near = KNeighborsClassifier(5).fit(atlas.embedding_, Y)
    codes = KNeighborsClassifier(5).fit(atlas.codes_, Y)
    assert near.score(placed, NEW_Y) > codes.score(atlas.model_.transform(NEW), NEW_Y) - 0.1
    assert np.array_equal(atlas.transform(NEW), placed)
    assert np.array_equal(atlas.transform(NEW[:1]), placed[:1])


def test_rows_that_are_on_the_map_stay_where_they_are(atlas):
    assert np.array_equal(atlas.transform(X), atlas.embedding_)
    mixed = atlas.transform(np.concatenate([NEW[:2], X[5:7]]))
    assert np.array_equal(mixed[2:], atlas.embedding_[5:7])


def test_equal_seeds_draw_equal_maps(model, atlas):
    again = Atlas(model, random_state=0).fit_transform(X)
    assert np.array_equal(again, atlas.embedding_)


def test_a_map_is_put_to_disk_and_read_back(atlas, plane, tmp_path):
    for each in (atlas, plane):
        each.save(tmp_path / "map")
        again = isthmus.load(tmp_path / "map")
        assert isinstance(again, Atlas)
        assert np.array_equal(again.embedding_, each.embedding_)
        assert np.array_equal(again.transform(NEW), each.transform(NEW))
        assert again.intrinsic_dimension_ == each.intrinsic_dimension_


def test_two_codes_are_the_map_themselves(plane):
    assert np.array_equal(plane.embedding_, plane.codes_)
    assert np.allclose(plane.transform(NEW), plane.model_.transform(NEW))


def test_many_codes_are_seen_from_where_they_vary_most(model):
    seen = Atlas(model, method="codes").fit(X)
    total = seen.codes_.var(0).sum()
    shares = np.linalg.svd(seen.codes_ - seen.codes_.mean(0), compute_uv=False) ** 2 / len(X)
    assert np.allclose(seen.embedding_.var(0).sum() / total, shares[:2].sum() / total)
    assert np.allclose(seen.embedding_.mean(0), 0)
    assert seen.plane().codes(np.zeros((1, 2))).shape == (1, 8)


def test_trustworthiness_is_that_of_scikit_learn():
    draw = np.random.default_rng(0)
    data = draw.normal(size=(200, 6))
    places = data[:, :2] + 0.3 * draw.normal(size=(200, 2))
    for k in (1, 5, 12):
        ours = faithful.trustworthiness(data, places, k)
        assert ours == pytest.approx(by_sklearn(data, places, n_neighbors=k), abs=1e-12)
        torn = by_sklearn(places, data, n_neighbors=k)
        assert faithful.continuity(data, places, k) == pytest.approx(torn, abs=1e-12)


def test_some_rows_tell_nearly_what_all_would(monkeypatch):
    data = np.random.default_rng(0).normal(size=(2000, 4))
    places, whole = data[:, :2], faithful.trustworthiness(data, data[:, :2])
    monkeypatch.setattr(faithful, "EXACT", 1000)
    monkeypatch.setattr(faithful, "ASKED", 500)
    sampled = faithful.trustworthiness(data, places)
    assert sampled != whole
    assert sampled == pytest.approx(whole, abs=0.01)


def test_a_map_can_be_judged_by_the_data(atlas):
    told = atlas.trustworthiness(X)
    assert told == pytest.approx(by_sklearn(X.reshape(300, -1), atlas.embedding_), abs=1e-3)
    with pytest.raises(DataError, match="expected the 300"):
        atlas.trustworthiness(NEW)
    with pytest.raises(DataError, match="less than half"):
        atlas.continuity(n_neighbors=150)
    with pytest.raises(CompositionError, match="n_neighbors=0"):
        atlas.trustworthiness(n_neighbors=0)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"method": "umap"}, "'tsne' or 'codes'"), ({"perplexity": 0}, "1 or more")],
)
def test_wrong_parameters_are_told_before_any_work(parameters, said):
    with pytest.raises(CompositionError, match=said):
        Atlas(VAE(epochs=10**6), **parameters).fit(X)
    with pytest.raises(CompositionError, match="a model of Isthmus"):
        Atlas().set_params(model=5).fit(X)


def test_too_little_to_draw_is_told(model):
    with pytest.raises(DataError, match="at least 8"):
        Atlas(model).fit(X[:4])
    with pytest.raises(DataError, match="same code"):
        Atlas(model, method="codes").fit(X[[0, 0, 0]])
    few = Atlas(model, method="codes").fit(X[:4])
    assert few.intrinsic_dimension_ is None


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


def test_the_page_holds_all_and_asks_for_nothing(plane, tmp_path):
    page = plane.save_html(tmp_path / "map.html", X, labels=Y, source="digits").read_text("utf-8")
    assert "http" not in page.replace("http-equiv", "")
    data = data_of(page)
    assert [each["name"] for each in data["colourings"]] == ["label", "score, nats"]
    assert data["colourings"][0]["keys"] == [str(digit) for digit in range(10)]
    assert data["tile"] == [8, 8]
    assert data["grid"]["picture"].startswith("data:image/")
    assert data["circles"] is not None
    assert page.count('id="leaf-') == 1


def test_places_on_the_page_are_those_of_the_map(atlas, tmp_path):
    from base64 import b64decode

    data = data_of(atlas.save_html(tmp_path / "map.html").read_text("utf-8"))
    found = np.frombuffer(b64decode(data["places"]), "<u2").reshape(-1, 2) / 65535
    side = np.ptp(atlas.embedding_, axis=0).max()
    assert np.allclose(found * side + atlas.embedding_.min(0), atlas.embedding_, atol=side / 60000)
    assert data["colourings"] == []
    assert data["grid"] is None
    few = data_of(atlas.save_html(tmp_path / "few.html", X[:9]).read_text("utf-8"))
    assert few["extent"] == data["extent"]  # on a page of a few rows they lie where they did
    assert b64decode(few["places"]) == b64decode(data["places"])[: 9 * 2 * 2]
    assert (few["others"], data["others"]) == (data["places"], "")  # behind them are all the others


def test_what_users_named_is_text_on_the_page(tmp_path):
    evil = "</script><script>alert(1)</script>"
    frame = load_iris(as_frame=True).data.iloc[:40].rename(columns=lambda name: name + evil)
    model = Autoencoder(latent_dim=2, epochs=1, random_state=0, verbose=False)
    labels = {evil: np.array(["a<b>" + evil, "c"] * 20)}
    atlas = Atlas(model, method="codes").fit(frame)
    page = atlas.save_html(tmp_path / "m.html", frame, labels=labels, source=evil)
    text = page.read_text("utf-8")
    assert "alert(1)</script>" not in text
    assert unescape(re.search(r'class="source">(.*?)</p>', text)[1]) == evil
    assert data_of(text)["names"][0].endswith(evil)
    assert "script-src 'sha256-" in unescape(text)


def test_rows_of_a_table_are_told_by_their_cells(tmp_path):
    frame = pd.DataFrame(
        {"city": ["Oslo", "Rome", None] * 20, "degrees": np.arange(60.0)},
        index=[f"day {at}" for at in range(60)],
    )
    model = VAE(latent_dim=2, epochs=2, random_state=0, verbose=False)
    atlas = Atlas(model, method="codes").fit(frame)
    page = atlas.save_html(tmp_path / "m.html", frame).read_text("utf-8")
    leaf = json.loads(re.search(r'id="leaf-0">(.*?)</script>', page, re.DOTALL)[1])
    assert leaf["names"][1] == "day 1"
    assert leaf["cells"][:3] == [["Oslo", "0"], ["Rome", "1"], ["unknown", "2"]]


def test_series_are_told_by_their_lines(tmp_path):
    waves = np.sin(np.arange(20) * np.linspace(0.1, 1, 40)[:, None])
    model = VAE(latent_dim=2, adapter=Sequences(), epochs=1, random_state=0, verbose=False)
    atlas = Atlas(model, method="codes")
    page = atlas.fit(waves).save_html(tmp_path / "m.html", waves).read_text("utf-8")
    assert data_of(page)["tile"] == [72, 40]


def test_labels_that_do_not_fit_are_refused(plane, tmp_path):
    with pytest.raises(DataError, match="one for each row"):
        plane.save_html(tmp_path / "m.html", X, labels=Y[:5])
    assert list(tmp_path.iterdir()) == []


def test_amounts_names_and_holes_have_colours(plane, tmp_path):
    amounts = np.linspace(0, 1, 300)
    amounts[3] = np.nan
    many = [f"kind {at % 20}" for at in range(300)]
    page = plane.save_html(tmp_path / "m.html", labels={"much": amounts, "kind": many})
    much, kind = data_of(page.read_text("utf-8"))["colourings"]
    assert (much["low"], much["high"]) == pytest.approx((0.01, 0.99), abs=0.01)
    assert kind["keys"][-1] == "11 others"
    assert kind["named"] == 9
