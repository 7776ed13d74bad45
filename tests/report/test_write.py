"""The report as a file: whole, self-contained, inert, repeatable."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_sample_images

from isthmus import VAE, Autoencoder, BaseAutoencoder, Categorical, Composed, Dense, Noise
from isthmus.errors import DataError
from isthmus.report import write

CHAPTERS = ["training", "reconstruction", "samples", "interpolation", "map", "errors", "strangest"]
NASTY = "</style><script>alert('$x_1$')</script>"


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.sections: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "section":
            self.sections.append(dict(attrs)["id"] or "")
        if tag not in {"meta", "img", "br", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.attributes if name in names]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def fitted(X: Any, model: BaseAutoencoder | None = None, latent_dim: int = 2) -> BaseAutoencoder:
    model = model or VAE(latent_dim=latent_dim, random_state=0)
    return model.set_params(epochs=2, verbose=False, random_state=0).fit(X)


def page_of(model: BaseAutoencoder, X: Any, folder: Path, **how: Any) -> Page:
    return Page(write(model, X, folder / "page.html", **how).read_text("utf-8"))


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    bunch = load_digits()
    return bunch.images[:200], bunch.target[:200]


@pytest.fixture(scope="module")
def cancer() -> pd.DataFrame:
    return load_breast_cancer(as_frame=True).data[:150]


def holed() -> np.ndarray:
    X = load_iris().data.copy()
    X[::7, 1] = np.nan
    X[3] = [5.0, np.nan, np.nan, np.nan]
    return X


def colours() -> np.ndarray:
    photo = load_sample_images().images[0]
    return np.stack([photo[at : at + 12, at : at + 12] for at in range(0, 400, 10)])


def cracked() -> np.ndarray:
    pictures = load_digits().images[:60].copy()
    pictures[::3, 2:4, 2:4] = np.nan
    return pictures


DATA: dict[str, tuple[Callable[[], Any], BaseAutoencoder]] = {
    "a table with holes": (holed, VAE(latent_dim=2)),
    "pictures with holes": (cracked, VAE(latent_dim=3)),
    "pictures in colour": (colours, VAE(latent_dim=4)),
    "a single column": (lambda: load_iris().data[:, :1], VAE(latent_dim=1)),
    "a constant column": (lambda: np.c_[load_iris().data, np.ones(150)], Autoencoder(latent_dim=2)),
    "nothing but one value": (lambda: np.ones((20, 3)), Autoencoder(latent_dim=3)),
    "two rows": (lambda: load_iris().data[:2], VAE(latent_dim=3)),
    "zeros and ones": (lambda: (load_digits().data[:80, :9] > 4).astype(int), VAE(latent_dim=2)),
    "categories": (
        lambda: load_digits().data[:80, 2:6].astype(int),
        VAE(latent_dim=2, likelihood=Categorical()),
    ),
    "a damaged input": (
        lambda: load_iris(as_frame=True).data,
        Composed(corruption=Noise(0.1)),
    ),
    "no rows kept aside": (lambda: load_iris().data, VAE(latent_dim=8, validation_fraction=0.0)),
    "a wide code": (lambda: load_iris().data, VAE(latent_dim=40)),
    "very many columns": (lambda: load_digits().data[:60], Autoencoder(latent_dim=5)),
}


@pytest.mark.parametrize("data", DATA)
def test_it_is_written_for(data: str, tmp_path: Path) -> None:
    make, model = DATA[data]
    X = make()
    page = page_of(fitted(X, model), X, tmp_path)
    assert set(CHAPTERS) <= set(page.sections)
    assert page.open == []
    assert not re.search(r"\bnan\b|\binf\b", page.text)


@pytest.mark.parametrize(
    ("latent_dim", "extra"), [(1, {"manifold"}), (2, {"manifold"}), (8, set())]
)
@pytest.mark.parametrize("labelled", [False, True])
def test_chapters_of_pictures(
    digits: Any, latent_dim: int, extra: set[str], labelled: bool, tmp_path: Path
) -> None:
    X, y = digits
    page = page_of(fitted(X, None, latent_dim), X, tmp_path, labels=y if labelled else None)
    assert set(page.sections) == {*CHAPTERS, "codes", "making", *extra}
    assert ("Colours are the labels." in page.text) == labelled


def test_every_link_leads_to_one_place(digits: Any, tmp_path: Path) -> None:
    page = page_of(fitted(digits[0]), digits[0], tmp_path)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value.removeprefix("#") for value in page.values("href")} <= set(ids)


def test_it_reaches_for_nothing(cancer: pd.DataFrame, tmp_path: Path) -> None:
    page = page_of(fitted(cancer), cancer, tmp_path)
    reached = page.values("href", "src", "xlink:href", "action", "data", "srcset")
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in reached)
    text = (tmp_path / "page.html").read_text("utf-8")
    assert not re.search(r"https?://|@import|url\((?!#)|javascript:", text)
    assert {"script", "link", "iframe", "object"} & set(page.tags) == set()


def test_pictures_and_drawings_have_words(digits: Any, tmp_path: Path) -> None:
    page = page_of(fitted(digits[0]), digits[0], tmp_path)
    assert len([value for value in page.values("alt") if value]) == page.tags.count("img")
    drawings = page.tags.count("svg") - 1  # the one at the top is an ornament
    assert len([value for value in page.values("aria-label") if value]) == drawings + 2


def test_names_are_inert(tmp_path: Path) -> None:
    X = load_iris(as_frame=True).data.copy()
    X.columns = [NASTY, "$x^", "petal & width", "\\frac{"]
    X.index = [f"<u>{place}" for place in range(len(X))]
    labels = [NASTY if place % 2 else "<em>" for place in range(len(X))]
    page = page_of(fitted(X), X, tmp_path, labels=labels, source=NASTY)
    assert {"script", "u", "em"} & set(page.tags) == set()
    assert page.tags.count("style") == 1
    assert NASTY in page.text


def test_the_same_model_gives_the_same_bytes(digits: Any, tmp_path: Path) -> None:
    X, y = digits
    model = fitted(X, None, 3)
    first = write(model, X, tmp_path / "a.html", labels=y).read_bytes()
    assert write(model, X, tmp_path / "b.html", labels=y).read_bytes() == first


def test_it_leaves_randomness_and_settings_alone(digits: Any, tmp_path: Path) -> None:
    import matplotlib as mpl

    model = fitted(digits[0], None, 3)
    settings = dict(mpl.rcParams)
    torch.manual_seed(1)
    before = torch.get_rng_state(), repr(np.random.get_state())  # noqa: NPY002
    write(model, digits[0], tmp_path / "page.html")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert repr(np.random.get_state()) == before[1]  # noqa: NPY002
    assert dict(mpl.rcParams) == settings


def test_it_says_what_was_trained(cancer: pd.DataFrame, tmp_path: Path) -> None:
    model = fitted(cancer, VAE(latent_dim=3, beta=2.0))
    text = page_of(model, cancer, tmp_path, source="Wisconsin").text
    for said in ("NLL() + 2.0 * KL()", "Gaussian(3)", "Normal('feature')", "Wisconsin", "150"):
        assert said in text
    assert "mean radius" in text


def test_it_says_all_that_is_needed_to_repeat_it(cancer: pd.DataFrame, tmp_path: Path) -> None:
    model = VAE(latent_dim=2, backbone=Dense((16, 8), activation="gelu"), corruption=Noise(0.1))
    text = page_of(fitted(cancer, model), cancer, tmp_path).text
    assert re.search(r"Dense\(\(16, 8\), activation='gelu'", text)
    assert "Noise(0.1" in text
    assert "lie outside" in text
    assert re.search(r"best epoch\s+[12]\s+epochs\s+2\s", text)


def test_pictures_come_from_a_folder(tmp_path: Path) -> None:
    from PIL import Image

    for place, pixels in enumerate(load_digits().images[:20]):
        Image.fromarray((pixels * 15).astype(np.uint8)).save(tmp_path / f"digit-{place:02}.png")
    page = page_of(fitted(tmp_path), tmp_path, tmp_path)
    assert "digit-" in page.text


def test_it_makes_folders_and_returns_the_path(digits: Any, tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    assert write(fitted(digits[0]), digits[0], str(path)) == path
    assert [each.name for each in path.parent.iterdir()] == ["page.html"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: {"X": X[:, :3]}, "were given; the model was fitted to"),
        (lambda X: {"X": X, "labels": [1, 2]}, "expected one for each row"),
    ],
)
def test_an_error_leaves_what_was_there(
    digits: Any, spoil: Any, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    model = fitted(digits[0])
    with pytest.raises(DataError, match=message):
        write(model, path=path, **spoil(digits[0]))
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_nothing(
    digits: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        write(fitted(digits[0]), digits[0], tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_very_many_rows_are_looked_at_in_part(
    digits: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("isthmus.report.subject.MOST", 50)
    monkeypatch.setattr("isthmus.report.latent_map.MOST", 20)
    X, y = digits
    page = page_of(fitted(X), X, tmp_path, labels=y)
    assert "50 of 200" in page.text
    assert "Each point is one of 20 rows" in page.text
